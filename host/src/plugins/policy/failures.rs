//! Failed questions: counted all, told once a second.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use tracing::warn;

/// Between two lines in the log about one policy.
const PAUSE: Duration = Duration::from_secs(1);

/// What went wrong with a policy's answers since it was loaded.
#[derive(Debug, Default)]
pub struct Failures {
    count: AtomicU64,
    last: Mutex<Last>,
}

#[derive(Debug, Default)]
struct Last {
    reason: Option<String>,
    told: Option<Instant>,
    /// Failures since the log was told.
    untold: u64,
}

impl Failures {
    /// How many.
    pub fn count(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }

    /// Why the last one was; it continues a sentence that begins with "it".
    pub fn last(&self) -> Option<String> {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        last.reason.clone()
    }

    /// Notes one at `now`, and tells the log unless it was told just before.
    pub fn note(&self, plugin: &str, reason: &str, now: Instant) {
        self.count.fetch_add(1, Ordering::Relaxed);
        if let Some(untold) = self.remember(reason, now) {
            warn!(plugin, reason, untold, "a policy did not answer");
        }
    }

    /// How many failures were not told of, where this one is to be.
    fn remember(&self, reason: &str, now: Instant) -> Option<u64> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        last.reason = Some(reason.to_owned());
        let due = last.told.is_none_or(|told| now >= told + PAUSE);
        if !due {
            last.untold += 1;
            return None;
        }
        last.told = Some(now);
        Some(std::mem::take(&mut last.untold))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_is_told_once_a_second() {
        let failures = Failures::default();
        let start = Instant::now();
        assert_eq!(failures.last(), None);
        assert_eq!(failures.remember("looped", start), Some(0));
        assert_eq!(failures.remember("looped", start), None);
        assert_eq!(failures.remember("panicked", start + PAUSE / 2), None);
        assert_eq!(failures.last().as_deref(), Some("panicked"));
        assert_eq!(failures.remember("looped", start + PAUSE), Some(2));
        assert_eq!(failures.remember("looped", start + PAUSE * 2), Some(0));
    }
}
