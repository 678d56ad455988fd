//! The pictures of the last seconds, for the next FFmpeg child should this one die. Pure.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::media::{Packet, VideoTrack};

/// How far back the pictures reach, microseconds: FFmpeg holds back a fragment of a second and
/// what its encoder looks ahead.
const REACH_US: i64 = 4_000_000;
/// Bytes of pictures that are held: stops a camera without keyframes. They are shared with the
/// feed, so this is a bound and not a cost.
const MOST_BYTES: usize = 48 << 20;

/// Whole groups of pictures, the first one beginning with a keyframe.
#[derive(Debug, Default)]
pub struct Held {
    pictures: VecDeque<(Arc<VideoTrack>, Packet)>,
    bytes: usize,
}

impl Held {
    /// Adds the newest picture and lets go of groups that are older than needed.
    pub fn push(&mut self, track: &Arc<VideoTrack>, packet: Packet) {
        if self.pictures.is_empty() && !packet.keyframe {
            return;
        }
        let now_us = packet.pts_us;
        self.bytes += packet.data.len();
        self.pictures.push_back((Arc::clone(track), packet));
        while let Some(next) = self.second_group() {
            let old_enough = self.pictures[next].1.pts_us <= now_us - REACH_US;
            if !old_enough && self.bytes <= MOST_BYTES {
                break;
            }
            for (_, packet) in self.pictures.drain(..next) {
                self.bytes -= packet.data.len();
            }
        }
        if self.bytes > MOST_BYTES {
            self.clear();
        }
    }

    /// Lets go of everything: what comes next is another stream.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// The track and time of the first picture.
    pub fn first(&self) -> Option<(&Arc<VideoTrack>, i64)> {
        self.pictures
            .front()
            .map(|(track, packet)| (track, packet.pts_us))
    }

    /// All of them, in their order.
    pub fn packets(&self) -> Vec<Packet> {
        self.pictures
            .iter()
            .map(|(_, packet)| packet.clone())
            .collect()
    }

    /// Where the second group begins.
    fn second_group(&self) -> Option<usize> {
        self.pictures
            .iter()
            .skip(1)
            .position(|(_, packet)| packet.keyframe)
            .map(|at| at + 1)
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::media::Codec;

    fn fed(pictures: impl IntoIterator<Item = (i64, bool, usize)>) -> Held {
        let track = VideoTrack {
            codec: Codec::H264,
            config: Bytes::new(),
            width: 0,
            height: 0,
        };
        let track = Arc::new(track);
        let mut held = Held::default();
        for (ms, keyframe, size) in pictures {
            let data = Bytes::from(vec![0; size]);
            held.push(
                &track,
                Packet {
                    pts_us: ms * 1000,
                    keyframe,
                    lost_before: 0,
                    data,
                },
            );
        }
        held
    }

    fn times_ms(held: &Held) -> Vec<i64> {
        held.packets()
            .iter()
            .map(|packet| packet.pts_us / 1000)
            .collect()
    }

    #[test]
    fn whole_groups_that_reach_far_enough() {
        // A keyframe every second, two pictures a second, ten seconds.
        let held = fed((0..20).map(|n| (n * 500, n % 2 == 0, 1)));
        assert_eq!(times_ms(&held)[0], 5000);
        assert_eq!(held.first().map(|(_, at)| at), Some(5_000_000));
    }

    #[test]
    fn a_long_group_is_held_whole() {
        let held = fed((0..20).map(|n| (n * 1000, n == 0, 1)));
        assert_eq!(times_ms(&held).len(), 20);
    }

    #[test]
    fn bounded_and_beginning_with_a_keyframe() {
        let held = fed([(0, false, 1)]);
        assert!(held.first().is_none());
        let held = fed([(0, true, 30 << 20), (100, false, 30 << 20), (200, false, 1)]);
        assert!(held.first().is_none());
        let held = fed([(0, true, 30 << 20), (100, true, 30 << 20)]);
        assert_eq!(times_ms(&held), [100]);
    }
}
