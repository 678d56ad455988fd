//! What was agreed on for one stream.

use crate::depacketiser::Depacketiser;
use crate::sdp::{Sound, SoundCodec, Video, VideoCodec};
use crate::sound::Whole;
use crate::video::{H264, H265, Jpeg};

/// One stream of a session.
pub struct Setup {
    /// RTP payload type.
    pub payload_type: u8,
    /// Ticks a second of its timestamps.
    pub clock_rate: u32,
    /// Channels of sound; 0 for video.
    pub channels: u8,
    /// Makes frames of its packets.
    pub depacketiser: Box<dyn Depacketiser>,
}

impl From<&Video> for Setup {
    fn from(video: &Video) -> Self {
        let depacketiser: Box<dyn Depacketiser> = match &video.codec {
            VideoCodec::H264 { parameter_sets } => {
                Box::new(H264::new(parameter_sets.iter().map(Vec::as_slice)))
            }
            VideoCodec::H265 { parameter_sets } => {
                Box::new(H265::new(parameter_sets.iter().map(Vec::as_slice)))
            }
            VideoCodec::Jpeg { size } => Box::new(Jpeg::new(*size)),
        };
        Self {
            payload_type: video.payload_type,
            clock_rate: video.clock_rate,
            channels: 0,
            depacketiser,
        }
    }
}

impl From<&Sound> for Setup {
    fn from(sound: &Sound) -> Self {
        let depacketiser: Box<dyn Depacketiser> = match &sound.codec {
            SoundCodec::Pcma => Box::new(Whole::new("pcma")),
            SoundCodec::Pcmu => Box::new(Whole::new("pcmu")),
        };
        Self {
            payload_type: sound.payload_type,
            clock_rate: sound.clock_rate,
            channels: sound.channels,
            depacketiser,
        }
    }
}
