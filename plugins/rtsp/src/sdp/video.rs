//! A section of video.

use super::base64;
use super::choose::SdpError;
use super::encoding::Encoding;
use super::parse::Section;
use crate::video::nal_units;

/// The rate that all payload formats of video prescribe (for example RFC 6184, section
/// 8.1).
const CLOCK_RATE: u32 = 90_000;

/// Payload types from here on mean nothing without `a=rtpmap` (RFC 3551, section 6).
const FIRST_DYNAMIC: u8 = 96;

/// The video stream that was chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Video {
    /// RTP payload type.
    pub payload_type: u8,
    /// Ticks a second, 1 to 1,000,000,000.
    pub clock_rate: u32,
    /// `a=control` of its section.
    pub control: Option<String>,
    /// How it is encoded.
    pub codec: VideoCodec,
}

/// A video codec with what the description says of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VideoCodec {
    /// RFC 6184.
    H264 {
        /// NAL units of `sprop-parameter-sets`, clean.
        parameter_sets: Vec<Vec<u8>>,
    },
    /// RFC 7798.
    H265 {
        /// NAL units of `sprop-vps`, `sprop-sps` and `sprop-pps`, clean.
        parameter_sets: Vec<Vec<u8>>,
    },
    /// RFC 2435.
    Jpeg {
        /// Width and height in pixels, where the description says so.
        size: Option<(u16, u16)>,
    },
}

impl Video {
    /// The first encoding of a section that is known.
    pub fn of(section: &Section) -> Result<Self, SdpError> {
        let mut reason = None;
        for encoding in section.encodings().chain(guess(section)) {
            match codec(section, &encoding) {
                Ok(codec) => {
                    return Ok(Self {
                        payload_type: encoding.payload_type,
                        clock_rate: match encoding.clock_rate {
                            0 => CLOCK_RATE,
                            rate => rate.min(1_000_000_000),
                        },
                        control: section.control.clone(),
                        codec,
                    });
                }
                Err(error) => reason = reason.or(Some(error)),
            }
        }
        Err(
            reason.unwrap_or_else(|| match section.payload_types.first() {
                Some(other) => SdpError::Codec(format!("video of RTP type {other}")),
                None => SdpError::Nothing,
            }),
        )
    }
}

/// What a payload type without any `a=rtpmap` most likely is.
fn guess(section: &Section) -> Option<Encoding> {
    let payload_type = *section.payload_types.first()?;
    let guessed = section.maps.is_empty() && payload_type >= FIRST_DYNAMIC;
    let parameter = |name| section.parameter(payload_type, name);
    let h265 = parameter("sprop-vps").or(parameter("sprop-sps")).is_some();
    let name = if h265 { "h265" } else { "h264" };
    guessed.then(|| Encoding::new(payload_type, name, CLOCK_RATE, 0))
}

fn codec(section: &Section, encoding: &Encoding) -> Result<VideoCodec, SdpError> {
    let parameter = |name| section.parameter(encoding.payload_type, name);
    match encoding.name.as_str() {
        "h264" if parameter("packetization-mode") == Some("2") => {
            Err(SdpError::Interleaved("H.264"))
        }
        "h264" => Ok(VideoCodec::H264 {
            parameter_sets: sets(parameter("sprop-parameter-sets")),
        }),
        // RFC 7798, section 7.1: more than 0 says that the order of transmission is not
        // that of decoding.
        "h265" | "hevc" if parameter("sprop-max-don-diff").is_some_and(|most| most != "0") => {
            Err(SdpError::Interleaved("H.265"))
        }
        "h265" | "hevc" => Ok(VideoCodec::H265 {
            parameter_sets: [
                "sprop-vps",
                "sprop-sps",
                "sprop-pps",
                "sprop-parameter-sets",
            ]
            .into_iter()
            .flat_map(|name| sets(parameter(name)))
            .collect(),
        }),
        "jpeg" => Ok(VideoCodec::Jpeg { size: section.size }),
        other => Err(SdpError::Codec(other.to_ascii_uppercase())),
    }
}

/// NAL units in base64 with commas between, without the start codes that some cameras
/// put there.
fn sets(text: Option<&str>) -> Vec<Vec<u8>> {
    text.unwrap_or_default()
        .split(',')
        .map(base64::decode)
        .flat_map(|set| nal_units(&set).map(<[u8]>::to_vec).collect::<Vec<_>>())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::{Description, choose};
    use super::*;

    fn video(text: &str) -> Result<Video, SdpError> {
        choose(&Description::parse(text.as_bytes()), false).map(|choice| choice.video)
    }

    fn parameter_sets(video: &Video) -> &[Vec<u8>] {
        match &video.codec {
            VideoCodec::H264 { parameter_sets } | VideoCodec::H265 { parameter_sets } => {
                parameter_sets
            }
            VideoCodec::Jpeg { .. } => &[],
        }
    }

    #[test]
    fn takes_the_first_that_is_known() {
        let video = video(
            "m=audio 0 RTP/AVP 96\na=rtpmap:96 H264/8000\nm=video 0 RTP/AVP 97\n\
             a=rtpmap:97 VP8/90000\nm=video 0 RTP/AVP 98\na=rtpmap:98 h264/90000\na=control:v\n",
        )
        .unwrap();
        assert_eq!((video.payload_type, video.clock_rate), (98, 90_000));
        assert_eq!(video.control.as_deref(), Some("v"));
    }

    #[test]
    fn lenient_with_numbers() {
        assert_eq!(video("m=video 0 RTP/AVP 96").unwrap().payload_type, 96);
        let video = video("m=video 0 RTP/AVP 96\na=rtpmap:97 H264/0\n").unwrap();
        assert_eq!((video.payload_type, video.clock_rate), (97, 90_000));
    }

    #[test]
    fn parameter_sets_without_start_codes_and_zeros() {
        let video = video(
            "m=video 0 RTP/AVP 96\na=fmtp:96 sprop-parameter-sets=\
             Z00AKpWoHgCJ+WbgICAgQAAAAAE=,aO48gAAAAAE=\n",
        )
        .unwrap();
        let sets = parameter_sets(&video);
        assert_eq!(sets.len(), 2);
        assert_eq!(sets[0].last(), Some(&0x40));
        assert_eq!(sets[1], [0x68, 0xee, 0x3c, 0x80]);
    }

    #[test]
    fn says_why_not() {
        assert_eq!(video(""), Err(SdpError::Nothing));
        assert_eq!(
            video("m=video 0 RTP/AVP 34"),
            Err(SdpError::Codec("H263".to_owned()))
        );
        assert_eq!(
            video("m=video 0 RTP/AVP 96\na=rtpmap:96 VP8/90000"),
            Err(SdpError::Codec("VP8".to_owned()))
        );
        assert_eq!(
            video("m=video 0 RTP/AVP 96\na=fmtp:96 packetization-mode=2"),
            Err(SdpError::Interleaved("H.264"))
        );
        assert!(matches!(
            video("m=video 0 RTP/SAVP 96"),
            Err(SdpError::Protocol(_))
        ));
    }
}
