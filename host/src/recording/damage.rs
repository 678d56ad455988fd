//! Which pictures of a copied stream are left out after a loss. Pure.
//!
//! What was encoded after a lost picture refers to it until the next keyframe: shown, it smears
//! and does not decode without errors. Left out, the picture before it stands. A short stand is
//! better than a smear, a long one is worse.

use std::collections::VecDeque;

/// A keyframe that usually comes within this time, microseconds, is waited for; it is also as
/// long as nothing is shown at most. Promise: whatever dies, at most two seconds are lost. That
/// is a common distance of keyframes, hence the room for jitter.
const GROUP_US: i64 = 2_200_000;
/// Of this time, microseconds, ...
const LOOK_BACK_US: i64 = 10_000_000;
/// ... no more is left out than this: with losses all the time smears are better than nothing.
const MOST_OUT_US: i64 = LOOK_BACK_US / 3;
/// Distances of keyframes that tell the usual one: the middle one, since encoders add keyframes.
const INTERVALS: usize = 5;

/// Follows the pictures of one recording.
#[derive(Debug, Default)]
pub struct Damage {
    /// When the newest keyframe is shown, microseconds.
    group_us: Option<i64>,
    /// The same, but none across an interruption.
    key_us: Option<i64>,
    intervals: VecDeque<i64>,
    group: Group,
    /// (from, until) of what was left out, microseconds.
    left_out: VecDeque<(i64, i64)>,
}

/// The group that is coming.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Group {
    #[default]
    Whole,
    /// Pictures from there on refer to one that was lost, and are left out.
    /// Until `until_us` at most.
    LeftOut { from_us: i64, until_us: i64 },
    /// Pictures refer to one that was lost, and are kept.
    Smeared,
}

impl Damage {
    /// Whether the next picture in decoding order is to be kept. `lost`: something is missing
    /// just before it.
    pub fn keeps(&mut self, pts_us: i64, keyframe: bool, lost: bool) -> bool {
        if keyframe {
            self.close(pts_us);
            self.group_us = Some(pts_us);
            if let Some(before) = self.key_us.replace(pts_us) {
                self.intervals.push_back(pts_us.saturating_sub(before));
                if self.intervals.len() > INTERVALS {
                    self.intervals.pop_front();
                }
            }
            return true;
        }
        match self.group {
            Group::Whole if lost => self.begin(pts_us),
            // This group is longer than those before it.
            Group::LeftOut { until_us, .. } if pts_us > until_us => {
                self.close(pts_us);
                self.group = Group::Smeared;
            }
            _ => {}
        }
        !matches!(self.group, Group::LeftOut { .. })
    }

    /// Pictures are missing up to the next keyframe: its distance from the last one says nothing.
    pub fn interrupted(&mut self) {
        self.key_us = None;
    }

    fn begin(&mut self, pts_us: i64) {
        let (group_us, since_key_us) = match self.usual_us() {
            // A keyframe that was lost itself does not make its group longer.
            Some(usual_us) if usual_us > 0 => {
                (usual_us, self.since_key(pts_us).rem_euclid(usual_us))
            }
            _ => {
                let since_key_us = self.since_key(pts_us);
                (GROUP_US.max(since_key_us), since_key_us)
            }
        };
        let rest_us = group_us.saturating_sub(since_key_us).max(0);
        let out_us = self.left_out_since(pts_us.saturating_sub(LOOK_BACK_US));
        self.group = if group_us > GROUP_US || out_us.saturating_add(rest_us) > MOST_OUT_US {
            Group::Smeared
        } else {
            let until_us = pts_us.saturating_sub(since_key_us).saturating_add(GROUP_US);
            Group::LeftOut {
                from_us: pts_us,
                until_us,
            }
        };
    }

    fn since_key(&self, pts_us: i64) -> i64 {
        self.group_us
            .map_or(0, |key_us| pts_us.saturating_sub(key_us))
    }

    /// The group ends, or is shown again.
    fn close(&mut self, until_us: i64) {
        if let Group::LeftOut { from_us, .. } = self.group {
            self.left_out.push_back((from_us, until_us));
        }
        self.group = Group::Whole;
    }

    /// The usual distance of keyframes; none before there were two.
    fn usual_us(&self) -> Option<i64> {
        let mut sorted: Vec<i64> = self.intervals.iter().copied().collect();
        sorted.sort_unstable();
        sorted.get(sorted.len() / 2).copied()
    }

    fn left_out_since(&mut self, since_us: i64) -> i64 {
        while self
            .left_out
            .front()
            .is_some_and(|&(_, until)| until <= since_us)
        {
            self.left_out.pop_front();
        }
        let spans = self.left_out.iter();
        spans
            .map(|&(from, until)| until.saturating_sub(from.max(since_us)).max(0))
            .sum()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const FRAME_US: i64 = 40_000;

    /// The numbers of the pictures that are left out of so many, with a keyframe every `gop` and
    /// a loss before those that `lost` names.
    fn left_out(count: i64, gop: i64, lost: impl Fn(i64) -> bool) -> Vec<i64> {
        let mut damage = Damage::default();
        let out = (0..count).filter(|&n| !damage.keeps(n * FRAME_US, n % gop == 0, lost(n)));
        out.collect()
    }

    #[test]
    fn the_rest_of_a_group_is_left_out() {
        assert_eq!(
            left_out(200, 25, |n| n == 110),
            (110..125).collect::<Vec<_>>()
        );
        assert!(
            left_out(200, 25, |n| n == 100).is_empty(),
            "a keyframe is whole"
        );
        assert!(left_out(200, 25, |_| false).is_empty());
        let all = left_out(200, 50, |n| (130..150).contains(&n));
        assert_eq!(all, (130..150).collect::<Vec<_>>());
    }

    #[test]
    fn a_lost_keyframe_makes_no_group_longer() {
        let mut damage = Damage::default();
        // A keyframe every two seconds; what is from 186 to 217 is lost, with the keyframe 200.
        let arrived = (0..300).filter(|n| !(186..218).contains(n));
        let out: Vec<i64> = arrived
            .filter(|&n| !damage.keeps(n * FRAME_US, n % 50 == 0, n == 218))
            .collect();
        assert_eq!(out, (218..250).collect::<Vec<_>>());
    }

    #[test]
    fn with_keyframes_far_apart_all_is_kept() {
        assert!(left_out(500, 100, |n| n == 210).is_empty());
        assert!(left_out(500, 250, |n| n == 60).is_empty());
        // In the first group nobody knows yet: two seconds at most, from its keyframe on.
        assert_eq!(
            left_out(500, 250, |n| n == 10),
            (10..56).collect::<Vec<_>>()
        );
        assert_eq!(left_out(500, 25, |n| n == 10), (10..25).collect::<Vec<_>>());
    }

    #[test]
    fn with_losses_all_the_time_most_is_kept() {
        let out = left_out(25 * 60, 25, |n| n % 25 == 3);
        let share = out.len() as f64 / (25.0 * 60.0);
        assert!((0.2..=0.36).contains(&share), "{share}");
        // Losses now and then cost what they cost.
        assert_eq!(left_out(25 * 60, 25, |n| n % 250 == 3).len(), 6 * 22);
    }

    #[test]
    fn an_outage_is_no_distance_of_keyframes() {
        let mut damage = Damage::default();
        for n in 0..3 {
            damage.interrupted();
            assert!(damage.keeps(n * 30_000_000, true, false));
        }
        assert_eq!(damage.usual_us(), None);
        assert!(!damage.keeps(60_100_000, false, true));
    }

    proptest! {
        #[test]
        fn never_more_than_two_seconds_at_once(
            gop in 1i64..400,
            seed in prop::collection::vec(any::<bool>(), 1000),
        ) {
            let out = left_out(1000, gop, |n| seed[n as usize]);
            let mut run = 0;
            for pair in out.windows(2) {
                run = if pair[1] == pair[0] + 1 { run + 1 } else { 0 };
                prop_assert!(run <= 57, "{run}");
            }
            prop_assert!(out.len() <= 500, "{}", out.len());
        }

        #[test]
        fn any_times_are_taken(
            pictures in prop::collection::vec((any::<i64>(), any::<bool>(), any::<bool>()), 0..50),
        ) {
            let mut damage = Damage::default();
            for (pts_us, keyframe, lost) in pictures {
                damage.keeps(pts_us, keyframe, lost);
            }
        }
    }
}
