//! Settings as the administrator wrote them.

use serde_json::{Map, Value};

use crate::nearest::{hint, shown};
use crate::{Finding, Settings};

/// The form of `[policy] settings`.
const JSON: &str = "json";
/// The form of a `settings_file`.
const TEXT: &str = "text";

impl Settings {
    /// Settings as `[policy] settings` has them: a JSON object.
    #[must_use]
    pub fn json(text: impl Into<String>) -> Self {
        Self {
            format: JSON.to_owned(),
            text: text.into(),
        }
    }

    /// Settings as a `settings_file` has them.
    #[must_use]
    pub fn file(text: impl Into<String>) -> Self {
        Self {
            format: TEXT.to_owned(),
            text: text.into(),
        }
    }

    /// Whether they are the content of a `settings_file`.
    pub fn is_file(&self) -> bool {
        self.format == TEXT
    }

    /// The object of `[policy] settings`, where all its keys are among `known`; an
    /// unknown key is told with the nearest one that is known. Settings from a file are
    /// refused.
    pub fn keys(&self, known: &[&str]) -> Result<Map<String, Value>, Vec<Finding>> {
        let object = self.object().map_err(|finding| vec![finding])?;
        let unknown: Vec<Finding> = object
            .keys()
            .filter(|key| !known.contains(&key.as_str()))
            .map(|key| unknown_key(key, known))
            .collect();
        if unknown.is_empty() {
            Ok(object)
        } else {
            Err(unknown)
        }
    }

    fn object(&self) -> Result<Map<String, Value>, Finding> {
        match self.format.as_str() {
            JSON => {}
            TEXT => {
                return Err(Finding::new(
                    "this policy takes no `settings_file`; write its keys under \
                     `[policy] settings`",
                ));
            }
            other => {
                let other = shown(other);
                return Err(Finding::new(format!(
                    "settings in the form `{other}` are not known to this policy; it takes \
                     `[policy] settings`"
                )));
            }
        }
        match serde_json::from_str(&self.text) {
            Ok(Value::Object(object)) => Ok(object),
            Ok(_) => Err(Finding::new("the settings have to be a table of keys")),
            Err(error) => Err(Finding {
                message: format!("the settings are not JSON: {error}"),
                line: u32::try_from(error.line()).ok(),
                column: u32::try_from(error.column()).ok(),
            }),
        }
    }
}

fn unknown_key(key: &str, known: &[&str]) -> Finding {
    let name = shown(key);
    Finding::new(match known {
        [] => format!("unknown key `{name}`: this policy has no settings"),
        known => format!("unknown key `{name}`: {}", hint(key, known)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(settings: &Settings, known: &[&str]) -> Vec<String> {
        let findings = settings.keys(known).unwrap_err();
        findings.iter().map(Finding::to_string).collect()
    }

    #[test]
    fn known_keys_are_taken() {
        assert!(Settings::json("{}").keys(&[]).unwrap().is_empty());
        let object = Settings::json(r#"{"a": [1]}"#).keys(&["a", "b"]).unwrap();
        assert_eq!(object["a"], serde_json::json!([1]));
    }

    #[test]
    fn all_else_is_told() {
        let two = wrong(&Settings::json(r#"{"colour": 1, "x": 2}"#), &["color"]);
        assert_eq!(two.len(), 2);
        assert!(two.contains(&"unknown key `colour`: did you mean `color`?".to_owned()));
        assert!(wrong(&Settings::json(r#"{"a": 1}"#), &[])[0].contains("no settings"));
        assert!(wrong(&Settings::json("[]"), &[])[0].contains("table of keys"));
        assert!(wrong(&Settings::json("{\n oh"), &[])[0].starts_with("line 2"));
        assert!(wrong(&Settings::file("x"), &[])[0].contains("no `settings_file`"));
        let odd = Settings {
            format: "yaml".into(),
            text: String::new(),
        };
        assert!(wrong(&odd, &[])[0].contains("`yaml`"));
        // Nesting without end is an error and no overflow.
        assert!(Settings::json("[".repeat(1_000_000)).keys(&[]).is_err());
    }
}
