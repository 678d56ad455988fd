//! The vocabulary of pictures on their way through the host.
//!
//! Nothing here does I/O, knows a clock, or knows where a picture came from: it
//! is values and functions over values.

pub mod drift;
pub mod groups;
pub mod hevc;
pub mod jpeg;
pub mod mkv;
pub mod nal;
pub mod sets;
pub mod slice;
pub mod sound;
pub mod sps;
#[cfg(test)]
pub(crate) mod testing;
pub mod timeline;

use std::fmt;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

/// How a picture is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Codec {
    /// H.264 / AVC (ITU-T H.264).
    H264,
    /// H.265 / HEVC (ITU-T H.265).
    H265,
    /// One JPEG a picture.
    Mjpeg,
}

impl Codec {
    /// The codec of this name, as adapters and the API write it (`h264`, `h265`,
    /// `mjpeg`); `None` for one that this host does not know.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "h264" => Some(Self::H264),
            "h265" => Some(Self::H265),
            "mjpeg" => Some(Self::Mjpeg),
            _ => None,
        }
    }

    /// Its name, the inverse of [`Codec::from_name`].
    pub fn name(self) -> &'static str {
        match self {
            Self::H264 => "h264",
            Self::H265 => "h265",
            Self::Mjpeg => "mjpeg",
        }
    }
}

impl fmt::Display for Codec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A stream of pictures, as far as it is known before its first packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VideoTrack {
    /// How its packets are encoded.
    pub codec: Codec,
    /// What a decoder needs before the first packet. H.264 and H.265: the
    /// parameter sets, each behind its length as four bytes, big-endian; may be
    /// empty where they come in-band only. MJPEG: empty.
    pub config: Bytes,
    /// Width of the shown picture in pixels, 0 while unknown.
    pub width: u32,
    /// Height of the shown picture in pixels, 0 while unknown.
    pub height: u32,
}

/// One encoded picture, complete. Cloning shares its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packet {
    /// When it is to be shown, in microseconds on the host's monotonic timeline. Packets come in
    /// decoding order: with B-frames a later one may be shown earlier.
    pub pts_us: i64,
    /// Decoding can start here.
    pub keyframe: bool,
    /// Network packets known to be missing just before this one.
    pub lost_before: u32,
    /// H.264 and H.265: the NAL units of one access unit, each behind its length
    /// as four bytes, big-endian. MJPEG: one whole JPEG.
    pub data: Bytes,
}

#[cfg(test)]
mod tests {
    use super::Codec;

    #[test]
    fn names_go_both_ways() {
        for codec in [Codec::H264, Codec::H265, Codec::Mjpeg] {
            assert_eq!(Codec::from_name(codec.name()), Some(codec));
            assert_eq!(codec.to_string(), codec.name());
            let json = serde_json::to_string(&codec).unwrap();
            assert_eq!(json, format!("\"{codec}\""));
        }
        assert_eq!(Codec::from_name("H264"), None);
        assert_eq!(Codec::from_name("av1"), None);
    }
}
