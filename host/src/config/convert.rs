//! From TOML values to plain ones.

use std::ops::Range;
use std::path::PathBuf;

use toml::de::DeValue;

use super::problem::{ConfigError, Problem};
use super::source::{place, with_article};

/// What is wrong with a value.
pub(super) struct Wrong {
    pub message: String,
    pub hint: Option<String>,
    /// Where within the value.
    pub span: Option<Range<usize>>,
}

impl Wrong {
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            hint: None,
            span: None,
        }
    }

    pub fn hint(self, hint: impl Into<String>) -> Self {
        Self {
            hint: Some(hint.into()),
            ..self
        }
    }

    /// Names the key.
    pub fn about(self, key: &str) -> Self {
        Self {
            message: format!("`{key}`: {}", self.message),
            ..self
        }
    }

    fn wrong_type(wanted: &str, value: &DeValue<'_>) -> Self {
        Self::new(format!(
            "must be {wanted}, not {}",
            with_article(value.type_str())
        ))
    }
}

pub(super) fn text<'v>(value: &'v DeValue<'_>) -> Result<&'v str, Wrong> {
    value.as_str().ok_or_else(|| {
        let wrong = Wrong::wrong_type("a string", value);
        if value.is_table() || value.is_array() {
            wrong
        } else {
            wrong.hint("put it in quotes")
        }
    })
}

pub(super) fn boolean(value: &DeValue<'_>) -> Result<bool, Wrong> {
    value
        .as_bool()
        .ok_or_else(|| Wrong::wrong_type("true or false", value))
}

pub(super) fn integer(value: &DeValue<'_>) -> Result<i128, Wrong> {
    let DeValue::Integer(integer) = value else {
        return Err(Wrong::wrong_type("an integer", value));
    };
    i128::from_str_radix(integer.as_str(), integer.radix())
        .map_err(|_| Wrong::new("the number is too large"))
}

pub(super) fn number(value: &DeValue<'_>) -> Result<f64, Wrong> {
    match value {
        DeValue::Integer(_) => Ok(integer(value)? as f64),
        DeValue::Float(float) => float
            .as_str()
            .parse()
            .map_err(|_| Wrong::new("the number is too large")),
        _ => Err(Wrong::wrong_type("a number", value)),
    }
}

pub(super) fn list<T>(
    value: &DeValue<'_>,
    convert: impl Fn(&DeValue<'_>) -> Result<T, Wrong>,
) -> Result<Vec<T>, Wrong> {
    let Some(items) = value.as_array() else {
        return Err(Wrong::wrong_type("a list", value));
    };
    let converted = items.iter().map(|item| {
        convert(item.get_ref()).map_err(|wrong| Wrong {
            span: wrong.span.or(Some(item.span())),
            ..wrong
        })
    });
    converted.collect()
}

/// A number, a truth value or a text, as text.
pub(super) fn scalar(value: &DeValue<'_>) -> Result<String, Wrong> {
    match value {
        DeValue::String(text) => Ok(text.clone().into_owned()),
        DeValue::Integer(_) => Ok(integer(value)?.to_string()),
        DeValue::Float(float) => Ok(float.as_str().to_owned()),
        DeValue::Boolean(truth) => Ok(truth.to_string()),
        _ => Err(Wrong::wrong_type("a string, a number or a boolean", value)),
    }
}

/// Any value as JSON.
pub(super) fn json(value: &DeValue<'_>) -> Result<serde_json::Value, Wrong> {
    use serde_json::Value;
    Ok(match value {
        DeValue::String(text) => Value::from(text.as_ref()),
        DeValue::Integer(_) => {
            let integer = integer(value)?;
            Value::from(i64::try_from(integer).map_err(|_| Wrong::new("the number is too large"))?)
        }
        DeValue::Float(_) => {
            let number = serde_json::Number::from_f64(number(value)?);
            Value::from(number.ok_or_else(|| Wrong::new("must be a finite number"))?)
        }
        DeValue::Boolean(truth) => Value::from(*truth),
        DeValue::Datetime(time) => Value::from(time.to_string()),
        DeValue::Array(_) => Value::from(list(value, json)?),
        DeValue::Table(table) => {
            let entries = table.iter().map(|(key, value)| {
                let converted = json(value.get_ref());
                let converted = converted.map_err(|wrong| Wrong {
                    span: wrong.span.or(Some(value.span())),
                    ..wrong
                });
                Ok((key.get_ref().clone().into_owned(), converted?))
            });
            Value::Object(entries.collect::<Result<_, Wrong>>()?)
        }
    })
}

/// A whole TOML file as JSON; `file` names it in messages.
pub(crate) fn json_of_toml(text: &str, file: &str) -> Result<serde_json::Value, ConfigError> {
    let problem = |at: usize, message: String| {
        let place = place(file, text, at);
        let hint = None;
        ConfigError::Invalid(vec![Problem {
            place,
            message,
            hint,
        }])
    };
    let table = toml::de::DeTable::parse(text).map_err(|error| {
        let at = error.span().map_or(0, |span| span.start);
        problem(at, error.message().to_owned())
    })?;
    let converted = json(&DeValue::Table(table.into_inner()));
    converted.map_err(|wrong| problem(wrong.span.map_or(0, |span| span.start), wrong.message))
}

pub(super) fn path(text: &str) -> Result<PathBuf, Wrong> {
    if text.is_empty() || text.contains('\0') {
        return Err(Wrong::new("must be a path"));
    }
    Ok(PathBuf::from(text))
}

/// A text that is not empty, has no control characters, and stays readable.
pub(super) fn line(text: &str) -> Result<String, Wrong> {
    const MOST_BYTES: usize = 1024;
    if text.trim().is_empty() || text.len() > MOST_BYTES || text.chars().any(char::is_control) {
        return Err(Wrong::new(format!(
            "must be a text of one line, 1 to {MOST_BYTES} bytes"
        )));
    }
    Ok(text.to_owned())
}

/// A name that goes into file names and command lines.
pub(super) fn name(text: &str) -> Result<String, Wrong> {
    const MOST_BYTES: usize = 64;
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte);
    let starts_well = text
        .bytes()
        .next()
        .is_some_and(|byte| byte.is_ascii_alphanumeric());
    if !starts_well || text.len() > MOST_BYTES || !text.bytes().all(allowed) {
        return Err(Wrong::new(format!(
            "must be a name: letters, digits, `-`, `_`, `.`, 1 to {MOST_BYTES}"
        )));
    }
    Ok(text.to_owned())
}
