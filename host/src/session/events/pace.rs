//! How often one session may have news of its camera. Pure.

use std::time::Duration;

use tokio::time::Instant;

/// So many at once,
const BURST: u32 = 10;
/// and then one in this time. Stops a camera that changes with every picture from pushing the
/// news of all others out of the ring.
const EVERY: Duration = Duration::from_secs(1);

/// Lets some pass at once and the rest at a pace.
#[derive(Debug)]
pub struct Pace {
    left: u32,
    /// Since when `left` has not grown.
    since: Instant,
}

impl Pace {
    /// Begins with all that may pass at once.
    pub fn new(now: Instant) -> Self {
        Self {
            left: BURST,
            since: now,
        }
    }

    /// Whether one may pass now; otherwise, when one may.
    pub fn take(&mut self, now: Instant) -> Result<(), Instant> {
        let grown = now.duration_since(self.since).as_secs() / EVERY.as_secs();
        let grown = u32::try_from(grown).unwrap_or(u32::MAX);
        self.left = self.left.saturating_add(grown).min(BURST);
        self.since = if self.left == BURST {
            now
        } else {
            self.since + EVERY * grown
        };
        if self.left == 0 {
            return Err(self.since + EVERY);
        }
        self.left -= 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_at_once_then_one_a_second() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let mut pace = Pace::new(start);
        let passed = (0..5000).filter(|ms| pace.take(at(*ms)).is_ok()).count();
        assert_eq!(passed as u32, BURST + 4);
        assert_eq!(pace.take(at(4999)), Err(at(5000)));
        assert_eq!(pace.take(at(5000)), Ok(()));
        let passed = (0..100).filter(|_| pace.take(at(3_600_000)).is_ok());
        assert_eq!(passed.count() as u32, BURST, "quiet times are not saved up");
    }
}
