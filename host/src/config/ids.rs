//! Ids of clubs and terrains: integers or `[A-Za-z0-9-]{1,32}`, compared as
//! strings, so that the terrain `7` of the configuration is the terrain `"7"` of a
//! request and the club `7` of a token.

use std::borrow::Borrow;
use std::fmt;
use std::str::FromStr;

use serde::de::{Error as _, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Most characters of an id. It stands in file names and URLs, so it stays short.
pub const MAX_ID_CHARS: usize = 32;

/// Beyond this a JSON number loses digits in JavaScript (2^53 - 1).
const MAX_JSON_INTEGER: u64 = 9_007_199_254_740_991;

/// Why a text is no id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an id is an integer or 1 to {MAX_ID_CHARS} of the characters A-Z a-z 0-9 -")]
pub struct InvalidId;

fn check(text: &str) -> Result<(), InvalidId> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    if (1..=MAX_ID_CHARS).contains(&text.len()) && text.bytes().all(allowed) {
        Ok(())
    } else {
        Err(InvalidId)
    }
}

/// The number that `text` is the only decimal form of, where JSON can hold it.
fn json_integer(text: &str) -> Option<i64> {
    let number: i64 = text.parse().ok()?;
    (number.unsigned_abs() <= MAX_JSON_INTEGER && number.to_string() == text).then_some(number)
}

struct IdVisitor;

impl Visitor<'_> for IdVisitor {
    type Value = String;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{InvalidId}")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<String, E> {
        check(text).map_err(|_| E::invalid_value(Unexpected::Other("another text"), &self))?;
        Ok(text.to_owned())
    }

    fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<String, E> {
        Ok(number.to_string())
    }

    fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<String, E> {
        Ok(number.to_string())
    }
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(String);

        impl $name {
            /// Takes a text as an id.
            pub fn new(text: impl Into<String>) -> Result<Self, InvalidId> {
                let text = text.into();
                check(&text)?;
                Ok(Self(text))
            }

            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                Self::new(text)
            }
        }

        impl From<i64> for $name {
            fn from(number: i64) -> Self {
                Self(number.to_string())
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        /// An id that is an integer is written as one, as it stands in the
        /// configuration; anything else as a string.
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                match json_integer(&self.0) {
                    Some(number) => serializer.serialize_i64(number),
                    None => serializer.serialize_str(&self.0),
                }
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = deserializer.deserialize_any(IdVisitor)?;
                Self::new(text).map_err(D::Error::custom)
            }
        }
    };
}

id! {
    /// A club: the folder of its recordings, and the boundary of most permissions.
    ClubId
}
id! {
    /// A terrain: one court with one camera.
    TerrainId
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_json_forms_are_the_same_id() {
        let number: TerrainId = serde_json::from_str("7").unwrap();
        let text: TerrainId = serde_json::from_str("\"7\"").unwrap();
        assert_eq!(number, text);
        assert_eq!(number.to_string(), "7");
    }

    #[test]
    fn integers_are_written_as_integers_and_the_rest_as_text() {
        let json = |text: &str| serde_json::to_string(&ClubId::new(text).unwrap()).unwrap();
        assert_eq!(json("12"), "12");
        assert_eq!(json("-3"), "-3");
        assert_eq!(json("007"), "\"007\"");
        assert_eq!(json("court-1"), "\"court-1\"");
        assert_eq!(json("9007199254740993"), "\"9007199254740993\"");
    }

    #[test]
    fn what_could_leave_a_folder_or_a_url_is_no_id() {
        for bad in ["", "..", "a/b", "a b", "é", "a_b", "x\0", &"x".repeat(33)] {
            assert_eq!(ClubId::new(bad), Err(InvalidId), "{bad:?}");
            let json = serde_json::to_string(bad).unwrap();
            assert!(serde_json::from_str::<ClubId>(&json).is_err(), "{bad:?}");
        }
        for bad in ["1.5", "true", "null", "[1]", "{}"] {
            assert!(serde_json::from_str::<ClubId>(bad).is_err(), "{bad}");
        }
        assert!(ClubId::new("x".repeat(32)).is_ok());
    }
}
