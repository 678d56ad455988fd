//! Where a page of files ends and the next one begins.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use thiserror::Error;

/// Longest cursor that is looked at: a number and an id of 64 characters.
const MOST_CHARS: usize = 160;

/// A place in the list of files: behind the file of this moment and id. It stays good when
/// files come and go, that one included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// When the file's session was created, microseconds since 1970.
    pub(super) created_us: i64,
    /// The file's id.
    pub(super) id: String,
}

/// A text that is no cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("this is not a cursor; hint: pass what an earlier answer has as `next`")]
pub struct BadCursor;

impl Cursor {
    /// Reads what [`Display`](fmt::Display) wrote.
    pub fn parse(text: &str) -> Result<Self, BadCursor> {
        if text.len() > MOST_CHARS {
            return Err(BadCursor);
        }
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| BadCursor)?;
        let plain = String::from_utf8(bytes).map_err(|_| BadCursor)?;
        let (created_us, id) = plain.split_once(' ').ok_or(BadCursor)?;
        let created_us = created_us.parse().map_err(|_| BadCursor)?;
        let good = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_graphic());
        good.then(|| Self {
            created_us,
            id: id.to_owned(),
        })
        .ok_or(BadCursor)
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plain = format!("{} {}", self.created_us, self.id);
        f.write_str(&URL_SAFE_NO_PAD.encode(plain))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn goes_both_ways() {
        for (created_us, id) in [(0, "sess_1_0"), (i64::MAX, "sess_court-2_1"), (-1, "x")] {
            let id = id.to_owned();
            let cursor = Cursor { created_us, id };
            assert_eq!(Cursor::parse(&cursor.to_string()), Ok(cursor));
        }
    }

    #[test]
    fn anything_else_is_refused() {
        let encoded = |text: &str| URL_SAFE_NO_PAD.encode(text);
        for bad in [
            String::new(),
            "!".into(),
            "AAAA".into(),
            "é".into(),
            encoded("1"),
            encoded("1 "),
            encoded("x sess_1_1"),
            encoded("99999999999999999999 sess_1_1"),
            encoded("1 a b"),
            encoded("1 \0"),
            URL_SAFE_NO_PAD.encode([0xff, 0xfe, b' ', b'x']),
            "A".repeat(4096),
        ] {
            assert_eq!(Cursor::parse(&bad), Err(BadCursor), "{bad}");
        }
    }
}
