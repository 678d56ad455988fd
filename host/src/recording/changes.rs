//! Whether a copied stream that changes its parameter sets gets another FFmpeg child. Pure.
//!
//! Another child costs nothing that is seen, and its part of the file has a sample entry of its
//! own. A camera that changes with every keyframe must not make one a second: its sets come
//! in-band as well, which most players stand.

use std::collections::VecDeque;

use crate::media::nal::ParameterSets;
use crate::media::{Codec, VideoTrack, mkv};

/// So many children for changes within [`WITHIN_US`], no more.
const MOST: usize = 5;
/// See [`MOST`], microseconds.
const WITHIN_US: i64 = 60_000_000;

/// `profile_idc` of all profiles (ITU-T H.264, annexes A, G, H, I and J).
const PROFILES: [u8; 15] = [
    44, 66, 77, 83, 86, 88, 100, 110, 118, 122, 128, 134, 135, 138, 244,
];

/// Counts the children of one recording that were made for a change.
#[derive(Debug, Default)]
pub struct Changes {
    at_us: VecDeque<i64>,
}

impl Changes {
    /// Whether the child that was begun with `now` is to be replaced at this keyframe of
    /// `coming`. For sets that make no sense it is not: rubbish goes by.
    pub fn asks(&mut self, now: &VideoTrack, coming: &VideoTrack, pts_us: i64) -> bool {
        let same =
            now.config == coming.config && (now.width, now.height) == (coming.width, coming.height);
        if same || !is_plausible(coming) {
            return false;
        }
        let oldest = pts_us.saturating_sub(WITHIN_US);
        while self.at_us.front().is_some_and(|&at| at < oldest) {
            self.at_us.pop_front();
        }
        let asks = self.at_us.len() < MOST;
        if asks {
            self.at_us.push_back(pts_us);
        }
        asks
    }
}

/// Whether a child could be begun with this. Random bytes mostly name a profile that there is not.
fn is_plausible(track: &VideoTrack) -> bool {
    let known = || {
        let sets = ParameterSets::find(&track.config).ok();
        let profiles = sets.map(|sets| {
            sets.sps
                .iter()
                .all(|sps| sps.get(1).is_some_and(|profile| PROFILES.contains(profile)))
        });
        profiles.unwrap_or(false)
    };
    mkv::header(track).is_ok() && (track.codec != Codec::H264 || known())
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::media::testing;

    fn track(size: &str) -> VideoTrack {
        let data = testing::from_annex_b(&testing::h264(&["-s", size], 1));
        let sets = ParameterSets::find(&data).unwrap();
        let (width, height) = sets.dimensions().unwrap();
        VideoTrack {
            codec: Codec::H264,
            config: sets.to_config(),
            width,
            height,
        }
    }

    #[test]
    fn other_sets_ask_and_rubbish_does_not() {
        let (small, large) = (track("320x180"), track("640x360"));
        let mut changes = Changes::default();
        assert!(!changes.asks(&small, &small.clone(), 0));
        assert!(changes.asks(&small, &large, 0));
        let rubbish = VideoTrack {
            config: Bytes::from_static(&[0, 0, 0, 2, 0x67, 1, 0, 0, 0, 2, 0x68, 1]),
            width: 0,
            height: 0,
            ..large.clone()
        };
        assert!(!changes.asks(&small, &rubbish, 0));
        let mut unknown = large.config.to_vec();
        unknown[5] = 99;
        let unknown = VideoTrack {
            config: unknown.into(),
            ..large
        };
        assert!(!changes.asks(&small, &unknown, 0));
    }

    #[test]
    fn a_camera_that_changes_all_the_time_gets_a_few_children() {
        let tracks = [track("320x180"), track("640x360")];
        let mut changes = Changes::default();
        let asked = (0..600).filter(|second| {
            changes.asks(&tracks[0], &tracks[second % 2], *second as i64 * 1_000_000)
        });
        assert_eq!(asked.count(), 50);
    }
}
