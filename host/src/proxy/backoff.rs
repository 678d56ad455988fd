//! When a camera is tried again. Pure: no clock, the caller brings the dice.

use std::time::Duration;

use crate::plugins::types::FailureClass;

/// The longest wait between two tries of a camera that was there not long ago: what is lost
/// after it is back must stay below two seconds.
const SOON: Duration = Duration::from_millis(1500);
/// So many failures in a row, about five minutes, and it is gone for longer.
const GONE_AFTER: u32 = 200;
/// The longest wait between two tries of such a one.
const MOST: Duration = Duration::from_secs(10);
/// The wait after the first failure in a row.
const LEAST: Duration = Duration::from_millis(500);
/// After the first refusal of the credentials, then after each further one: many makes lock
/// an account that is tried too often.
const AUTH_FIRST: Duration = Duration::from_mins(1);
const AUTH_THEN: Duration = Duration::from_mins(10);

/// Counts failures in a row.
#[derive(Debug, Default)]
pub struct Backoff {
    failures: u32,
    refusals: u32,
}

impl Backoff {
    /// A camera delivered pictures for long enough to be believed.
    pub fn succeeded(&mut self) {
        *self = Self::default();
    }

    /// How long to wait after a failure. `dice` is in 0.0 to 1.0 and spreads the tries of many
    /// cameras behind one switch. The first try after a success is made at once.
    pub fn failed(&mut self, class: FailureClass, dice: f64) -> Duration {
        if class == FailureClass::Auth {
            self.refusals += 1;
            return if self.refusals == 1 {
                AUTH_FIRST
            } else {
                AUTH_THEN
            };
        }
        self.failures += 1;
        if self.failures == 1 {
            return Duration::ZERO;
        }
        let wait = if self.failures > GONE_AFTER {
            MOST
        } else {
            let doublings = (self.failures - 2).min(8);
            LEAST.saturating_mul(1 << doublings).min(SOON)
        };
        wait.mul_f64(0.75 + 0.25 * dice.clamp(0.0, 1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn at_once_then_slower_and_never_over_ten_seconds() {
        let mut backoff = Backoff::default();
        let waits: Vec<u64> = (0..300)
            .map(|_| backoff.failed(FailureClass::Unreachable, 1.0).as_millis() as u64)
            .collect();
        assert_eq!(waits[..5], [0, 500, 1000, 1500, 1500]);
        let minutes = waits[..GONE_AFTER as usize].iter().sum::<u64>() / 60_000;
        assert!((3..=10).contains(&minutes), "{minutes}");
        assert!(
            waits[..GONE_AFTER as usize]
                .iter()
                .all(|wait| *wait <= 1500)
        );
        assert_eq!(waits[GONE_AFTER as usize..], [10_000; 100]);
        backoff.succeeded();
        assert_eq!(backoff.failed(FailureClass::Protocol, 0.0), Duration::ZERO);
        assert_eq!(
            backoff.failed(FailureClass::Protocol, 0.0),
            Duration::from_millis(375)
        );
    }

    #[test]
    fn wrong_passwords_are_not_tried_often() {
        let mut backoff = Backoff::default();
        let minutes: Vec<u64> = (0..3)
            .map(|_| backoff.failed(FailureClass::Auth, 0.5).as_secs() / 60)
            .collect();
        assert_eq!(minutes, [1, 10, 10]);
    }
}
