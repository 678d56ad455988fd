//! The host's two clocks. Durations and timelines come from the monotonic one, names and
//! answers for people from UTC; a step of the wall clock never shows in a recording.

use std::sync::OnceLock;

use jiff::Timestamp;
use rustix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};

/// Microseconds on the monotonic clock. The origin is the machine's start.
pub fn now_us() -> i64 {
    let t = clock_gettime(ClockId::Monotonic);
    t.tv_sec * 1_000_000 + t.tv_nsec / 1_000
}

/// Processor time of the calling thread, microseconds.
pub fn thread_cpu_us() -> i64 {
    let t = clock_gettime(ClockId::ThreadCPUTime);
    t.tv_sec * 1_000_000 + t.tv_nsec / 1_000
}

/// The moment of a point on the monotonic clock, as UTC is known now.
pub fn utc_of(monotonic_us: i64) -> Timestamp {
    let ago_us = now_us() - monotonic_us;
    Timestamp::from_microsecond(Timestamp::now().as_microsecond() - ago_us)
        .unwrap_or_else(|_| Timestamp::now())
}

/// UTC to the millisecond, as answers show it.
pub fn to_ms(time: Timestamp) -> Timestamp {
    Timestamp::from_millisecond(time.as_millisecond()).unwrap_or(time)
}

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
