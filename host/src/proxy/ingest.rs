//! From what an adapter says to the host's own vocabulary. An adapter is not believed: what it
//! delivers is checked, and nonsense ends its attempt with a reason.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;

use super::junction::{Junction, LaneId, Part};
use super::picture;
use super::settle::Settle;
use crate::camera::{Sink, SinkError};
use crate::clock::now_us;
use crate::media::sound::{SoundCodec, SoundTrack};
use crate::media::{Codec, VideoTrack, sets};
use crate::plugins::types;

/// Size of a track's parameter sets.
const CONFIG_BYTES: usize = 64 << 10;
/// Tracks that an adapter may tell.
const TRACKS: usize = 16;
/// A piece of sound: a second of 48 kHz in stereo, uncompressed, is 192,000.
const SOUND_BYTES: usize = 256 << 10;
/// Characters of a codec's name.
const CODEC_CHARS: usize = 32;

/// One attempt's way to the feed.
pub struct Ingest {
    junction: Arc<Junction>,
    lane: LaneId,
    /// What the adapter told of. Packets of those that are not `video` are let pass by.
    tracks: Vec<u32>,
    video: Option<Video>,
    /// Whether sound is wanted. An adapter is not believed: what nobody asked for goes no
    /// further.
    hears: bool,
    sound: Option<u32>,
    /// Pictures so far, those included that nobody can show yet.
    came: Arc<AtomicU64>,
}

struct Video {
    id: u32,
    track: Arc<VideoTrack>,
    settle: Settle,
}

impl Ingest {
    pub fn new(junction: Arc<Junction>, lane: LaneId, hears: bool) -> Self {
        Self {
            junction,
            lane,
            tracks: Vec::new(),
            video: None,
            hears,
            sound: None,
            came: Arc::default(),
        }
    }

    /// A way to see from outside whether pictures come: their number so far. A camera that sends
    /// a keyframe a minute lives as well as others.
    pub fn pictures_so_far(&self) -> impl Fn() -> u64 + Send + use<> {
        let came = Arc::clone(&self.came);
        move || came.load(Ordering::Relaxed)
    }

    /// Resolves when a reader needs a keyframe that does not come, and asks for it so long after
    /// this call or later.
    pub fn keyframe_needed(&self, after: Duration) -> impl Future<Output = ()> + use<> {
        let shared = Arc::clone(self.junction.shared());
        async move {
            tokio::time::sleep(after).await;
            shared.forget_wishes();
            shared.keyframe_needed().await;
        }
    }

    fn delivered(&mut self, packet: types::Packet) -> Result<(), String> {
        if !self.tracks.contains(&packet.track) {
            return Err(format!(
                "delivered a packet of track {}, which it has not told of",
                packet.track
            ));
        }
        if self.sound == Some(packet.track) {
            return self.heard(packet);
        }
        let Some(video) = self.video.as_mut().filter(|video| video.id == packet.track) else {
            return Ok(());
        };
        self.came.fetch_add(1, Ordering::Relaxed);
        let ready = video.settle.push(packet);
        ready
            .into_iter()
            .try_for_each(|packet| self.picture(packet))
    }

    fn heard(&self, packet: types::Packet) -> Result<(), String> {
        let bytes = packet.data.len();
        if bytes == 0 || bytes > SOUND_BYTES {
            return Err(format!("delivered {bytes} bytes of sound in one packet"));
        }
        let arrived_us = arrival(&packet);
        let data = Bytes::from(packet.data);
        self.junction
            .sound(self.lane, packet.timestamp, arrived_us, data);
        Ok(())
    }

    fn picture(&mut self, packet: types::Packet) -> Result<(), String> {
        let Some(video) = &mut self.video else {
            return Ok(());
        };
        let arrived_us = arrival(&packet);
        let data = Bytes::from(packet.data);
        let picture::Checked { keyframe, track } =
            picture::check(&video.track, packet.keyframe, &data)?;
        if let Some(changed) = track {
            video.track = Arc::new(changed);
        }
        let part = Part {
            track: Arc::clone(&video.track),
            keyframe,
            lost_before: packet.lost_before,
            data,
        };
        self.junction
            .picture(self.lane, packet.timestamp, arrived_us, part);
        Ok(())
    }
}

/// When a packet arrived. It cannot be later than now, whatever the adapter says.
fn arrival(packet: &types::Packet) -> i64 {
    i64::try_from(packet.arrived)
        .unwrap_or(i64::MAX)
        .min(now_us())
}

impl Sink for Ingest {
    fn tracks(&mut self, tracks: Vec<types::Track>) -> Result<(), SinkError> {
        check_tracks(&tracks).map_err(SinkError::Misdeed)?;
        self.tracks = tracks.iter().map(|track| track.id).collect();
        let sound = sound_of(&tracks).filter(|_| self.hears);
        let (codec, track) = chosen(tracks)?;
        let found = sets::find(codec, &track.config).ok();
        let (width, height) = found.and_then(|sets| sets.size).unwrap_or((0, 0));
        let config = Bytes::from(track.config);
        let now = Arc::new(VideoTrack {
            codec,
            config,
            width,
            height,
        });
        match &mut self.video {
            Some(video) if video.id == track.id && video.track.codec == codec => {
                video.track = Arc::clone(&now);
                self.junction.track(self.lane, &now, None);
            }
            _ => {
                self.video = Some(Video {
                    id: track.id,
                    track: Arc::clone(&now),
                    settle: Settle::new(track.clock_rate),
                });
                let anew = Some(track.clock_rate);
                self.junction.track(self.lane, &now, anew);
            }
        }
        self.sound = sound.as_ref().map(|(id, ..)| *id);
        let sound = sound.map(|(_, track, clock_rate)| (track, clock_rate));
        self.junction.sound_track(self.lane, sound);
        Ok(())
    }

    fn packets(&mut self, packets: Vec<types::Packet>) -> Result<(), SinkError> {
        packets
            .into_iter()
            .try_for_each(|packet| self.delivered(packet))
            .map_err(SinkError::Misdeed)
    }

    fn reference(&mut self, reference: types::ClockReference) {
        let of_video = |video: &Video| video.id == reference.track;
        if self.video.as_ref().is_some_and(of_video) {
            self.junction
                .report(self.lane, reference.timestamp, reference.ntp);
        } else if self.sound == Some(reference.track) {
            self.junction
                .sound_report(self.lane, reference.timestamp, reference.ntp);
        }
    }
}

/// Whether tracks keep to the rules. The error continues "it …".
fn check_tracks(tracks: &[types::Track]) -> Result<(), String> {
    if tracks.len() > TRACKS {
        return Err(format!(
            "told of {} tracks, {TRACKS} are allowed",
            tracks.len()
        ));
    }
    let name_char = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    for (at, track) in tracks.iter().enumerate() {
        if tracks[..at].iter().any(|earlier| earlier.id == track.id) {
            return Err(format!("told of two tracks with the number {}", track.id));
        }
        if track.codec.len() > CODEC_CHARS || !track.codec.chars().all(name_char) {
            return Err("told of a track with an impossible codec".to_owned());
        }
        if track.config.len() > CONFIG_BYTES || !(1..=1_000_000_000).contains(&track.clock_rate) {
            return Err("told of a track with impossible values".to_owned());
        }
    }
    Ok(())
}

/// The first track of sound that can be recorded: its number, what it is, its ticks a second.
fn sound_of(tracks: &[types::Track]) -> Option<(u32, SoundTrack, u32)> {
    tracks.iter().find_map(|track| {
        let codec = SoundCodec::from_name(&track.codec)?;
        let (rate, channels) = (track.clock_rate, track.channels);
        let known = codec != SoundCodec::Aac || !track.config.is_empty();
        let sensible = (4_000..=192_000).contains(&rate) && (1..=8).contains(&channels);
        (known && sensible).then(|| {
            let config = Bytes::from(track.config.clone());
            let sound = SoundTrack {
                codec,
                rate,
                channels,
                config,
            };
            (track.id, sound, rate)
        })
    })
}

/// The track that is recorded: the first with a codec that can be.
fn chosen(tracks: Vec<types::Track>) -> Result<(Codec, types::Track), SinkError> {
    let codecs: Vec<String> = tracks.iter().map(|track| track.codec.clone()).collect();
    let chosen = tracks
        .into_iter()
        .find_map(|track| Codec::from_name(&track.codec).map(|codec| (codec, track)));
    let Some((codec, track)) = chosen else {
        let there = match codecs.join(", ") {
            none if none.is_empty() => "nothing".to_owned(),
            some => some,
        };
        return Err(SinkError::Unsupported(format!(
            "the camera sends nothing that can be recorded (it has: {there}); hint: set it to H.264 or H.265"
        )));
    };
    sets::find(codec, &track.config)
        .map_err(|error| SinkError::Misdeed(format!("told of broken parameter sets: {error}")))?;
    Ok((codec, track))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proxy::Item;
    use crate::proxy::feed::Shared;

    fn track(id: u32, codec: &str) -> types::Track {
        types::Track {
            id,
            codec: codec.into(),
            clock_rate: 90_000,
            config: vec![],
            channels: 0,
        }
    }

    #[test]
    fn tracks_are_not_believed() {
        assert_eq!(check_tracks(&[track(1, "h264"), track(2, "aac")]), Ok(()));
        let refused = |tracks: &[types::Track]| check_tracks(tracks).unwrap_err();
        assert!(refused(&[track(1, "h264"), track(1, "aac")]).contains("number 1"));
        assert!(refused(&[track(1, "\u{1b}[2J")]).contains("codec"));
        assert!(refused(&[track(1, &"x".repeat(33))]).contains("codec"));
        let many: Vec<_> = (0..17).map(|id| track(id, "aac")).collect();
        assert!(refused(&many).contains("17 tracks"));
        let (mut still, mut giant) = (track(1, "h264"), track(1, "h264"));
        still.clock_rate = 0;
        giant.config = vec![0; CONFIG_BYTES + 1];
        assert!(refused(&[still]).contains("impossible"));
        assert!(refused(&[giant]).contains("impossible"));
    }

    #[test]
    fn the_first_track_that_can_be_recorded_is_taken() {
        let (codec, taken) = chosen(vec![track(1, "aac"), track(2, "mjpeg")]).unwrap();
        assert_eq!((codec, taken.id), (Codec::Mjpeg, 2));
        let error = chosen(vec![track(1, "vp8"), track(2, "aac")]).unwrap_err();
        assert!(matches!(&error, SinkError::Unsupported(text) if text.contains("vp8, aac")));
        let error = chosen(vec![]).unwrap_err().to_string();
        assert!(error.contains("it has: nothing"), "{error}");
    }

    #[test]
    fn sound_that_nobody_asked_for_goes_no_further() {
        for hears in [false, true] {
            let counts = crate::telemetry::metrics::CameraCounts::default();
            let shared = Arc::new(Shared::new("fake", counts));
            let feed = crate::proxy::Feed::of(Arc::clone(&shared));
            let start = crate::proxy::Start::NewestKeyframe;
            let mut reader = feed.subscribe_with_sound(start, 1 << 20);
            let junction = Arc::new(Junction::new(shared));
            let lane = junction.run();
            let mut ingest = Ingest::new(junction, lane, hears);
            let mut sound = track(2, "pcma");
            (sound.clock_rate, sound.channels) = (8_000, 1);
            ingest.tracks(vec![track(1, "mjpeg"), sound]).unwrap();
            let jpeg = crate::media::testing::jpeg("32x32");
            for n in 0..20_u64 {
                let packet = |track, ticks, data| types::Packet {
                    track,
                    timestamp: Some(n * ticks),
                    arrived: n * 40_000,
                    keyframe: true,
                    lost_before: 0,
                    data,
                };
                let both = vec![packet(1, 3_600, jpeg.clone()), packet(2, 320, vec![7; 320])];
                ingest.packets(both).unwrap();
            }
            let items = std::iter::from_fn(|| reader.take_waiting());
            let is_sound = |item: &Item| matches!(item, Item::Sound(_) | Item::SoundTrack(_));
            assert_eq!(items.filter(is_sound).count() > 0, hears);
        }
    }

    #[test]
    fn pictures_before_the_first_keyframe_are_life() {
        let shared = Shared::new("fake", crate::telemetry::metrics::CameraCounts::default());
        let junction = Arc::new(Junction::new(Arc::new(shared)));
        let lane = junction.run();
        let mut ingest = Ingest::new(Arc::clone(&junction), lane, true);
        ingest
            .tracks(vec![track(1, "h264"), track(2, "pcmu")])
            .unwrap();
        let so_far = ingest.pictures_so_far();
        let packet = |track, n: u64| types::Packet {
            track,
            timestamp: Some(n * 3600),
            arrived: n * 40_000,
            keyframe: false,
            lost_before: 0,
            data: vec![0, 0, 0, 2, 0x41, 0x9a],
        };
        ingest
            .packets((0..10).map(|n| packet(1, n)).collect())
            .unwrap();
        assert_eq!((so_far(), junction.live_for(lane)), (10, None));
        // Sound is none.
        ingest.packets(vec![packet(2, 11)]).unwrap();
        assert_eq!(so_far(), 10);
    }
}
