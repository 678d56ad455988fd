//! What was agreed on for one stream.

use crate::depacketiser::Depacketiser;
use crate::sdp::{Sound, SoundCodec, Video, VideoCodec};
use crate::sound::{Generic, Latm, Pcm, Samples, Whole};
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
            SoundCodec::Aac { layout, config } => {
                Box::new(Generic::new(*layout, config.clone(), sound.clock_rate))
            }
            SoundCodec::Latm { config } => Box::new(Latm::new(config.clone(), sound.clock_rate)),
            SoundCodec::Opus => Box::new(Whole::new("opus")),
            SoundCodec::L16 => Box::new(Pcm::new(Samples::L16, sound.channels)),
            SoundCodec::L8 => Box::new(Pcm::new(Samples::L8, sound.channels)),
            SoundCodec::G726 { bits, order } => {
                Box::new(Pcm::new(Samples::g726(*bits, *order), sound.channels))
            }
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
