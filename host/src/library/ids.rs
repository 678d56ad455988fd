//! Ids as names of files. They were checked where they came in; before a path is made of one
//! it is checked again.

use std::time::Duration;

use jiff::Timestamp;

/// The longest session id: prefix, a terrain's 32 characters, 20 digits.
const MOST_CHARS: usize = 64;
/// The longest id of a club.
const MOST_CLUB_CHARS: usize = 32;

fn is_word(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    !text.is_empty() && text.bytes().all(allowed)
}

/// Whether a folder may be named so.
pub(super) fn is_club(text: &str) -> bool {
    text.len() <= MOST_CLUB_CHARS && is_word(text)
}

/// Terrain and milliseconds of `sess_<terrain>_<unix ms>`.
pub(super) fn parse(session_id: &str) -> Option<(&str, &str)> {
    let (terrain, ms) = session_id.strip_prefix("sess_")?.rsplit_once('_')?;
    let digits = !ms.is_empty() && ms.bytes().all(|byte| byte.is_ascii_digit());
    (session_id.len() <= MOST_CHARS && digits && is_word(terrain)).then_some((terrain, ms))
}

/// When a session of this id was created; none where the number is no time.
pub(super) fn created_at(session_id: &str) -> Option<Timestamp> {
    let (_, ms) = parse(session_id)?;
    Timestamp::UNIX_EPOCH
        .checked_add(Duration::from_millis(ms.parse().ok()?))
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_ids_become_names() {
        assert_eq!(parse("sess_court-2_17"), Some(("court-2", "17")));
        for bad in [
            "",
            "sess_",
            "sess__1",
            "sess_1_",
            "sess_1_x",
            "sess_../a_1",
            "sess_1_1.mp4",
        ] {
            assert_eq!(parse(bad), None, "{bad}");
        }
        assert_eq!(parse(&format!("sess_{}_1", "a".repeat(99))), None);
        assert!(is_club("7") && is_club("-3") && is_club("Club-A"));
        for bad in [
            "",
            ".",
            "..",
            "a/b",
            "a.b",
            "a b",
            "é",
            "a\0",
            &"x".repeat(33),
        ] {
            assert!(!is_club(bad), "{bad}");
        }
    }

    #[test]
    fn the_id_tells_the_time() {
        let at = |id| created_at(id).map(|at| at.to_string());
        assert_eq!(at("sess_1_1500").as_deref(), Some("1970-01-01T00:00:01.5Z"));
        assert_eq!(at("sess_1_99999999999999999999"), None);
        assert_eq!(at("sess_1_18446744073709551615"), None);
    }
}
