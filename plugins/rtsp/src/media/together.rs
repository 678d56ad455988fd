//! Two streams laid beside each other by one moment at which both timestamps are known: reports as
//! a sender without a wall clock would send them, which counts from something of its own (RFC
//! 3550, section 6.4.1). Pure.

use padelvar_sdk::Microseconds;

/// See the module.
#[derive(Debug)]
pub struct Together {
    /// What is called the time of that moment.
    at: Microseconds,
    /// Ticks a second of the pictures and of the sound.
    rates: [u32; 2],
    /// The sound's timestamp at that moment.
    sound: u32,
    /// The last timestamp of the pictures that was asked about, and how many ticks it is after
    /// that moment: it may wrap around more than once.
    last: u32,
    elapsed: i64,
}

/// The timestamps of both streams at one time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// Of the pictures and of the sound.
    pub timestamps: [u32; 2],
    /// Seconds and fraction.
    pub ntp: u64,
}

impl Together {
    /// `starts`: timestamps of the pictures and of the sound at one moment; `rates`: their ticks
    /// a second, not 0; `at`: when that was.
    pub fn new(starts: [u32; 2], rates: [u32; 2], at: Microseconds) -> Self {
        let [last, sound] = starts;
        Self {
            at,
            rates,
            sound,
            last,
            elapsed: 0,
        }
    }

    /// The last moment that was asked about, at first the beginning.
    pub fn latest(&self) -> Moment {
        let [pictures, sound] = self.rates.map(i128::from);
        let elapsed = i128::from(self.elapsed);
        let ticks = elapsed * sound / pictures.max(1);
        let us = i128::from(self.at) + elapsed * 1_000_000 / pictures.max(1);
        Moment {
            timestamps: [self.last, self.sound.wrapping_add(ticks as u32)],
            // What is before the clock's own beginning cannot be told.
            ntp: ((us.max(0) << 32) / 1_000_000) as u64,
        }
    }

    /// The moment at which the pictures' timestamp is this one. To be asked more often than half
    /// the time in which a timestamp wraps around: 6 hours at 90 kHz.
    pub fn at(&mut self, timestamp: u32) -> Moment {
        let step = timestamp.wrapping_sub(self.last) as i32;
        self.elapsed = self.elapsed.saturating_add(i64::from(step));
        self.last = timestamp;
        self.latest()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn before_after_and_around() {
        let mut together = Together::new([900, u32::MAX], [90_000, 8_000], 5_000_000);
        let moment = |timestamps, ntp| Moment { timestamps, ntp };
        assert_eq!(together.latest(), moment([900, u32::MAX], 5 << 32));
        assert_eq!(together.at(45_900), moment([45_900, 3_999], 11 << 31));
        let before = together.at(900u32.wrapping_sub(900_000));
        assert_eq!(before.timestamps[1], u32::MAX - 80_000);
        assert_eq!(before.ntp, 0);
    }

    #[test]
    fn a_day_of_reports_adds_no_error() {
        let mut together = Together::new([0, 0], [90_000, 44_100], 0);
        let mut timestamp = 0u32;
        // 4.7 s each: no whole number of the sound's ticks.
        for _ in 0..18_000 {
            timestamp = timestamp.wrapping_add(423_001);
            together.at(timestamp);
        }
        let ticks = 18_000u64 * 423_001;
        let latest = together.latest();
        assert_eq!(latest.timestamps[1], (ticks * 441 / 900) as u32);
        assert_eq!(latest.ntp >> 32, ticks / 90_000);
    }
}
