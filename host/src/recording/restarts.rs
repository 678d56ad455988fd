//! When FFmpeg ended: what the next child begins with, and when. Pure.
//!
//! A child that got on was not to blame for its death, and the next one begins at once. Children
//! that write nothing more one after the other are started ever more seldom; perhaps FFmpeg is
//! being replaced, and what comes meanwhile is held. Where they do begin to write, it may be one
//! picture that they cannot stand: then what is held is left out.

use std::time::Duration;

/// After so many children in a row that began and wrote nothing more, what is held is left out.
const LEFT_OUT_AFTER: u32 = 4;
/// Children that wrote nothing, before a recording without any picture in its file is given up:
/// then FFmpeg or its settings are wrong, and somebody should be told.
const GIVEN_UP_AFTER: u32 = 6;
/// Pauses before the third child, doubled from child to child, and the longest.
const PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(4);

/// What follows a child's end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Another child, after this pause.
    Again {
        /// How long to wait.
        pause: Duration,
        /// It begins with the next keyframe that comes, not with what is held.
        afresh: bool,
    },
    /// None: nothing was ever written.
    GiveUp,
}

/// The children of one recording so far.
#[derive(Debug)]
pub struct Restarts {
    /// Up to where on the recording's clock there are pictures in the file, microseconds.
    until_us: i64,
    wrote_any: bool,
    /// Children in a row that wrote nothing more.
    failures: u32,
    /// Those of them that had begun to write.
    begun: u32,
}

impl Restarts {
    /// Before the first child, which begins at this point of the recording's clock, microseconds.
    pub fn new(from_us: i64) -> Self {
        Self {
            until_us: from_us,
            wrote_any: false,
            failures: 0,
            begun: 0,
        }
    }

    /// Up to where on the recording's clock there are pictures in the file, microseconds.
    pub fn until_us(&self) -> i64 {
        self.until_us
    }

    /// A child that began at `from_us` on the recording's clock has ended, and its pictures are
    /// in the file up to `until_us`. `begun`: it had written something, if only a head.
    pub fn wrote(&mut self, from_us: i64, until_us: i64, begun: bool) {
        if until_us > from_us.max(self.until_us) {
            self.until_us = until_us;
            self.wrote_any = true;
            (self.failures, self.begun) = (0, 0);
        } else if begun {
            self.begun += 1;
        }
    }

    /// What is before this point of the recording's clock, microseconds, and not written is left
    /// out.
    pub fn left_out(&mut self, until_us: i64) {
        self.until_us = self.until_us.max(until_us);
    }

    /// What follows.
    pub fn next(&mut self) -> Next {
        self.failures += 1;
        if !self.wrote_any && self.failures >= GIVEN_UP_AFTER {
            return Next::GiveUp;
        }
        let pause = match self.failures {
            1 => Duration::ZERO,
            n => LONGEST_PAUSE.min(PAUSE * 2_u32.saturating_pow(n - 2)),
        };
        let afresh = self.begun >= LEFT_OUT_AFTER;
        if afresh {
            self.begun = 0;
        }
        Next::Again { pause, afresh }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn again(pause_ms: u64, afresh: bool) -> Next {
        let pause = Duration::from_millis(pause_ms);
        Next::Again { pause, afresh }
    }

    #[test]
    fn whoever_got_on_is_followed_at_once_however_often() {
        let mut restarts = Restarts::new(0);
        for n in 1..100 {
            restarts.wrote((n - 1) * 1000, n * 1000, true);
            assert_eq!(restarts.next(), again(0, false));
        }
        assert_eq!(restarts.until_us(), 99_000);
    }

    #[test]
    fn what_is_held_is_left_out_where_nobody_gets_past_it() {
        let mut restarts = Restarts::new(0);
        restarts.wrote(0, 5000, true);
        let mut ends = |from_us, until_us| {
            restarts.wrote(from_us, until_us, true);
            restarts.next()
        };
        assert_eq!(ends(4000, 4500), again(0, false));
        assert_eq!(ends(4000, 4000), again(250, false));
        assert_eq!(ends(4000, 5000), again(500, false));
        assert_eq!(ends(4000, 5000), again(1000, true));
        // It began behind the hole and wrote nothing either.
        assert_eq!(ends(9000, 9000), again(2000, false));
        assert_eq!(ends(9000, 9500), again(0, false));
    }

    #[test]
    fn one_that_cannot_be_started_is_waited_for_as_long_as_it_takes() {
        let mut restarts = Restarts::new(0);
        restarts.wrote(0, 5000, true);
        for _ in 0..50 {
            // One that ends as soon as it was started is no better than none.
            restarts.wrote(4000, 4000, false);
            assert!(matches!(restarts.next(), Next::Again { afresh: false, .. }));
        }
        assert_eq!(restarts.next(), again(4000, false));
    }

    #[test]
    fn without_any_picture_it_is_given_up() {
        let mut restarts = Restarts::new(7000);
        for _ in 1..GIVEN_UP_AFTER {
            restarts.wrote(7000, 7000, true);
            assert_ne!(restarts.next(), Next::GiveUp);
        }
        assert_eq!(restarts.next(), Next::GiveUp);
    }
}
