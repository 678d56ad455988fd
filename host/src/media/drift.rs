//! How a camera's clock ran against the host's. Pure.

use serde::{Deserialize, Serialize};

/// A rate is told once it was measured over this time, microseconds: what is left of the network's
/// jitter (a few milliseconds) is then some hundred parts per million at most.
const RATE_FROM_US: i64 = 10_000_000;

/// What was seen of a camera's clock, over the time in which it could be compared.
///
/// The comparison rests on the packets that the network held up least within 3 s, so it is true
/// to a few milliseconds, and to as much as the network's least delay changed meanwhile. Times
/// without a connection and the jumps of the camera's clock are not in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ClockRun {
    /// By how much more the camera's clock advanced than the host's, in microseconds: positive
    /// where the camera's is fast.
    pub drift_us: i64,
    /// Over which time, in microseconds of the host's clock.
    pub over_us: i64,
    /// How often the camera's clock was laid on the host's: 1 for a connection without faults,
    /// one more for each reconnect, jump and return of a clock that was not believed.
    pub anchors: u64,
    /// How often the camera's clock jumped by a second or more, or stood still. At the third one
    /// within 10 s it is not believed for 30 s, and the arrival counts.
    pub jumps: u64,
}

impl ClockRun {
    /// Both, one behind the other.
    #[must_use]
    pub fn and(self, later: Self) -> Self {
        Self {
            drift_us: self.drift_us.saturating_add(later.drift_us),
            over_us: self.over_us.saturating_add(later.over_us),
            anchors: self.anchors.saturating_add(later.anchors),
            jumps: self.jumps.saturating_add(later.jumps),
        }
    }

    /// What was added since an `earlier` look at the same feed.
    #[must_use]
    pub fn since(self, earlier: Self) -> Self {
        Self {
            drift_us: self.drift_us.saturating_sub(earlier.drift_us),
            over_us: self.over_us.saturating_sub(earlier.over_us),
            anchors: self.anchors.saturating_sub(earlier.anchors),
            jumps: self.jumps.saturating_sub(earlier.jumps),
        }
    }

    /// The drift in parts per million of the time, positive where the camera's clock is fast;
    /// none before 10 s of it were seen.
    pub fn parts_per_million(&self) -> Option<f64> {
        let enough = self.over_us >= RATE_FROM_US;
        enough.then(|| self.drift_us as f64 * 1e6 / self.over_us as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_needs_time() {
        let run = |drift_us, over_us| ClockRun {
            drift_us,
            over_us,
            anchors: 1,
            jumps: 0,
        };
        assert_eq!(run(5_000, 9_999_999).parts_per_million(), None);
        assert_eq!(run(-500, 10_000_000).parts_per_million(), Some(-50.0));
        let both = run(1_000, 8_000_000).and(run(3_000, 12_000_000));
        assert_eq!(both.parts_per_million(), Some(200.0));
        assert_eq!(
            (both.anchors, both.since(run(1_000, 8_000_000)).anchors),
            (2, 1)
        );
        assert_eq!(run(i64::MAX, i64::MAX).and(both).over_us, i64::MAX);
    }
}
