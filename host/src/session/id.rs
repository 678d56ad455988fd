//! `sess_<terrain_id>_<unix ms>`.

use std::fmt;

use jiff::Timestamp;

use crate::config::TerrainId;

/// A session's id. Also the name of its file, so it holds nothing that a path could be made of.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SessionId(String);

/// The longest id that is looked at: prefix, a terrain's 32 characters, 20 digits.
const MOST_CHARS: usize = 64;

impl SessionId {
    /// The id of a session that begins now.
    pub fn new(terrain: &TerrainId, now: Timestamp) -> Self {
        Self(format!("sess_{terrain}_{}", now.as_millisecond()))
    }

    /// An id as a caller wrote it; none if it cannot be one.
    pub fn parse(text: &str) -> Option<Self> {
        let rest = text.strip_prefix("sess_")?;
        let (terrain, ms) = rest.rsplit_once('_')?;
        let good = text.len() <= MOST_CHARS
            && !terrain.is_empty()
            && terrain
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !ms.is_empty()
            && ms.bytes().all(|byte| byte.is_ascii_digit());
        good.then(|| Self(text.to_owned()))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_ids_are_ids() {
        assert!(SessionId::parse("sess_1_1732281000123").is_some());
        assert!(SessionId::parse("sess_court-2_1").is_some());
        for bad in [
            "",
            "sess_",
            "sess_1_",
            "sess__1",
            "sess_1_1.mp4",
            "sess_../x_1",
            "sess_1_1\0",
            "sess_%2e_1",
            "SESS_1_1",
            &format!("sess_{}_1", "a".repeat(4000)),
        ] {
            assert!(SessionId::parse(bad).is_none(), "{bad}");
        }
    }
}
