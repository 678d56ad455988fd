//! Times of an earlier run of the host.

use std::sync::OnceLock;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::now_us;

/// Both clocks at one moment: by it a later run of the host knows what the monotonic times of
/// this one mean.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClockAnchor {
    /// Names the machine's start, from which the monotonic clock counts; empty where the system
    /// does not tell.
    boot: String,
    monotonic_us: i64,
    utc_us: i64,
}

impl ClockAnchor {
    /// Now.
    pub fn now() -> Self {
        static BOOT: OnceLock<String> = OnceLock::new();
        let boot = BOOT.get_or_init(|| {
            // proc_sys_kernel(5): made anew at every start.
            let id = std::fs::read_to_string("/proc/sys/kernel/random/boot_id");
            id.map(|id| id.trim().to_owned()).unwrap_or_default()
        });
        Self {
            boot: boot.clone(),
            monotonic_us: now_us(),
            utc_us: Timestamp::now().as_microsecond(),
        }
    }

    /// The anchor's moment on the monotonic clock, microseconds.
    pub fn monotonic_us(&self) -> i64 {
        self.monotonic_us
    }

    /// What a monotonic time, in microseconds, of this anchor's run is in the run of `later`:
    /// the same while the machine has not started anew, else what UTC makes of it.
    pub fn translate(&self, monotonic_us: i64, later: &Self) -> i64 {
        if !self.boot.is_empty() && self.boot == later.boot {
            return monotonic_us;
        }
        let utc_us = (monotonic_us - self.monotonic_us).saturating_add(self.utc_us);
        utc_us
            .saturating_sub(later.utc_us)
            .saturating_add(later.monotonic_us)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn anchor(boot: &str, monotonic_us: i64, utc_us: i64) -> ClockAnchor {
        ClockAnchor {
            boot: boot.into(),
            monotonic_us,
            utc_us,
        }
    }

    #[test]
    fn a_time_of_an_earlier_run() {
        let before = anchor("a", 1_000, 50_000);
        // The wall clock was set back in between: the same start needs none.
        assert_eq!(before.translate(700, &anchor("a", 9_000, 20_000)), 700);
        // 8 ms after the anchor; the machine is up for 2 ms.
        let after = anchor("b", 2_000, 58_000);
        assert_eq!(before.translate(1_000, &after), -6_000);
        assert_eq!(before.translate(700, &after), -6_300);
        // A system that does not tell its starts is taken as started anew.
        let (unknown, later) = (anchor("", 1_000, 50_000), anchor("", 2_000, 58_000));
        assert_eq!(unknown.translate(1_000, &later), -6_000);
    }

    #[test]
    fn an_anchor_is_kept_as_text() {
        let now = ClockAnchor::now();
        let text = serde_json::to_string(&now).unwrap();
        assert_eq!(serde_json::from_str::<ClockAnchor>(&text).unwrap(), now);
    }
}
