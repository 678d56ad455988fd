//! The pictures of the last moments, as whole groups that begin with a keyframe.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::media::{Packet, VideoTrack};

/// Whole groups of pictures, the first one beginning with a keyframe. They reach back as far as
/// asked for and no further than needed.
#[derive(Debug)]
pub struct Groups {
    pictures: VecDeque<(Arc<VideoTrack>, Packet)>,
    bytes: usize,
    reach_us: i64,
    most_bytes: usize,
    /// Pictures from here on are needed, however old they are.
    needed_from_us: i64,
}

impl Groups {
    /// Keeps groups until the one behind them is `reach_us` old. `most_bytes` stops a camera
    /// without keyframes; the pictures are shared with others who hold them.
    pub fn new(reach_us: i64, most_bytes: usize) -> Self {
        Self {
            pictures: VecDeque::new(),
            bytes: 0,
            reach_us,
            most_bytes,
            needed_from_us: i64::MAX,
        }
    }

    /// Adds the newest picture and lets go of groups that are older than needed.
    pub fn push(&mut self, track: &Arc<VideoTrack>, packet: Packet) {
        if self.pictures.is_empty() && !packet.keyframe {
            return;
        }
        let now_us = packet.pts_us;
        self.bytes += packet.data.len();
        self.pictures.push_back((Arc::clone(track), packet));
        while let Some(next) = self.second_group() {
            let keep_from_us = self.needed_from_us.min(now_us - self.reach_us);
            let old_enough = self.pictures[next].1.pts_us <= keep_from_us;
            if !old_enough && self.bytes <= self.most_bytes {
                break;
            }
            for (_, packet) in self.pictures.drain(..next) {
                self.bytes -= packet.data.len();
            }
        }
        if self.bytes > self.most_bytes {
            self.clear();
        }
    }

    /// Pictures from this time on are needed, however old they become.
    pub fn need_from(&mut self, us: i64) {
        self.needed_from_us = us;
    }

    /// Lets go of everything: what comes next is another stream.
    pub fn clear(&mut self) {
        self.pictures.clear();
        self.bytes = 0;
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

    /// From the newest keyframe at or before `at_us` on, or from the oldest that is there.
    pub fn since(&self, at_us: i64) -> impl Iterator<Item = &(Arc<VideoTrack>, Packet)> {
        let before =
            |(_, packet): &(Arc<VideoTrack>, Packet)| packet.keyframe && packet.pts_us <= at_us;
        let from = self.pictures.iter().rposition(before).unwrap_or(0);
        self.pictures.iter().skip(from)
    }

    /// Bits a second, where there is enough of it to tell.
    pub fn bitrate(&self) -> Option<f64> {
        let first_us = self.pictures.front()?.1.pts_us;
        let seconds = (self.pictures.back()?.1.pts_us - first_us) as f64 / 1e6;
        (seconds > 0.5).then(|| self.bytes as f64 * 8.0 / seconds)
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

    fn fed(pictures: impl IntoIterator<Item = (i64, bool, usize)>) -> Groups {
        let track = VideoTrack {
            codec: Codec::H264,
            config: Bytes::new(),
            width: 0,
            height: 0,
        };
        let track = Arc::new(track);
        let mut held = Groups::new(4_000_000, 48 << 20);
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

    fn times_ms(held: &Groups) -> Vec<i64> {
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
    fn what_is_needed_is_kept_however_old() {
        let mut held = fed((0..8).map(|n| (n * 500, n % 2 == 0, 1)));
        held.need_from(1_700_000);
        let (track, _) = held.pictures[0].clone();
        for n in 8..40 {
            let data = Bytes::from(vec![0]);
            let (pts_us, keyframe) = (n * 500_000, n % 2 == 0);
            held.push(
                &track,
                Packet {
                    pts_us,
                    keyframe,
                    lost_before: 0,
                    data,
                },
            );
        }
        assert_eq!(times_ms(&held)[0], 1000);
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

    #[test]
    fn a_reader_begins_at_or_before_the_moment_it_asks_for() {
        let held = fed((0..20).map(|n| (n * 500, n % 2 == 0, 1)));
        let first = |at_ms: i64| {
            held.since(at_ms * 1000)
                .next()
                .map(|(_, p)| p.pts_us / 1000)
        };
        assert_eq!(first(9_499), Some(9_000));
        assert_eq!(first(8_999), Some(8_000));
        assert_eq!(first(0), Some(5_000), "no further back than there is");
        assert_eq!(first(i64::MAX / 1000), Some(9_000));
    }
}
