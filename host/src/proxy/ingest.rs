//! From what an adapter says to the host's own vocabulary. An adapter is not believed: what it
//! delivers is checked, and nonsense ends its attempt with a reason.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;
use tracing::info;

use super::feed::Shared;
use super::status::CameraState;
use crate::camera::Sink;
use crate::clock::now_us;
use crate::media::nal::{self, ParameterSets};
use crate::media::timeline::Timeline;
use crate::media::{Codec, Packet, VideoTrack, jpeg};
use crate::plugins::types;

/// A picture's size: stops an adapter from filling the memory of every reader.
const PICTURE_BYTES: usize = 8 << 20;
/// Size of a track's parameter sets.
const CONFIG_BYTES: usize = 64 << 10;
/// Tracks that an adapter may tell.
const TRACKS: usize = 16;
/// Pictures between two tellings of the measured rate.
const FPS_EVERY: u32 = 25;

/// One attempt's way into the feed.
pub struct Ingest {
    shared: Arc<Shared>,
    video: Option<Video>,
    /// When the last picture came, or the attempt began.
    pub last_picture: Instant,
    /// When the first keyframe of this attempt came.
    pub live_since: Option<Instant>,
}

struct Video {
    id: u32,
    track: Arc<VideoTrack>,
    timeline: Timeline,
    fps: Fps,
}

impl Ingest {
    pub fn new(shared: Arc<Shared>) -> Self {
        Self {
            shared,
            video: None,
            last_picture: Instant::now(),
            live_since: None,
        }
    }

    /// How long pictures have come in this attempt.
    pub fn live_for(&self) -> Option<Duration> {
        self.live_since
            .map(|since| self.last_picture.duration_since(since))
    }

    /// A way to see from outside whether pictures come: their number so far.
    pub fn shared_frames(&self) -> impl FnMut() -> u64 + use<> {
        let shared = Arc::clone(&self.shared);
        move || shared.frames()
    }

    fn picture(&mut self, packet: types::Packet) -> Result<(), String> {
        let Some(video) = self.video.as_mut().filter(|video| video.id == packet.track) else {
            return Ok(());
        };
        if packet.data.len() > PICTURE_BYTES {
            return Err(format!(
                "the adapter delivered a picture of {} bytes",
                packet.data.len()
            ));
        }
        let data = Bytes::from(packet.data);
        let keyframe = match video.track.codec {
            Codec::Mjpeg => {
                if !jpeg::is_whole(&data) {
                    return Err("the adapter delivered what is not a whole JPEG".into());
                }
                true
            }
            Codec::H264 | Codec::H265 => {
                nal::units(&data)
                    .map_err(|error| format!("the adapter delivered a broken picture: {error}"))?;
                packet.keyframe
            }
        };
        if self.live_since.is_none() && !keyframe {
            return Ok(());
        }
        if keyframe && let Some(changed) = refreshed(&video.track, &data) {
            video.track = Arc::new(changed);
            self.shared.set_track(Arc::clone(&video.track));
            show_track(&self.shared, &video.track);
        }
        // A picture cannot have arrived later than now, whatever the adapter says.
        let arrived_us = i64::try_from(packet.arrived)
            .unwrap_or(i64::MAX)
            .min(now_us());
        let pts_us = video.timeline.stamp(packet.timestamp, arrived_us);
        let lost_before = packet.lost_before;
        if let Some(fps) = video.fps.count(pts_us) {
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
        self.last_picture = Instant::now();
        if self.live_since.is_none() {
            self.live_since = Some(self.last_picture);
            let VideoTrack {
                codec,
                width,
                height,
                ..
            } = *video.track;
            info!(%codec, width, height, "camera live");
            self.shared.status.send_modify(|status| {
                if status.state == CameraState::Lost {
                    status.reconnects += 1;
                }
                status.state = CameraState::Live;
                status.failures = 0;
            });
        }
        Ok(())
    }
}

impl Sink for Ingest {
    fn tracks(&mut self, tracks: Vec<types::Track>) -> Result<(), String> {
        if tracks.len() > TRACKS {
            return Err(format!("the adapter told of {} tracks", tracks.len()));
        }
        let codecs: Vec<&str> = tracks.iter().map(|track| track.codec.as_str()).collect();
        let codecs = codecs.join(", ");
        let chosen = tracks
            .into_iter()
            .find_map(|track| match Codec::from_name(&track.codec) {
                Some(codec @ (Codec::H264 | Codec::Mjpeg)) => Some((codec, track)),
                _ => None,
            });
        let Some((codec, track)) = chosen else {
            return Err(format!(
                "the camera sends nothing that can be recorded (it has: {codecs}); hint: set it to H.264"
            ));
        };
        if track.config.len() > CONFIG_BYTES || !(1..=1_000_000_000).contains(&track.clock_rate) {
            return Err("the adapter told of a track with impossible values".into());
        }
        nal::units(&track.config)
            .map_err(|error| format!("the adapter told of broken parameter sets: {error}"))?;
        let (width, height) = dimensions(&track.config).unwrap_or((0, 0));
        let config = Bytes::from(track.config);
        let now = Arc::new(VideoTrack {
            codec,
            config,
            width,
            height,
        });
        match &mut self.video {
            Some(video) if video.id == track.id && video.track.codec == codec => {
                if video.track != now {
                    video.track = Arc::clone(&now);
                    self.shared.set_track(now);
                }
            }
            _ => {
                // Positions of an earlier attempt mean nothing on this one's clock.
                let timeline = Timeline::new(track.clock_rate);
                let fps = Fps::default();
                self.video = Some(Video {
                    id: track.id,
                    track: Arc::clone(&now),
                    timeline,
                    fps,
                });
                self.shared.set_track(now);
            }
        }
        if let Some(video) = &self.video {
            show_track(&self.shared, &video.track);
        }
        Ok(())
    }

    fn packets(&mut self, packets: Vec<types::Packet>) -> Result<(), String> {
        packets
            .into_iter()
            .try_for_each(|packet| self.picture(packet))
    }

    fn reference(&mut self, _reference: types::ClockReference) {
        // Kept for splicing two instances of an adapter by capture time.
    }
}

fn dimensions(config: &[u8]) -> Option<(u32, u32)> {
    ParameterSets::find(config).ok()?.dimensions()
}

/// The track as a keyframe shows it, where that is something new.
fn refreshed(track: &VideoTrack, keyframe: &Bytes) -> Option<VideoTrack> {
    let mut seen = track.clone();
    match track.codec {
        Codec::Mjpeg => {
            let info = jpeg::info(keyframe).ok()?;
            (seen.width, seen.height) = (info.width, info.height);
        }
        Codec::H264 => {
            let sets = ParameterSets::find(keyframe)
                .ok()
                .filter(ParameterSets::is_complete)?;
            seen.config = sets.to_config();
            (seen.width, seen.height) = sets.dimensions().unwrap_or((0, 0));
        }
        Codec::H265 => {}
    }
    (seen != *track).then_some(seen)
}

fn show_track(shared: &Shared, track: &VideoTrack) {
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
