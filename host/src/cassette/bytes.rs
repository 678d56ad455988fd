//! Bytes in JSON: text where it is text, so that people can read a protocol, else base64.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};

/// The one member of bytes that are no text.
const BASE64_KEY: &str = "base64";

/// A string, or an object with base64.
pub fn to_json(bytes: &[u8]) -> Value {
    match std::str::from_utf8(bytes) {
        Ok(text) if text.chars().all(is_plain) => Value::from(text),
        _ => json!({ BASE64_KEY: BASE64.encode(bytes) }),
    }
}

/// The bytes; none where it is neither.
pub fn from_json(value: &Value) -> Option<Vec<u8>> {
    if let Some(text) = value.as_str() {
        return Some(text.as_bytes().to_vec());
    }
    BASE64.decode(value.get(BASE64_KEY)?.as_str()?).ok()
}

/// The encoded text of an object that [`to_json`] made of bytes that are no text.
pub fn encoded(value: &mut Value) -> Option<&mut Value> {
    let object = value.as_object_mut()?;
    if object.len() != 1 {
        return None;
    }
    object.get_mut(BASE64_KEY).filter(|text| text.is_string())
}

fn is_plain(c: char) -> bool {
    !c.is_control() || matches!(c, '\r' | '\n' | '\t')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_bytes_come_back() {
        let all: Vec<u8> = (0..=255).collect();
        for bytes in [
            &b""[..],
            b"RTSP/1.0 200 OK\r\n\r\n",
            b"\xff\xd8",
            "é".as_bytes(),
            &all,
        ] {
            assert_eq!(from_json(&to_json(bytes)).as_deref(), Some(bytes));
        }
        assert_eq!(to_json(b"a\r\n"), json!("a\r\n"));
        assert_eq!(to_json(b"\0"), json!({ "base64": "AA==" }));
        for nonsense in [json!(1), json!({"base64": "*"}), json!({}), json!(null)] {
            assert_eq!(from_json(&nonsense), None, "{nonsense}");
        }
    }
}
