//! The camera's clock: frame `k` is due at the start plus `k` intervals,
//! whoever is connected.

use std::time::{Duration, SystemTime};

use tokio::time::Instant;

const SECOND_NS: u128 = 1_000_000_000;

#[derive(Debug, Clone)]
pub(crate) struct Clock {
    start: Instant,
    unix: Duration,
    fps: u32,
}

impl Clock {
    pub(crate) fn start(fps: u32) -> Self {
        let unix = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        Self {
            start: Instant::now(),
            unix: unix.unwrap_or_default(),
            fps: fps.max(1),
        }
    }

    /// The start as time since 1970.
    pub(crate) fn unix(&self) -> Duration {
        self.unix
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }

    /// Time from the start to a frame.
    pub(crate) fn offset(&self, number: u64) -> Duration {
        let ns = u128::from(number) * SECOND_NS / u128::from(self.fps);
        Duration::from_nanos(ns.min(u128::from(u64::MAX)) as u64)
    }

    /// The moment so long after the start.
    pub(crate) fn at(&self, elapsed: Duration) -> Instant {
        self.start + elapsed
    }

    /// When a frame is due.
    pub(crate) fn due(&self, number: u64) -> Instant {
        self.at(self.offset(number))
    }

    /// The newest frame at that time after the start.
    pub(crate) fn number_at(&self, elapsed: Duration) -> u64 {
        // One nanosecond more: an offset that was rounded down is its frame's.
        ((elapsed.as_nanos() + 1) * u128::from(self.fps) / SECOND_NS) as u64
    }

    /// The newest frame now.
    pub(crate) fn number(&self) -> u64 {
        self.number_at(self.elapsed())
    }
}

#[cfg(test)]
mod tests {
    use super::Clock;

    #[tokio::test(start_paused = true)]
    async fn numbers_and_offsets_agree() {
        for fps in [1, 7, 25, 30, 120] {
            let clock = Clock::start(fps);
            for number in [0, 1, 2, 3, 99, 1_000_003, 10_000_000_019] {
                assert_eq!(clock.number_at(clock.offset(number)), number, "{fps}");
            }
        }
    }
}
