//! Whether a child that was given work still lives. Pure: the caller brings the time.
//!
//! FFmpeg is silent while its input is, so only time in which it had something to do counts
//! against it. A process that was stopped, or waits for itself, gives no sign of any kind; one
//! that is slow on a busy machine still uses the processor.

/// Without any sign of life for so long, microseconds, although there was work, a child hangs.
/// What it had not written by then is held (see `feeding`).
const SILENT_US: i64 = 3_000_000;
/// After so long without a fragment or a picture more, microseconds, other signs are asked for.
/// A healthy child writes a fragment a second.
const ASK_US: i64 = 1_000_000;
/// Without a fragment or a picture more for so long, microseconds, it hangs, whatever else it
/// does: a loop uses the processor as well. Encoders on a busy machine take some seconds.
const IDLE_US: i64 = 30_000_000;
/// Two looks that are further apart than this, microseconds, say that there was no work between
/// them: cameras may send a picture a second, or none for a while.
const STEP_US: i64 = 1_000_000;

/// The time that a child has had work and shown nothing for it.
#[derive(Debug)]
pub struct Staleness {
    looked_us: i64,
    /// Fragments and pictures when it was last seen to get on.
    work: u64,
    /// Anything else that it did, when it was last asked for.
    other: Option<u64>,
    /// Time with work and without result, microseconds.
    idle_us: i64,
    /// Time with work and without any sign, microseconds.
    silent_us: i64,
}

impl Staleness {
    /// A child that begins now.
    pub fn new(now_us: i64) -> Self {
        Self {
            looked_us: now_us,
            work: 0,
            other: None,
            idle_us: 0,
            silent_us: 0,
        }
    }

    /// A look at a child that has work: tells whether it hangs. `work` counts its results,
    /// `other` whatever else it does that a dead process would not; both only ever rise.
    pub fn look(&mut self, now_us: i64, work: u64, other: impl FnOnce() -> u64) -> bool {
        let step_us = (now_us - self.looked_us).clamp(0, STEP_US);
        self.looked_us = now_us;
        if work != self.work {
            self.work = work;
            self.other = None;
            (self.idle_us, self.silent_us) = (0, 0);
            return false;
        }
        self.idle_us += step_us;
        self.silent_us += step_us;
        if self.silent_us >= ASK_US {
            let other = Some(other());
            if self.other != other {
                self.other = other;
                self.silent_us = 0;
            }
        }
        self.silent_us >= SILENT_US || self.idle_us >= IDLE_US
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Looks every `step_ms`, from the start on; when the child is found to hang, milliseconds.
    fn found_ms(step_ms: i64, signs: impl Fn(i64) -> (u64, u64)) -> Option<i64> {
        let mut staleness = Staleness::new(0);
        (1..=60_000 / step_ms).map(|n| n * step_ms).find(|&ms| {
            let (work, other) = signs(ms);
            staleness.look(ms * 1000, work, || other)
        })
    }

    #[test]
    fn one_without_any_sign_hangs() {
        assert_eq!(found_ms(40, |_| (0, 7)), Some(4_000));
        // It stopped in the middle of its work.
        let stopped = found_ms(40, |ms| {
            (ms.min(10_000) as u64 / 1000, ms.min(10_000) as u64)
        });
        assert!((14_000..14_200).contains(&stopped.unwrap()), "{stopped:?}");
    }

    #[test]
    fn one_that_works_does_not() {
        assert_eq!(found_ms(40, |ms| (ms as u64 / 1000, 0)), None);
        // Late, and with a pause of several seconds: it used the processor all the same.
        assert_eq!(
            found_ms(40, |ms| (ms as u64 / 9_000, ms as u64 / 500)),
            None
        );
    }

    #[test]
    fn one_that_turns_in_a_circle_hangs() {
        let circle = found_ms(40, |ms| (0, ms as u64));
        assert!((30_000..30_100).contains(&circle.unwrap()), "{circle:?}");
    }

    #[test]
    fn time_without_work_does_not_count() {
        let mut staleness = Staleness::new(0);
        // The camera was silent for a minute, then a picture comes.
        assert!(!staleness.look(40_000, 5, || 0));
        assert!(!staleness.look(60_040_000, 5, || 0));
        assert!(!staleness.look(60_080_000, 5, || 0));
        // A picture in ten seconds, each answered by a fragment.
        let slow = found_ms(10_000, |ms| (ms as u64 / 10_000, 0));
        assert_eq!(slow, None);
    }

    #[test]
    fn a_clock_that_goes_back_does_no_harm() {
        let mut staleness = Staleness::new(1_000_000);
        assert!(!staleness.look(0, 0, || 0));
        assert!(!staleness.look(i64::MAX / 2, 0, || 0));
    }
}
