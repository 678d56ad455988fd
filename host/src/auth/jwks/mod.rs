//! The keys that an identity provider publishes (`auth.jwks_url`), kept at hand.
//!
//! One task fetches them: at the start, every quarter of an hour, again after half a minute
//! where that failed, and when a token names a key that is not among them. Requests never fetch;
//! the one that asked for it, and those that come meanwhile, wait for the task.

mod fetch;
mod key_set;
mod state;

use std::time::Duration;

use jsonwebtoken::{Algorithm, DecodingKey};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

use fetch::Fetch;
use state::State;

pub use state::Miss;

/// Fetches a set once and counts its usable keys; an error says why that failed.
pub async fn count_keys(url: &str) -> Result<usize, String> {
    fetch::fetch(url).await.map(|keys| keys.len())
}

/// The keys at hand.
pub struct PublishedKeys {
    state: watch::Sender<State>,
    fetch: Fetch,
    /// How long a fetch may take, and how long a request waits for one.
    patience: Duration,
}

impl PublishedKeys {
    /// None yet: `keep` fetches them.
    pub fn new(url: &str) -> Self {
        Self::with(url, fetch::http(), fetch::PATIENCE)
    }

    fn with(url: &str, fetch: Fetch, patience: Duration) -> Self {
        Self {
            state: watch::Sender::new(State::new(url, Instant::now())),
            fetch,
            patience,
        }
    }

    /// Takes another address. The keys of the one before are good no more.
    pub fn set_url(&self, url: &str) {
        let now = Instant::now();
        self.state.send_if_modified(|state| state.set_url(url, now));
    }

    /// Keeps the keys fresh until the host stops.
    pub async fn keep(&self, stopping: CancellationToken) {
        let mut changes = self.state.subscribe();
        loop {
            let due = changes.borrow_and_update().due();
            if let Some(due) = due.filter(|due| *due > Instant::now()) {
                tokio::select! {
                    () = stopping.cancelled() => return,
                    _ = changes.changed() => {}
                    () = sleep_until(due) => {}
                }
                continue;
            }
            let url = self.state.borrow().url.clone();
            self.state.send_modify(State::begin);
            let fetching = timeout(self.patience, (self.fetch)(url.clone()));
            let outcome = tokio::select! {
                () = stopping.cancelled() => return,
                outcome = fetching => outcome.unwrap_or_else(|_| Err("no answer in time".into())),
            };
            let now = Instant::now();
            self.state
                .send_modify(|state| state.take(&url, outcome, now));
        }
    }

    /// The key that a token was signed with. Where there is none, the keys are fetched again
    /// first, unless that was done a short time ago.
    pub async fn find(&self, kid: Option<&str>, algorithm: Algorithm) -> Result<DecodingKey, Miss> {
        let mut changes = self.state.subscribe();
        let (found, seen) = {
            let state = changes.borrow();
            (state.look(kid, algorithm), state.fetches)
        };
        if found.is_ok() || !self.wish() {
            return found;
        }
        // On time-out the answer is what there is.
        let done = changes.wait_for(|state| state.fetches > seen);
        drop(timeout(self.patience, done).await);
        self.state.borrow().look(kid, algorithm)
    }

    /// Asks for a fetch; whether there will be one.
    fn wish(&self) -> bool {
        let now = Instant::now();
        self.state.send_if_modified(|state| state.wish(now));
        self.state.borrow().is_coming()
    }
}

#[cfg(test)]
mod tests;
