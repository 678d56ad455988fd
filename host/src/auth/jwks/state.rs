//! What is known of the published keys, and when they are to be fetched. Functions of the
//! instants that the caller brings.

use std::sync::Arc;
use std::time::Duration;

use jsonwebtoken::{Algorithm, DecodingKey};
use tokio::time::Instant;
use tracing::{debug, info, warn};

use super::key_set::KeySet;

/// How often the keys are fetched when nobody misses one: a key that was withdrawn is not
/// accepted for longer.
const REFRESH: Duration = Duration::from_mins(15);
/// How soon after a failure it is tried again.
const RETRY: Duration = Duration::from_secs(30);
/// How often requests may cause a fetch. Stops tokens with made-up key ids from making the host
/// a nuisance to the provider, and from waiting.
const BETWEEN_WISHES: Duration = Duration::from_secs(30);

/// Why there is no key for a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Miss {
    /// No set was fetched yet.
    Unavailable,
    /// The set has none that fits.
    Unknown,
}

/// The keys at hand.
pub struct State {
    /// Where they come from.
    pub url: String,
    /// The newest set; kept while newer ones cannot be fetched.
    keys: Option<Arc<KeySet>>,
    /// A fetch is wanted or under way.
    wanted: bool,
    /// When the next fetch is due, wanted or not.
    due: Instant,
    /// When a request last caused one.
    wished: Option<Instant>,
    /// Fetches that ended, well or not.
    pub fetches: u64,
    failing: bool,
}

impl State {
    /// No keys yet.
    pub fn new(url: &str, now: Instant) -> Self {
        Self {
            url: url.to_owned(),
            keys: None,
            wanted: true,
            due: now,
            wished: None,
            fetches: 0,
            failing: false,
        }
    }

    /// Takes another address, whose keys are wanted at once; whether it is another.
    pub fn set_url(&mut self, url: &str, now: Instant) -> bool {
        let other = self.url != url;
        if other {
            let fetches = self.fetches;
            *self = Self::new(url, now);
            self.fetches = fetches;
        }
        other
    }

    /// The key for a token.
    pub fn look(&self, kid: Option<&str>, algorithm: Algorithm) -> Result<DecodingKey, Miss> {
        let keys = self.keys.as_ref().ok_or(Miss::Unavailable)?;
        keys.find(kid, algorithm).cloned().ok_or(Miss::Unknown)
    }

    /// A request misses a key; whether that causes a fetch. Afterwards `is_coming` tells whether
    /// it is worth waiting.
    pub fn wish(&mut self, now: Instant) -> bool {
        let rested = self
            .wished
            .is_none_or(|at| now.saturating_duration_since(at) >= BETWEEN_WISHES);
        let causes = !self.wanted && rested;
        if causes {
            self.wanted = true;
            self.wished = Some(now);
        }
        causes
    }

    /// Whether a fetch is wanted or under way.
    pub fn is_coming(&self) -> bool {
        self.wanted
    }

    /// When to fetch.
    pub fn due(&self) -> Option<Instant> {
        (!self.wanted).then_some(self.due)
    }

    /// A fetch begins.
    pub fn begin(&mut self) {
        self.wanted = true;
    }

    /// Takes what was fetched at a URL.
    pub fn take(&mut self, url: &str, outcome: Result<KeySet, String>, now: Instant) {
        // The address changed meanwhile: these are not the keys that are wanted.
        if self.url != url {
            return;
        }
        self.wanted = false;
        self.fetches += 1;
        self.due = now + if outcome.is_ok() { REFRESH } else { RETRY };
        let failing = outcome.is_err();
        match outcome {
            Ok(keys) => {
                let count = keys.len();
                if count == 0 {
                    warn!("auth.jwks_url publishes no usable key: no token is good");
                } else if self.failing || self.keys.is_none() {
                    info!(count, "the keys of auth.jwks_url are there");
                }
                self.keys = Some(Arc::new(keys));
            }
            Err(error) => {
                let kept = self.keys.is_some();
                if self.failing {
                    debug!(error, kept, "auth.jwks_url cannot be fetched");
                } else {
                    warn!(
                        error,
                        kept, "auth.jwks_url cannot be fetched; it is tried again"
                    );
                }
            }
        }
        self.failing = failing;
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::super::test_keys::TestKey;
    use super::*;

    fn set(id: &str) -> Result<KeySet, String> {
        let json = json!({"keys": [TestKey::ed().jwk(id)]}).to_string();
        KeySet::read(json.as_bytes())
    }

    fn look(state: &State, id: &str) -> Result<(), Miss> {
        state.look(Some(id), Algorithm::EdDSA).map(|_| ())
    }

    #[test]
    fn fetches_on_time() {
        let now = Instant::now();
        let mut state = State::new("a", now);
        assert_eq!(state.due(), None, "at once");
        state.begin();
        state.take("a", Err("down".into()), now);
        assert_eq!(state.due(), Some(now + RETRY));
        assert_eq!(look(&state, "1"), Err(Miss::Unavailable));
        state.begin();
        state.take("a", set("1"), now);
        assert_eq!(state.due(), Some(now + REFRESH));
        assert_eq!(look(&state, "1"), Ok(()));
        state.begin();
        state.take("a", Err("down".into()), now);
        assert_eq!(look(&state, "1"), Ok(()), "kept");
        state.begin();
        state.take("a", set("2"), now);
        assert_eq!(look(&state, "1"), Err(Miss::Unknown), "withdrawn");
        state.begin();
        state.take("a", KeySet::read(b"{\"keys\": []}"), now);
        assert_eq!(look(&state, "2"), Err(Miss::Unknown), "all withdrawn");
    }

    #[test]
    fn one_wish_in_half_a_minute_however_it_ends() {
        let now = Instant::now();
        let mut state = State::new("a", now);
        assert!(!state.wish(now) && state.is_coming(), "the first is coming");
        state.take("a", set("1"), now);
        assert!(state.wish(now) && state.is_coming());
        assert!(!state.wish(now) && state.is_coming(), "it is coming");
        state.take("a", Err("down".into()), now);
        let late = now + BETWEEN_WISHES;
        let sooner = late.checked_sub(Duration::from_millis(1)).unwrap();
        assert!(!state.wish(sooner) && !state.is_coming());
        assert!(state.wish(late) && state.is_coming());
    }

    #[test]
    fn another_address() {
        let now = Instant::now();
        let mut state = State::new("a", now);
        state.take("a", set("1"), now);
        assert!(!state.set_url("a", now));
        assert_eq!(look(&state, "1"), Ok(()));
        state.begin();
        assert!(state.set_url("b", now));
        state.take("a", set("1"), now);
        assert_eq!(look(&state, "1"), Err(Miss::Unavailable), "not b's");
        assert_eq!(state.due(), None);
        state.take("b", set("2"), now);
        assert_eq!(look(&state, "2"), Ok(()));
    }
}
