//! The session description (RFC 4566, H.264's parameters after RFC 6184 8.1,
//! H.265's after RFC 7798 7.1).

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;

use super::track::{Source, Track};
use super::{Packetization, ParameterSets, RtspConfig, unasked};
use crate::clip::{Clip, Codec};
use crate::sound::Sound;

/// Payload type of the video.
pub(super) const PAYLOAD_TYPE: u8 = 96;
/// The static payload type of JPEG (RFC 3551 6).
pub(super) const JPEG_PAYLOAD_TYPE: u8 = 26;
/// What `a=control` of the video says, relative to the base.
pub(super) const TRACK: &str = "trackID=1";
/// Payload type of sound that has no static one.
pub(super) const SOUND_PAYLOAD_TYPE: u8 = 97;
/// What `a=control` of the sound says.
pub(super) const SOUND_TRACK: &str = "trackID=2";

/// `samplingFrequencyIndex` is a place in this list (ISO/IEC 14496-3 table 1.18).
pub(super) const AAC_RATES: [u32; 12] = [
    96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000,
];

pub(super) fn describe(config: &RtspConfig, clip: &Clip, tracks: &[Track]) -> String {
    let in_band = config.parameter_sets == ParameterSets::InBand;
    let sets = if in_band { &[] } else { clip.parameter_sets() };
    let (name, parameters) = match clip.params().codec {
        Codec::H264 => ("H264", Some(h264(config, clip, sets))),
        Codec::H265 => ("H265", Some(h265(clip, sets))),
        Codec::Jpeg => ("JPEG", None),
    };
    let unasked = if config.sound {
        unasked::DESCRIPTION
    } else {
        ""
    };
    let mut out = format!(
        "v=0\r\n\
         o=- 1 1 IN IP4 0.0.0.0\r\n\
         s=simcam\r\n\
         c=IN IP4 0.0.0.0\r\n\
         t=0 0\r\n\
         a=control:*\r\n\
         a=range:npt=now-\r\n\
         {unasked}"
    );
    for track in tracks {
        let (payload_type, control) = (track.payload_type, &track.control);
        match &track.source {
            Source::Video => {
                let fps = clip.params().fps;
                let _ = write!(
                    out,
                    "m=video 0 RTP/AVP {payload_type}\r\n\
                     a=rtpmap:{payload_type} {name}/90000\r\n"
                );
                if let Some(parameters) = &parameters {
                    let _ = write!(out, "a=fmtp:{payload_type} {parameters}\r\n");
                }
                let _ = write!(out, "a=framerate:{fps}\r\n");
            }
            // No camera that describes itself has such a track.
            Source::Nothing => continue,
            Source::Sound(clip) => out.push_str(&sound(payload_type, clip.sound)),
        }
        let _ = write!(out, "a=control:{control}\r\n");
    }
    out
}

/// The section of sound without its address.
fn sound(payload_type: u8, sound: Sound) -> String {
    let (rate, channels) = sound.rate();
    let (name, parameters) = match sound {
        Sound::Aac { .. } => {
            // RFC 3640 4.1 and 3.3.6.
            let config = config_of(rate, channels);
            let text = format!(
                "streamtype=5;profile-level-id=1;mode=AAC-hbr;sizelength=13;indexlength=3;\
                 indexdeltalength=3;config={config:04X}"
            );
            (format!("MPEG4-GENERIC/{rate}/{channels}"), Some(text))
        }
        Sound::Pcma => ("PCMA/8000".into(), None),
        Sound::Pcmu => ("PCMU/8000".into(), None),
        Sound::Opus => ("opus/48000/2".into(), Some("sprop-stereo=1".into())),
        Sound::L16 { .. } => (format!("L16/{rate}/{channels}"), None),
    };
    let mut out = format!("m=audio 0 RTP/AVP {payload_type}\r\na=rtpmap:{payload_type} {name}\r\n");
    if let Some(parameters) = parameters {
        let _ = write!(out, "a=fmtp:{payload_type} {parameters}\r\n");
    }
    out
}

/// `AudioSpecificConfig` of AAC-LC (ISO/IEC 14496-3 1.6.2.1).
fn config_of(rate: u32, channels: u8) -> u16 {
    let index = AAC_RATES.iter().position(|r| *r == rate).unwrap_or(0) as u16;
    2 << 11 | index << 7 | u16::from(channels) << 3
}

/// The parameters of RFC 6184 8.1.
fn h264(config: &RtspConfig, clip: &Clip, sets: &[Bytes]) -> String {
    let mode = match config.packetization {
        Packetization::SingleNal => 0,
        Packetization::NonInterleaved { .. } => 1,
    };
    let mut out = format!("packetization-mode={mode}");
    if let Some([profile, constraints, level]) =
        clip.parameter_sets().first().and_then(|sps| sps.get(1..4))
    {
        let _ = write!(
            out,
            ";profile-level-id={profile:02X}{constraints:02X}{level:02X}"
        );
    }
    if !sets.is_empty() {
        let sets: Vec<_> = sets.iter().map(|set| STANDARD.encode(set)).collect();
        let _ = write!(out, ";sprop-parameter-sets={}", sets.join(","));
    }
    out
}

/// The parameters of RFC 7798 7.1.
fn h265(clip: &Clip, sets: &[Bytes]) -> String {
    let mut out = Vec::new();
    if let Some([space, level]) = clip.parameter_sets().get(1).and_then(profile_and_level) {
        out.push(format!(
            "profile-space={};tier-flag={};profile-id={};level-id={level}",
            space >> 6,
            space >> 5 & 1,
            space & 0x1F
        ));
    }
    for (name, set) in ["vps", "sps", "pps"].iter().zip(sets) {
        out.push(format!("sprop-{name}={}", STANDARD.encode(set)));
    }
    out.join(";")
}

/// Of an SPS the byte with the profile and the level (H.265 7.3.3): the first and the last of the
/// twelve bytes behind the unit's header and the SPS's first byte.
fn profile_and_level(sps: &Bytes) -> Option<[u8; 2]> {
    let mut plain = Vec::new();
    for &byte in sps.iter().take(64) {
        // The 3 of 0 0 3 keeps start codes away and is no part of the set.
        if byte != 3 || !plain.ends_with(&[0, 0]) {
            plain.push(byte);
        }
    }
    Some([*plain.get(3)?, *plain.get(14)?])
}

#[cfg(test)]
mod tests {
    use super::{config_of, profile_and_level};
    use bytes::Bytes;

    #[test]
    fn configs_of_cameras_on_the_market() {
        assert_eq!(config_of(48_000, 1), 0x1188);
        assert_eq!(config_of(16_000, 1), 0x1408);
        assert_eq!(config_of(48_000, 2), 0x1190);
    }

    #[test]
    fn level_behind_emulation_prevention() {
        // The SPS of a camera on the market: main profile, level 3.
        let sps = [
            0x42, 1, 1, 1, 0x60, 0, 0, 3, 0, 0xB0, 0, 0, 3, 0, 0, 3, 0, 0x5A, 0xA0,
        ];
        let found = profile_and_level(&Bytes::copy_from_slice(&sps));
        assert_eq!(found, Some([1, 90]));
        assert_eq!(profile_and_level(&Bytes::new()), None);
    }
}
