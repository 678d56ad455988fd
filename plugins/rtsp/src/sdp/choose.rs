//! Which of the streams to ask for.

use padelvar_sdk::Error;

use super::base64;
use super::parse::{Description, Section};
use crate::video::nal_units;

/// The rate that RFC 6184, section 8.1, prescribes.
const CLOCK_RATE: u32 = 90_000;

/// Payload types from here on mean nothing without `a=rtpmap` (RFC 3551, section 6).
const FIRST_DYNAMIC: u8 = 96;

/// Why no stream can be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SdpError {
    /// No video section at all.
    #[error("the camera offers no video at this URL")]
    NoVideo,
    /// Video in another codec.
    #[error(
        "the camera sends {0}; this adapter knows H.264 only: choose H.264 in the camera's settings"
    )]
    Codec(String),
    /// `packetization-mode=2`.
    #[error("the camera sends H.264 in interleaved mode, which is not supported")]
    Interleaved,
    /// SRTP.
    #[error("the camera sends encrypted RTP ({0}), which is not supported")]
    Protocol(String),
}

impl From<SdpError> for Error {
    fn from(error: SdpError) -> Self {
        Self::unsupported(error.to_string())
    }
}

/// The video stream that was chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Video {
    /// RTP payload type.
    pub payload_type: u8,
    /// Ticks a second.
    pub clock_rate: u32,
    /// `a=control` of its section.
    pub control: Option<String>,
    /// NAL units of `sprop-parameter-sets`, clean.
    pub parameter_sets: Vec<Vec<u8>>,
}

/// The first H.264 video stream. Sound and metadata are never asked for.
pub fn choose_video(description: &Description) -> Result<Video, SdpError> {
    let mut reason = SdpError::NoVideo;
    for section in description
        .sections
        .iter()
        .filter(|section| section.kind == "video")
    {
        match video(section) {
            Ok(video) => return Ok(video),
            Err(SdpError::NoVideo) => {}
            Err(other) => reason = other,
        }
    }
    Err(reason)
}

fn video(section: &Section) -> Result<Video, SdpError> {
    if section.protocol.contains("SAVP") {
        return Err(SdpError::Protocol(section.protocol.clone()));
    }
    let (payload_type, clock_rate) = h264(section)?;
    if section.parameter(payload_type, "packetization-mode") == Some("2") {
        return Err(SdpError::Interleaved);
    }
    let sets = section.parameter(payload_type, "sprop-parameter-sets");
    let parameter_sets = sets
        .unwrap_or_default()
        .split(',')
        .map(base64::decode)
        .flat_map(|set| nal_units(&set).map(<[u8]>::to_vec).collect::<Vec<_>>())
        .collect();
    Ok(Video {
        payload_type,
        clock_rate: if clock_rate == 0 {
            CLOCK_RATE
        } else {
            clock_rate.min(1_000_000_000)
        },
        control: section.control.clone(),
        parameter_sets,
    })
}

/// Payload type and clock rate of H.264 in a section.
fn h264(section: &Section) -> Result<(u8, u32), SdpError> {
    let offered = |payload_type: &u8| section.payload_types.contains(payload_type);
    let maps = || section.maps.iter().filter(|(_, name, _)| name == "h264");
    // One that the section's first line names; else any, since cameras get that wrong.
    if let Some((payload_type, _, rate)) = maps().find(|map| offered(&map.0)).or(maps().next()) {
        return Ok((*payload_type, *rate));
    }
    if let Some((_, name, _)) = section.maps.first() {
        return Err(SdpError::Codec(name.to_ascii_uppercase()));
    }
    match section.payload_types.first() {
        Some(payload_type) if *payload_type >= FIRST_DYNAMIC => Ok((*payload_type, CLOCK_RATE)),
        Some(26) => Err(SdpError::Codec("JPEG".to_owned())),
        Some(32) => Err(SdpError::Codec("MPEG video".to_owned())),
        Some(other) => Err(SdpError::Codec(format!("video of RTP type {other}"))),
        None => Err(SdpError::NoVideo),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choose(text: &str) -> Result<Video, SdpError> {
        choose_video(&Description::parse(text.as_bytes()))
    }

    #[test]
    fn takes_the_first_that_is_known() {
        let video = choose(
            "m=audio 0 RTP/AVP 96\na=rtpmap:96 H264/8000\nm=video 0 RTP/AVP 97\n\
             a=rtpmap:97 H265/90000\nm=video 0 RTP/AVP 98\na=rtpmap:98 h264/90000\na=control:v\n",
        )
        .unwrap();
        assert_eq!((video.payload_type, video.clock_rate), (98, 90_000));
        assert_eq!(video.control.as_deref(), Some("v"));
    }

    #[test]
    fn lenient_with_numbers() {
        assert_eq!(choose("m=video 0 RTP/AVP 96").unwrap().payload_type, 96);
        let video = choose("m=video 0 RTP/AVP 96\na=rtpmap:97 H264/0\n").unwrap();
        assert_eq!((video.payload_type, video.clock_rate), (97, 90_000));
    }

    #[test]
    fn parameter_sets_without_start_codes_and_zeros() {
        let video = choose(
            "m=video 0 RTP/AVP 96\na=fmtp:96 sprop-parameter-sets=\
             Z00AKpWoHgCJ+WbgICAgQAAAAAE=,aO48gAAAAAE=\n",
        )
        .unwrap();
        assert_eq!(video.parameter_sets.len(), 2);
        assert_eq!(video.parameter_sets[0].last(), Some(&0x40));
        assert_eq!(video.parameter_sets[1], [0x68, 0xee, 0x3c, 0x80]);
    }

    #[test]
    fn says_why_not() {
        assert_eq!(choose(""), Err(SdpError::NoVideo));
        assert_eq!(
            choose("m=video 0 RTP/AVP 26"),
            Err(SdpError::Codec("JPEG".to_owned()))
        );
        assert_eq!(
            choose("m=video 0 RTP/AVP 96\na=rtpmap:96 H265/90000"),
            Err(SdpError::Codec("H265".to_owned()))
        );
        assert_eq!(
            choose("m=video 0 RTP/AVP 96\na=fmtp:96 packetization-mode=2"),
            Err(SdpError::Interleaved)
        );
        assert!(matches!(
            choose("m=video 0 RTP/SAVP 96"),
            Err(SdpError::Protocol(_))
        ));
    }
}
