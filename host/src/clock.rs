//! The host's two clocks. Durations and timelines come from the monotonic one, names and
//! answers for people from UTC; a step of the wall clock never shows in a recording.

use jiff::Timestamp;
use rustix::time::{ClockId, clock_gettime};

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
