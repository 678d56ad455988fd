//! The ways in which a credential can be written.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use crate::plugins::types::Encoding;

/// A text in an encoding of the WIT.
pub fn text(text: &str, encoding: Encoding) -> String {
    match encoding {
        Encoding::Plain => text.to_owned(),
        Encoding::Percent => percent(text),
        Encoding::Json => {
            let quoted = serde_json::Value::from(text).to_string();
            quoted[1..quoted.len() - 1].to_owned()
        }
        Encoding::Base64 => base64(text.as_bytes()),
        Encoding::Hex => crate::hex::lower(text.as_bytes()),
        Encoding::HexUpper => crate::hex::lower(text.as_bytes()).to_ascii_uppercase(),
    }
}

/// A digest in an encoding of the WIT; those that suit only text are taken as hexadecimal.
pub fn digest(digest: &[u8], encoding: Encoding) -> String {
    match encoding {
        Encoding::Base64 => base64(digest),
        Encoding::HexUpper => crate::hex::lower(digest).to_ascii_uppercase(),
        _ => crate::hex::lower(digest),
    }
}

/// RFC 4648, section 4, with padding.
pub fn base64(bytes: &[u8]) -> String {
    BASE64.encode(bytes)
}

/// RFC 3986, section 2.3: unreserved characters stay, all else is encoded.
pub fn percent(text: &str) -> String {
    text.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.push_str(&crate::hex::lower(&[byte]).to_ascii_uppercase());
        }
        out
    })
}

/// For the inside of an XML element.
pub fn xml(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
