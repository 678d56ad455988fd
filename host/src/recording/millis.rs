//! The times of one child's pictures in whole milliseconds, as Matroska counts. Pure.

use std::collections::VecDeque;

/// Pictures among which a time must be free: more than a decoder can hold back (16).
const REMEMBERED: usize = 64;

/// Rounds times so that no two pictures share a millisecond: the muxer wants rising times.
#[derive(Debug, Default)]
pub struct Millis {
    recent: VecDeque<i64>,
    newest: Option<i64>,
    /// What comes next is later than this.
    floor: Option<i64>,
}

impl Millis {
    /// The time of the next picture in decoding order, milliseconds; none for one that is shown
    /// before the child's first. `us` counts from that first one. A keyframe and what is decoded
    /// after it comes behind all that was decoded before it, whatever `us` says; but pictures
    /// shown before the keyframe that is decoded before them keep their place.
    pub fn place(&mut self, us: i64, keyframe: bool) -> Option<i64> {
        let exact = us.saturating_add(500).div_euclid(1000);
        if keyframe {
            self.floor = self.newest;
        }
        if self.newest.is_some() && exact < 0 {
            return None;
        }
        let floor = self.floor.map_or(0, |floor| floor.saturating_add(1));
        let mut ms = exact.max(floor);
        while self.recent.contains(&ms) {
            ms += 1;
        }
        self.recent.push_back(ms);
        if self.recent.len() > REMEMBERED {
            self.recent.pop_front();
        }
        self.newest = self.newest.max(Some(ms));
        Some(ms)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn placed(pictures: &[(i64, bool)]) -> Vec<Option<i64>> {
        let mut millis = Millis::default();
        let placed = pictures.iter().map(|&(us, key)| millis.place(us, key));
        placed.collect()
    }

    #[test]
    fn rising_times_stay_and_equal_ones_are_moved() {
        let pictures = [
            (0, true),
            (400, false),
            (499, false),
            (40_000, false),
            (40_100, true),
        ];
        let ms = [0, 1, 2, 40, 41].map(Some);
        assert_eq!(placed(&pictures), ms);
    }

    #[test]
    fn pictures_that_are_shown_earlier_keep_their_place() {
        let us = [0, 120_000, 40_000, 80_000, 160_000];
        let pictures = us.map(|us| (us, us == 0));
        let ms = [0, 120, 40, 80, 160].map(Some);
        assert_eq!(placed(&pictures), ms);
        // Pictures of an open group are shown before its keyframe, those before a beginning are
        // not shown.
        let open = [
            (0, true),
            (-40_000, false),
            (120_000, true),
            (40_000, false),
        ];
        assert_eq!(placed(&open), [Some(0), None, Some(120), Some(40)]);
    }

    #[test]
    fn nothing_goes_behind_a_picture_that_was_repeated() {
        let pictures = [
            (0, true),
            (1_000_000, true),
            (960_000, true),
            (980_000, false),
        ];
        assert_eq!(placed(&pictures), [0, 1000, 1001, 1002].map(Some));
    }

    proptest! {
        #[test]
        fn no_two_share_a_time(
            pictures in prop::collection::vec((-5_000i64..500_000, any::<bool>()), 0..60),
        ) {
            let mut ms: Vec<i64> = placed(&pictures).into_iter().flatten().collect();
            let count = ms.len();
            ms.sort_unstable();
            ms.dedup();
            prop_assert_eq!(ms.len(), count);
            prop_assert!(ms.first().is_none_or(|&first| first >= 0));
        }
    }
}
