//! RTP timestamps of one source (RFC 3550 5.1).

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::camera::Shared;

/// Ticks a second in which faults of the clock are counted.
const FAULT_RATE: i128 = 90_000;

/// Goes with the camera's clock, from an offset of its own, and wrong where a fault demands it.
pub(super) struct Timeline {
    shared: Arc<Shared>,
    /// Ticks a second.
    rate: u32,
    /// Time of the first timestamp on the camera's clock, the timestamp, and by how much the
    /// clock was off then.
    first: (Duration, u32, i64),
}

impl Timeline {
    /// `timestamp` is that of the time `at` on the camera's clock, which is `taken` on this
    /// process's.
    pub(super) fn new(
        shared: Arc<Shared>,
        rate: u32,
        at: Duration,
        taken: Instant,
        timestamp: u32,
    ) -> Self {
        let off = shared.faults.off(taken);
        Self {
            shared,
            rate,
            first: (at, timestamp, off),
        }
    }

    /// The first timestamp and its time on the camera's clock.
    pub(super) fn first(&self) -> (Duration, u32) {
        (self.first.0, self.first.1)
    }

    /// The timestamp of a time on the camera's clock, and on this process's.
    pub(super) fn at(&self, at: Duration, taken: Instant) -> u32 {
        let rate = u128::from(self.rate);
        // One nanosecond more: a time that was rounded down is its tick's.
        let ticks = |t: Duration| ((t.as_nanos() + 1) * rate / 1_000_000_000) as u64;
        let (first, timestamp, off) = self.first;
        let jump = i128::from(self.shared.faults.off(taken).wrapping_sub(off));
        let since = ticks(at).wrapping_sub(ticks(first));
        timestamp
            .wrapping_add(since as u32)
            .wrapping_add((jump * i128::from(self.rate) / FAULT_RATE) as u32)
    }
}
