//! The host's two clocks. Durations and timelines come from the monotonic one, names and
//! answers for people from UTC; a step of the wall clock never shows in a recording.

mod anchor;

use std::time::Duration;

use jiff::Timestamp;
use rustix::time::{ClockId, clock_gettime};
use tokio::time::sleep;

pub use anchor::ClockAnchor;

/// The monotonic clock. On Linux the one that goes on while the machine is suspended: that time
/// has passed for people, and is a gap in a recording.
#[cfg(target_os = "linux")]
const MONOTONIC: ClockId = ClockId::Boottime;
/// The monotonic clock.
#[cfg(not(target_os = "linux"))]
const MONOTONIC: ClockId = ClockId::Monotonic;

/// How often a wait looks at the clock again: the runtime's timers stand still while the machine
/// is suspended.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Microseconds on the monotonic clock. The origin is the machine's start.
pub fn now_us() -> i64 {
    let t = clock_gettime(MONOTONIC);
    t.tv_sec * 1_000_000 + t.tv_nsec / 1_000
}

/// Waits for a point on the monotonic clock, microseconds; a second longer at most where the
/// machine was suspended meanwhile.
pub async fn reached(at_us: i64) {
    reached_by(at_us, now_us).await;
}

async fn reached_by(at_us: i64, now_us: impl Fn() -> i64) {
    loop {
        let left_us = at_us.saturating_sub(now_us());
        if left_us <= 0 {
            return;
        }
        sleep(LOOK_EVERY.min(Duration::from_micros(left_us as u64))).await;
    }
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

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;

    const HOUR_US: i64 = 3_600_000_000;

    #[tokio::test(start_paused = true)]
    async fn a_wait_ends_when_its_time_has_come() {
        let began = Instant::now();
        let since = || began.elapsed().as_micros() as i64;
        reached_by(HOUR_US, since).await;
        assert!(
            (HOUR_US..HOUR_US + 10_000).contains(&since()),
            "{}",
            since()
        );
        reached_by(5, since).await;
        assert!(since() < HOUR_US + 10_000);
        // The machine sleeps for an hour, ten seconds after the wait has begun.
        let began = Instant::now();
        let slept = || {
            let awake = began.elapsed().as_micros() as i64;
            awake + if awake > 10_000_000 { HOUR_US } else { 0 }
        };
        reached_by(HOUR_US, slept).await;
        assert!(
            began.elapsed() < Duration::from_secs(12),
            "{:?}",
            began.elapsed()
        );
    }

    #[test]
    fn the_monotonic_clock_counts_from_the_start_of_the_machine() {
        let uptime = std::fs::read_to_string("/proc/uptime").unwrap();
        let uptime: f64 = uptime.split(' ').next().unwrap().parse().unwrap();
        let now = now_us() as f64 / 1e6;
        // In a time namespace the two may differ by its offset, which is the same for both here.
        assert!((now - uptime).abs() < 60.0, "{now} {uptime}");
    }
}
