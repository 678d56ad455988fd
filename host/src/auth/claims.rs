//! A token's claims as a principal.

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::principal::{Principal, id_text};
use crate::config::Auth;

/// Longest id of a user or a club, and longest role, bytes. They stand in tickets, logs and the
/// catalogue.
const MOST_ID_BYTES: usize = 256;
/// Further claims that policies see.
const MOST_CLAIMS: usize = 16;
/// Longest name of one, characters.
const MOST_NAME_CHARS: usize = 64;
/// Longest value of one as text, bytes.
const MOST_VALUE_BYTES: usize = 256;
/// Names and values together, bytes: tickets carry them, and stand in URLs.
const MOST_BYTES: usize = 2 << 10;
/// RFC 7519 section 4.1: about the token, and not about the user.
const REGISTERED: [&str; 7] = ["iss", "sub", "aud", "exp", "nbf", "iat", "jti"];

/// Which claims hold what.
#[derive(Clone, Debug)]
pub struct ClaimNames {
    user: String,
    role: String,
    club: String,
}

impl ClaimNames {
    /// As configured.
    pub fn new(auth: &Auth) -> Self {
        Self {
            user: auth.user_claim.clone(),
            role: auth.role_claim.clone(),
            club: auth.club_claim.clone(),
        }
    }

    /// The user that checked claims name, or why they name none.
    ///
    /// A role that is no text is no role, a club that is neither text nor integer is no club.
    /// Of all other claims the first sixteen by name are kept that are short enough.
    pub fn principal(&self, claims: &Map<String, Value>) -> Result<Principal, &'static str> {
        let id = claims.get(&self.user).and_then(id_text);
        let id = id
            .filter(|id| !id.is_empty())
            .ok_or("the token names no user")?;
        let role = claims.get(&self.role).and_then(Value::as_str);
        let role = role.unwrap_or_default().to_owned();
        let club = claims.get(&self.club).and_then(id_text);
        let named = [Some(&id), Some(&role), club.as_ref()];
        if named.into_iter().flatten().any(|s| s.len() > MOST_ID_BYTES) {
            return Err("the token's user, role or club is too long");
        }
        Ok(Principal {
            id,
            role,
            club,
            claims: self.further(claims),
        })
    }

    fn further(&self, claims: &Map<String, Value>) -> Vec<(String, String)> {
        let read = [&self.user, &self.role, &self.club];
        let mut kept = Vec::new();
        let mut room = MOST_BYTES;
        for (name, value) in claims {
            let known = REGISTERED.contains(&name.as_str()) || read.contains(&name);
            if known || name.chars().count() > MOST_NAME_CHARS {
                continue;
            }
            let text = match value {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            let bytes = name.len() + text.len();
            if text.len() > MOST_VALUE_BYTES || bytes > room {
                continue;
            }
            room -= bytes;
            kept.push((name.clone(), text));
            if kept.len() == MOST_CLAIMS {
                break;
            }
        }
        kept
    }
}

/// When a checked token ends; it may be past by the leeway.
pub fn expiry(claims: &Map<String, Value>) -> Timestamp {
    // The check has let only numbers through; a far future is as good as any.
    let seconds = claims.get("exp").and_then(Value::as_f64).unwrap_or(0.0);
    Timestamp::from_second(seconds.round() as i64).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn principal(claims: &Value) -> Result<Principal, &'static str> {
        ClaimNames::new(&Auth::default()).principal(claims.as_object().unwrap())
    }

    #[test]
    fn ids_roles_and_clubs() {
        let rows = [
            (
                json!({"sub": "a", "role": "PLAYER", "club_id": 3}),
                "PLAYER",
                Some("3"),
            ),
            (
                json!({"sub": 7, "role": " x ", "club_id": "c"}),
                " x ",
                Some("c"),
            ),
            (json!({"sub": -7}), "", None),
            (
                json!({"sub": "a", "role": ["PLAYER"], "club_id": 1.5}),
                "",
                None,
            ),
            (json!({"sub": "a", "role": 1, "club_id": null}), "", None),
        ];
        for (claims, role, club) in rows {
            let found = principal(&claims).unwrap();
            assert_eq!((found.role.as_str(), found.club.as_deref()), (role, club));
            assert_eq!(found.claims, []);
        }
        let long = "x".repeat(257);
        for claims in [
            json!({}),
            json!({"sub": ""}),
            json!({"sub": null}),
            json!({"sub": 1.5}),
            json!({"sub": ["a"]}),
            json!({"sub": long}),
            json!({"sub": "a", "role": long}),
            json!({"sub": "a", "club_id": long}),
        ] {
            assert!(principal(&claims).is_err(), "{claims}");
        }
    }

    #[test]
    fn further_claims() {
        let found = principal(&json!({
            "sub": "a", "role": "R", "club_id": 1, "iss": "i", "aud": "b", "exp": 1, "nbf": 1,
            "iat": 1, "jti": "j", "level": 3, "name": "Ana", "groups": ["x", {"y": null}],
            "long": "x".repeat(257), ("n".repeat(65)): 1,
        }));
        let expected = [
            ("groups", r#"["x",{"y":null}]"#),
            ("level", "3"),
            ("name", "Ana"),
        ];
        let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(found.unwrap().claims, expected);
    }

    #[test]
    fn further_claims_are_bounded() {
        let mut claims = Map::new();
        claims.insert("sub".into(), json!("a"));
        for number in 0..100 {
            claims.insert(format!("c{number:02}"), json!(number));
        }
        let names = ClaimNames::new(&Auth::default());
        assert_eq!(names.principal(&claims).unwrap().claims.len(), MOST_CLAIMS);
        for (_, value) in claims.iter_mut().filter(|(name, _)| *name != "sub") {
            *value = json!("x".repeat(256));
        }
        let kept = names.principal(&claims).unwrap().claims;
        let bytes: usize = kept
            .iter()
            .map(|(name, value)| name.len() + value.len())
            .sum();
        assert!(kept.len() == 7 && bytes <= MOST_BYTES, "{bytes}");
    }

    #[test]
    fn expiries() {
        let of = |exp: Value| expiry(json!({ "exp": exp }).as_object().unwrap());
        assert_eq!(of(json!(1_700_000_000)).as_second(), 1_700_000_000);
        assert_eq!(of(json!(1_700_000_000.4)).as_second(), 1_700_000_000);
        assert_eq!(of(json!(u64::MAX)), Timestamp::MAX);
    }
}
