//! Takes credentials out of a conversation without changing a length: whatever counts bytes goes
//! on counting the same. Pure.

use serde_json::Value;

use super::bytes;

/// How much text must stand around a short secret, bytes to each side: video is full of single
/// letters by chance, and none of them says anything.
const TEXT_AROUND: usize = 8;

/// One form of a secret.
#[derive(Clone, PartialEq, Eq)]
pub struct Needle {
    /// As it may stand in a conversation.
    pub text: String,
    /// Taken out only where it stands in text as a word of its own.
    pub word: bool,
}

/// Knows the secrets of one session in all their forms.
pub struct Mask {
    /// By their first byte, the longest first: no form hides a part of a longer one.
    by_first: Vec<Vec<Needle>>,
}

impl Mask {
    /// Empty needles are left out.
    pub fn new(needles: Vec<Needle>) -> Self {
        let mut by_first: Vec<Vec<Needle>> = vec![Vec::new(); 256];
        for needle in needles {
            let Some(&first) = needle.text.as_bytes().first() else {
                continue;
            };
            let place = &mut by_first[usize::from(first)];
            if !place.contains(&needle) {
                place.push(needle);
            }
        }
        for place in &mut by_first {
            place.sort_by_key(|needle| (std::cmp::Reverse(needle.text.len()), needle.word));
        }
        Self { by_first }
    }

    /// Overwrites every secret; says how many there were.
    pub fn hide(&self, bytes: &mut [u8]) -> u64 {
        let mut hidden = 0;
        let mut at = 0;
        while at < bytes.len() {
            let found = self.by_first[usize::from(bytes[at])]
                .iter()
                .find(|needle| is_at(needle, bytes, at))
                .map(|needle| needle.text.len());
            if let Some(length) = found {
                for byte in &mut bytes[at..at + length] {
                    // Numbers stay numbers, and nothing becomes a quote or a blank.
                    *byte = if byte.is_ascii_digit() { b'0' } else { b'x' };
                }
                hidden += 1;
            }
            at += found.unwrap_or(1);
        }
        hidden
    }

    /// The same for a text.
    pub fn hide_text(&self, text: &mut String) -> u64 {
        let mut bytes = std::mem::take(text).into_bytes();
        let hidden = self.hide(&mut bytes);
        // Needles are whole characters, so what is left is text.
        *text = String::from_utf8_lossy(&bytes).into_owned();
        hidden
    }

    /// The same for all texts and bytes in a line of a cassette.
    pub fn hide_json(&self, value: &mut Value) -> u64 {
        if let Some(encoded) = bytes::encoded(value) {
            let decoded = serde_json::json!({ "base64": encoded });
            let Some(mut decoded) = bytes::from_json(&decoded) else {
                return 0;
            };
            let hidden = self.hide(&mut decoded);
            if hidden > 0 {
                *value = bytes::to_json(&decoded);
            }
            return hidden;
        }
        match value {
            Value::String(text) => self.hide_text(text),
            Value::Array(items) => items.iter_mut().map(|item| self.hide_json(item)).sum(),
            Value::Object(members) => members
                .iter_mut()
                .map(|(_, member)| self.hide_json(member))
                .sum(),
            _ => 0,
        }
    }
}

fn is_at(needle: &Needle, bytes: &[u8], at: usize) -> bool {
    let text = needle.text.as_bytes();
    if !bytes[at..].starts_with(text) {
        return false;
    }
    if !needle.word {
        return true;
    }
    let before = &bytes[at.saturating_sub(TEXT_AROUND)..at];
    let after = &bytes[at + text.len()..];
    let after = &after[..after.len().min(TEXT_AROUND)];
    let touched = |byte: Option<&u8>| byte.is_some_and(|b| b.is_ascii_alphanumeric() || *b >= 128);
    let is_text = |b: &u8| b.is_ascii_graphic() || b" \t\r\n".contains(b) || *b >= 128;
    !touched(before.last())
        && !touched(after.first())
        && before.iter().all(is_text)
        && after.iter().all(is_text)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn mask(needles: &[(&str, bool)]) -> Mask {
        let needles = needles.iter().map(|&(text, word)| Needle {
            text: text.into(),
            word,
        });
        Mask::new(needles.collect())
    }

    fn hidden(mask: &Mask, text: &str) -> String {
        let mut text = text.to_owned();
        mask.hide_text(&mut text);
        text
    }

    #[test]
    fn lengths_and_numbers_stay() {
        let mask = mask(&[("hunter22", false), ("hunter22!é", false), ("", false)]);
        assert_eq!(hidden(&mask, "a=hunter22;"), "a=xxxxxx00;");
        assert_eq!(hidden(&mask, "hunter22!é"), "xxxxxx00xxx");
        assert_eq!(hidden(&mask, "hunter2 hunter2"), "hunter2 hunter2");
        let mut bytes = b"\0\xffhunter22\x80".to_vec();
        assert_eq!(mask.hide(&mut bytes), 1);
        assert_eq!(bytes, b"\0\xffxxxxxx00\x80");
    }

    #[test]
    fn words_are_taken_out_of_text_only() {
        let mask = mask(&[("a", true), ("admin", true)]);
        assert_eq!(hidden(&mask, "user=a&b admin!"), "user=x&b xxxxx!");
        assert_eq!(
            hidden(&mask, "administrator badmin"),
            "administrator badmin"
        );
        let video = b"\x01\x02\x03a\x04\x05\x06".to_vec();
        let mut bytes = video.clone();
        assert_eq!(mask.hide(&mut bytes), 0);
        assert_eq!(bytes, video);
    }

    #[test]
    fn a_whole_line_is_looked_through() {
        let mask = mask(&[("secret", false)]);
        let binary = bytes::to_json(b"\0secret\xff");
        let mut line = json!({ "event": { "x": ["my secret", binary, 7, null] } });
        assert_eq!(mask.hide_json(&mut line), 2);
        let bytes = bytes::from_json(&line["event"]["x"][1]);
        assert_eq!(bytes.as_deref(), Some(&b"\0xxxxxx\xff"[..]));
        assert_eq!(line["event"]["x"][0], "my xxxxxx");
    }
}
