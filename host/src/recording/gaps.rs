//! Finds the times without pictures. Pure.

use super::status::Gap;

/// A pause as long as this is a gap, unless the camera is slower by itself. Promise: whatever
/// dies, at most the last two seconds are lost.
const LEAST_US: i64 = 2_000_000;

/// Follows the pictures of one recording.
#[derive(Debug)]
pub struct GapFinder {
    zero_us: i64,
    last_us: i64,
    /// The usual distance of pictures, microseconds.
    usual_us: i64,
    cause: Option<&'static str>,
}

impl GapFinder {
    /// Begins with the first picture.
    pub fn new(zero_us: i64) -> Self {
        Self {
            zero_us,
            last_us: zero_us,
            usual_us: 40_000,
            cause: None,
        }
    }

    /// Goes on after a time in which the host was not there; the last picture ended at
    /// `last_us`.
    pub fn resumed(zero_us: i64, last_us: i64) -> Self {
        let mut finder = Self::new(zero_us);
        finder.last_us = last_us.max(zero_us);
        finder.blame("host");
        finder
    }

    /// Something happened that explains a gap, should there be one. A cause that is known
    /// already stays: the first one is where it began.
    pub fn blame(&mut self, cause: &'static str) {
        self.cause.get_or_insert(cause);
    }

    /// Second 0 of the recording, microseconds.
    pub fn zero_us(&self) -> i64 {
        self.zero_us
    }

    /// Pictures behind this point came, and are not in the file after all.
    pub fn missing_from(&mut self, us: i64) {
        self.last_us = self.last_us.min(us.max(self.zero_us));
    }

    /// The time between what is in the file and what can still be written, if it is a gap.
    pub fn hole(&self, written_us: i64, held_us: i64) -> Option<Gap> {
        let distance = held_us - written_us;
        (distance >= (self.usual_us * 3).max(250_000)).then(|| Gap {
            start_seconds: rounded(written_us - self.zero_us),
            seconds: rounded(distance),
            cause: "ffmpeg".into(),
        })
    }

    /// A picture came; tells the gap before it, if there was one.
    pub fn picture(&mut self, pts_us: i64) -> Option<Gap> {
        let distance = pts_us - self.last_us;
        let gap = self.gap_until(pts_us);
        if gap.is_none() {
            self.usual_us = (self.usual_us * 7 + distance.max(0)) / 8;
        }
        self.last_us = self.last_us.max(pts_us);
        self.cause = None;
        gap
    }

    /// The gap that lasts until `until_us`, if there is one.
    pub fn gap_until(&self, until_us: i64) -> Option<Gap> {
        let distance = until_us - self.last_us;
        // With a known cause a much shorter pause counts; without one a slow camera is slow.
        let least = match self.cause {
            Some(_) => (self.usual_us * 3).max(250_000),
            None => LEAST_US.max(self.usual_us * 4),
        };
        (distance >= least).then(|| Gap {
            start_seconds: rounded(self.last_us - self.zero_us),
            seconds: rounded(distance),
            cause: self.cause.unwrap_or("no_picture").into(),
        })
    }
}

fn rounded(us: i64) -> f64 {
    (us as f64 / 1000.0).round() / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(finder: &mut GapFinder, pictures: impl IntoIterator<Item = i64>) -> Vec<Gap> {
        pictures
            .into_iter()
            .filter_map(|ms| finder.picture(ms * 1000))
            .collect()
    }

    #[test]
    fn pauses_are_gaps_and_slow_cameras_are_not() {
        let mut finder = GapFinder::new(0);
        assert_eq!(found(&mut finder, (1..100).map(|n| n * 40)), []);
        let gap = Gap {
            start_seconds: 3.96,
            seconds: 4.04,
            cause: "no_picture".into(),
        };
        assert_eq!(found(&mut finder, [8000]), [gap]);
        let mut slow = GapFinder::new(0);
        assert_eq!(found(&mut slow, (1..40).map(|n| n * 1500)), []);
    }

    #[test]
    fn what_was_not_written_is_missing() {
        let mut finder = GapFinder::new(0);
        found(&mut finder, (1..100).map(|n| n * 40));
        assert_eq!(finder.hole(3_900_000, 3_960_000), None);
        let gap = |seconds| Gap {
            start_seconds: 2.0,
            seconds,
            cause: "ffmpeg".into(),
        };
        assert_eq!(finder.hole(2_000_000, 3_000_000), Some(gap(1.0)));
        finder.blame("ffmpeg");
        finder.missing_from(2_000_000);
        assert_eq!(found(&mut finder, [5000, 5040]), [gap(3.0)]);
    }

    #[test]
    fn a_known_cause_makes_short_gaps_count() {
        let mut finder = GapFinder::new(0);
        found(&mut finder, (1..25).map(|n| n * 40));
        finder.blame("camera_lost");
        finder.blame("overload");
        let gap = Gap {
            start_seconds: 0.96,
            seconds: 1.04,
            cause: "camera_lost".into(),
        };
        assert_eq!(found(&mut finder, [2000, 2040]), [gap]);
    }
}
