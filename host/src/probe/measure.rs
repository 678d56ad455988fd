//! From what was seen to facts. Pure.

use crate::cassette::Pictured;
use crate::conformance::Seen;
use crate::discovery::advice::Facts;
use crate::media::sound::SoundCodec;
use crate::media::{Codec, VideoTrack, sets};

/// Pictures over which a rate says something.
const LEAST_PICTURES: usize = 5;

/// What the packets of a camera tell. `video`: the track that would be recorded.
pub fn facts(seen: &Seen, video: Option<&(u32, VideoTrack)>) -> Facts {
    let mut facts = Facts {
        clock_offset_seconds: seen.clock_ahead_seconds,
        audio_codec: seen
            .tracks
            .iter()
            .find(|track| SoundCodec::from_name(&track.codec).is_some())
            .map(|track| track.codec.clone()),
        ..Facts::default()
    };
    let Some((id, track)) = video else {
        return facts;
    };
    let known = |side: u32| (side > 0).then_some(side);
    facts.codec = Some(track.codec.name().to_owned());
    (facts.width, facts.height) = (known(track.width), known(track.height));
    let rate = seen.tracks.iter().find(|told| told.id == *id);
    let rate = f64::from(rate.map_or(1, |told| told.clock_rate.max(1)));
    let pictures: Vec<&Pictured> = seen.packets.iter().filter(|p| p.track == *id).collect();
    let seconds = times(&pictures, rate);
    facts.keyframe_seen = Some(pictures.iter().any(|picture| picture.keyframe));
    facts.b_frames = Some(is_reordered(track, &seconds));
    let (first, last) = seconds
        .iter()
        .fold((f64::MAX, f64::MIN), |(a, b), &s| (a.min(s), b.max(s)));
    if seconds.len() >= LEAST_PICTURES && last > first {
        let length = last - first;
        let bytes: usize = pictures.iter().map(|picture| picture.bytes).sum();
        facts.fps = Some((seconds.len() - 1) as f64 / length);
        facts.bitrate_kbps = Some(bytes as f64 * 8.0 / 1000.0 / length);
    }
    if track.codec != Codec::Mjpeg {
        let keys: Vec<f64> = pictures
            .iter()
            .zip(&seconds)
            .filter(|(picture, _)| picture.keyframe)
            .map(|(_, at)| *at)
            .collect();
        let apart: Vec<f64> = keys.windows(2).map(|two| two[1] - two[0]).collect();
        let longest = apart.iter().copied().reduce(f64::max);
        // A group that was seen in part is at least that long.
        let before = keys.first().map(|key| key - first);
        let after = keys.last().map(|key| last - key);
        let parts = [before, after].into_iter().flatten();
        let parts = parts.filter(|part| *part > 1.0);
        facts.keyframe_seconds = longest.into_iter().chain(parts).reduce(f64::max);
        facts.shortest_keyframe_seconds = apart.iter().copied().reduce(f64::min);
    }
    facts
}

/// When each picture is shown, seconds, in the order in which they came.
fn times(pictures: &[&Pictured], rate: f64) -> Vec<f64> {
    let mut last: Option<(u64, f64)> = None;
    let times = pictures.iter().map(|picture| {
        let Some(raw) = picture.timestamp else {
            return picture.arrived as f64 / 1e6;
        };
        let ticks = match last {
            Some((before, ticks)) => {
                // A counter of 32 bits wraps.
                let step = match (u32::try_from(before), u32::try_from(raw)) {
                    (Ok(before), Ok(raw)) => f64::from(raw.wrapping_sub(before) as i32),
                    _ => raw as f64 - before as f64,
                };
                ticks + step
            }
            None => 0.0,
        };
        last = Some((raw, ticks));
        ticks / rate
    });
    times.collect()
}

fn is_reordered(track: &VideoTrack, seconds: &[f64]) -> bool {
    let announced = sets::find(track.codec, &track.config).is_ok_and(|sets| sets.reorders);
    announced
        || seconds
            .windows(2)
            .any(|two| two[1] < two[0] && two[0] - two[1] < 1.0)
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::plugins::types::Track;

    fn seen(pictures: &[(u64, bool)]) -> Seen {
        let track = |id, codec: &str| Track {
            id,
            codec: codec.into(),
            clock_rate: 90_000,
            config: vec![],
            channels: 0,
        };
        Seen {
            tracks: vec![track(0, "h264"), track(1, "aac")],
            packets: pictures
                .iter()
                .map(|&(ms, keyframe)| Pictured {
                    track: 0,
                    // Around the end of the counter.
                    timestamp: Some(u64::from((ms as u32 * 90).wrapping_sub(180_000))),
                    arrived: ms * 1000,
                    keyframe,
                    lost_before: 0,
                    bytes: 5_000,
                    sha256: None,
                })
                .collect(),
            ..Seen::default()
        }
    }

    fn video() -> (u32, VideoTrack) {
        let track = VideoTrack {
            codec: Codec::H264,
            config: Bytes::new(),
            width: 1920,
            height: 1080,
        };
        (0, track)
    }

    #[test]
    fn an_ordinary_camera() {
        let pictures: Vec<_> = (0..150).map(|n| (n * 40, n % 50 == 0)).collect();
        let facts = facts(&seen(&pictures), Some(&video()));
        assert_eq!((facts.width, facts.height), (Some(1920), Some(1080)));
        assert_eq!(facts.codec.as_deref(), Some("h264"));
        assert_eq!(facts.audio_codec.as_deref(), Some("aac"));
        assert!((facts.fps.unwrap() - 25.0).abs() < 0.01);
        assert!((facts.bitrate_kbps.unwrap() - 1006.7).abs() < 1.0);
        assert!((facts.keyframe_seconds.unwrap() - 2.0).abs() < 0.01);
        assert_eq!(
            (facts.b_frames, facts.keyframe_seen),
            (Some(false), Some(true))
        );
    }

    #[test]
    fn b_frames_and_long_groups_show() {
        let order = [0, 120, 40, 80, 240, 160, 200];
        let pictures: Vec<_> = order.map(|ms| (ms, ms == 0)).to_vec();
        assert_eq!(facts(&seen(&pictures), Some(&video())).b_frames, Some(true));
        let pictures: Vec<_> = (0..250).map(|n| (n * 40, n == 0)).collect();
        let long = facts(&seen(&pictures), Some(&video())).keyframe_seconds;
        assert!((long.unwrap() - 9.96).abs() < 0.01);
    }

    #[test]
    fn nothing_seen_is_nothing_known() {
        let facts = facts(&Seen::default(), None);
        assert_eq!(facts, Facts::default());
    }
}
