//! Where the rules are: in a file, in the settings, or the shipped ones.

use padelvar_policy_sdk::serde_json::Value;
use padelvar_policy_sdk::{Finding, Settings};

use crate::CLUB_ROLES;

/// The settings' one key.
const POLICIES: &str = "policies";

/// Longer rules are refused: reading and checking them would take an instance more than its
/// time. (A thousand short rules, 61 KB, took a quarter of it.)
const MOST_BYTES: usize = 64 * 1024;

/// Rules as they were written.
#[derive(Debug)]
pub struct Source {
    /// The rules.
    pub text: String,
    /// What names the text in a message; empty where there is only one.
    pub place: &'static str,
}

impl Source {
    /// Finds the rules.
    pub fn of(settings: &Settings) -> Result<Self, Vec<Finding>> {
        let (text, place) = if settings.is_file() {
            // Some editors put a byte order mark first, which is no part of the rules.
            let text = settings.text.strip_prefix('\u{feff}');
            (text.unwrap_or(&settings.text).to_owned(), "")
        } else {
            let mut object = settings.keys(&[POLICIES])?;
            match object.remove(POLICIES) {
                None => (CLUB_ROLES.to_owned(), ""),
                Some(Value::String(text)) => (text, "in `policies`: "),
                Some(_) => {
                    return Err(vec![Finding::new(
                        "`policies` has to be a text: rules in the Cedar language",
                    )]);
                }
            }
        };
        if text.len() > MOST_BYTES {
            let bytes = text.len();
            return Err(vec![Finding::new(format!(
                "{place}the rules have {bytes} bytes; at most {MOST_BYTES} are read"
            ))]);
        }
        Ok(Self { text, place })
    }

    /// A mistake at a place of the text, in bytes from its start.
    pub fn mistake(&self, message: impl core::fmt::Display, offset: Option<usize>) -> Finding {
        let finding = Finding::new(format!("{}{message}", self.place));
        match offset {
            Some(offset) => finding.at(&self.text, offset),
            None => finding,
        }
    }
}
