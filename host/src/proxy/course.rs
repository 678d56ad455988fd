//! The pictures' last stretch into the feed: one timeline over all that the attempts of one
//! stretch without an outage bring.

use std::sync::Arc;

use tracing::info;

use super::feed::Shared;
use super::trace::Seen;
use crate::media::timeline::Timeline;
use crate::media::{Codec, Packet, VideoTrack, sets, slice};

/// Ticks a second of the timeline: the attempts' own clocks are in its microseconds.
const CLOCK_RATE: u32 = 1_000_000;
/// Keeps times above what a timeline takes for a counter of 32 bits, and below its end.
const BIAS_US: i64 = 1 << 61;
/// Pictures between two tellings of the measured rate.
const FPS_EVERY: u32 = 25;

/// A picture that was checked.
#[derive(Clone, Debug)]
pub struct Picture {
    /// What it is.
    pub track: Arc<VideoTrack>,
    /// When it was taken and arrived.
    pub seen: Seen,
    /// Decoding can start here.
    pub keyframe: bool,
    /// Network packets known to be missing just before it.
    pub lost_before: u32,
    /// Its bytes.
    pub data: bytes::Bytes,
}

/// See the module.
pub struct Course {
    shared: Arc<Shared>,
    track: Option<Arc<VideoTrack>>,
    timeline: Timeline,
    fps: Fps,
}

impl Course {
    /// Nothing came yet.
    pub fn new(shared: Arc<Shared>) -> Self {
        Self {
            shared,
            track: None,
            timeline: Timeline::new(CLOCK_RATE),
            fps: Fps::default(),
        }
    }

    /// The camera's clock is laid on the host's anew: what comes is another stream.
    pub fn begin(&mut self, track: Arc<VideoTrack>) {
        self.shared.close_clock();
        // Positions of an earlier attempt mean nothing on this one's clock.
        self.timeline = Timeline::new(CLOCK_RATE).after(self.shared.last_us());
        self.fps = Fps::default();
        self.track = None;
        self.track(track);
    }

    /// What comes from here on is this track.
    pub fn track(&mut self, track: Arc<VideoTrack>) {
        if self.track.as_ref() == Some(&track) {
            return;
        }
        self.shared.set_track(Arc::clone(&track));
        show(&self.shared, &track);
        self.track = Some(track);
    }

    /// What is shown.
    pub fn shown(&self) -> Option<&Arc<VideoTrack>> {
        self.track.as_ref()
    }

    /// Gives a picture to the feed. `shift_us` is what its attempt's times lie behind those of
    /// the course. One that nobody can show only tells of the clock.
    /// When it is shown, in microseconds on the monotonic clock, is told.
    pub fn picture(&mut self, picture: Picture, shift_us: i64, can_be_shown: bool) -> i64 {
        let Picture {
            track,
            seen,
            keyframe,
            lost_before,
            data,
        } = picture;
        let same_codec = self
            .track
            .as_ref()
            .is_some_and(|now| now.codec == track.codec);
        if keyframe || !same_codec {
            self.track(Arc::clone(&track));
        }
        let bidirectional = !self.timeline.is_reordered()
            && match track.codec {
                Codec::H264 => slice::is_bidirectional(&data),
                Codec::H265 => keyframe && sets::find(Codec::H265, &data).is_ok_and(|s| s.reorders),
                Codec::Mjpeg => false,
            };
        if bidirectional {
            info!("the camera sends B-frames: pictures are shown in another order than they come");
            self.timeline.set_reordered();
        }
        let at = seen.camera_us.map(|us| {
            let us = us.saturating_add(shift_us).saturating_add(BIAS_US);
            us.clamp(1 << 33, i64::MAX) as u64
        });
        let pts_us = self.timeline.stamp(at, seen.arrived_us);
        if !can_be_shown {
            return pts_us;
        }
        self.shared.note_clock(self.timeline.clock());
        if let Some(fps) = self.fps.count(pts_us) {
            self.shared
                .status
                .send_modify(|status| status.fps = Some(fps));
        }
        self.shared.publish(Packet {
            pts_us,
            keyframe,
            lost_before,
            data,
        });
        pts_us
    }
}

fn show(shared: &Shared, track: &VideoTrack) {
    shared.status.send_if_modified(|status| {
        let known = |side: u32| (side > 0).then_some(side);
        let codec = Some(track.codec);
        let (width, height) = (known(track.width), known(track.height));
        let changed = (status.codec, status.width, status.height) != (codec, width, height);
        (status.codec, status.width, status.height) = (codec, width, height);
        changed
    });
}

/// Measures the rate of pictures over the last second or so.
#[derive(Default)]
struct Fps {
    from_us: Option<i64>,
    pictures: u32,
}

impl Fps {
    fn count(&mut self, pts_us: i64) -> Option<f64> {
        let from = *self.from_us.get_or_insert(pts_us);
        let elapsed_us = pts_us - from;
        let enough = self.pictures >= FPS_EVERY || (self.pictures > 0 && elapsed_us > 5_000_000);
        if !enough || elapsed_us <= 0 {
            self.pictures += 1;
            return None;
        }
        let fps = f64::from(self.pictures) * 1e6 / elapsed_us as f64;
        *self = Self {
            from_us: Some(pts_us),
            pictures: 1,
        };
        Some((fps * 100.0).round() / 100.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_measured() {
        let mut fps = Fps::default();
        let told: Vec<f64> = (0..60).filter_map(|n| fps.count(n * 40_000)).collect();
        assert_eq!(told, [25.0, 25.0]);
    }
}
