//! The `Session` header.

use core::time::Duration;

/// RFC 2326, section 12.37: what holds where the camera names no timeout.
const DEFAULT_TIMEOUT_S: u64 = 60;

/// `708345999;timeout=60`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// To be repeated in every request.
    pub id: String,
    /// Seconds without a request after which the camera gives up.
    pub timeout_s: u64,
}

impl Session {
    /// None where there is no id.
    pub fn parse(value: &str) -> Option<Self> {
        let mut parts = value.split(';').map(str::trim);
        // It is put into requests: nothing that could end a line may be in it.
        let id = parts
            .next()
            .filter(|id| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_graphic()))?
            .to_owned();
        Some(Self {
            id,
            timeout_s: parts.find_map(timeout).unwrap_or(DEFAULT_TIMEOUT_S),
        })
    }

    /// How often to say that we are there: twice within the timeout, and at least
    /// every half minute, since some cameras announce more patience than they have.
    pub fn interval(&self) -> Duration {
        Duration::from_secs((self.timeout_s / 2).clamp(1, 30))
    }
}

fn timeout(part: &str) -> Option<u64> {
    let (name, value) = part.split_once('=')?;
    let seconds = value.trim().trim_matches('"').parse().ok()?;
    (name.trim().eq_ignore_ascii_case("timeout") && seconds > 0).then_some(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sessions() {
        let parse = |value| Session::parse(value).map(|session| (session.id, session.timeout_s));
        assert_eq!(
            parse("708345999;timeout=60"),
            Some(("708345999".to_owned(), 60))
        );
        assert_eq!(
            parse("9a90de54; Timeout = 120"),
            Some(("9a90de54".to_owned(), 120))
        );
        assert_eq!(parse("F8F8E425"), Some(("F8F8E425".to_owned(), 60)));
        assert_eq!(parse("a;timeout=0"), Some(("a".to_owned(), 60)));
        assert_eq!(parse(""), None);
        assert_eq!(parse("a b;timeout=1"), None);
        let interval = |timeout_s| {
            Session {
                id: String::new(),
                timeout_s,
            }
            .interval()
            .as_secs()
        };
        assert_eq!(
            (interval(1), interval(10), interval(60), interval(u64::MAX)),
            (1, 5, 30, 30)
        );
    }
}
