//! Somebody who proved who they are.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A user. Ids are compared as texts: a number and a string of the same digits are one id.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Principal {
    /// The user's id.
    pub id: String,
    /// The role's name as the token has it; empty when it has none. Roles are an open set:
    /// what a name means is the policy's to say.
    pub role: String,
    /// The user's club, if the token names one.
    pub club: Option<String>,
    /// What else the token says, for the policy: a text is itself, all else is JSON.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub claims: Vec<(String, String)>,
}

/// An id in either JSON form; none for anything else.
pub fn id_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) if number.is_u64() || number.is_i64() => Some(number.to_string()),
        _ => None,
    }
}
