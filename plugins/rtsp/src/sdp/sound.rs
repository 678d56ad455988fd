//! A section of sound.

use super::choose::SdpError;
use super::encoding::Encoding;
use super::hex;
use super::parse::Section;
use crate::sound::{AudioConfig, Layout, Order, mux_config};

/// The sound that was chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sound {
    /// RTP payload type.
    pub payload_type: u8,
    /// Ticks a second, 1 to 1,000,000,000.
    pub clock_rate: u32,
    /// At least 1.
    pub channels: u8,
    /// `a=control` of its section.
    pub control: Option<String>,
    /// How it is encoded.
    pub codec: SoundCodec,
}

/// A sound codec with what the description says of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SoundCodec {
    /// AAC as of RFC 3640.
    Aac {
        /// Of the headers of access units.
        layout: Layout,
        /// For the decoder.
        config: AudioConfig,
    },
    /// AAC as of RFC 6416.
    Latm {
        /// For the decoder.
        config: AudioConfig,
    },
    /// G.711 A-law (RFC 3551, section 4.5.14).
    Pcma,
    /// G.711 µ-law (RFC 3551, section 4.5.14).
    Pcmu,
    /// RFC 7587.
    Opus,
    /// Samples of 16 bits.
    L16,
    /// Samples of 8 bits.
    L8,
    /// RFC 3551, section 4.5.4.
    G726 {
        /// A code word.
        bits: u8,
        /// Of code words in bytes.
        order: Order,
    },
}

impl Sound {
    /// The first encoding of a section that is known. A way back to the camera is none.
    pub fn of(section: &Section) -> Result<Self, SdpError> {
        if section.send_only {
            return Err(SdpError::Nothing);
        }
        let mut reason = None;
        for encoding in section.encodings() {
            match sound(section, &encoding) {
                Ok(sound) => return Ok(sound),
                Err(error) => reason = reason.or(Some(error)),
            }
        }
        Err(
            reason.unwrap_or_else(|| match section.payload_types.first() {
                Some(other) => SdpError::Codec(format!("sound of RTP type {other}")),
                None => SdpError::Nothing,
            }),
        )
    }
}

fn sound(section: &Section, encoding: &Encoding) -> Result<Sound, SdpError> {
    let codec = codec(section, encoding)?;
    let (usual_rate, channels) = match &codec {
        // The decoder goes by the configuration; some cameras leave the rest out.
        SoundCodec::Aac { config, .. } | SoundCodec::Latm { config } => {
            (config.rate, config.channels)
        }
        SoundCodec::Opus => (48_000, 0),
        SoundCodec::L16 => (44_100, 0),
        SoundCodec::Pcma | SoundCodec::Pcmu | SoundCodec::L8 => (8_000, 0),
        SoundCodec::G726 { .. } => (8_000, 1),
    };
    let rate = match (&codec, encoding.clock_rate) {
        (_, 0) => usual_rate,
        // RFC 7587, section 4.1: whatever the rate of the sound is.
        (SoundCodec::Opus, _) => 48_000,
        (_, rate) => rate,
    };
    Ok(Sound {
        payload_type: encoding.payload_type,
        clock_rate: rate.clamp(1, 1_000_000_000),
        channels: if channels > 0 {
            channels
        } else {
            encoding.channels.max(1)
        },
        control: section.control.clone(),
        codec,
    })
}

fn codec(section: &Section, encoding: &Encoding) -> Result<SoundCodec, SdpError> {
    let unknown = || SdpError::Codec(encoding.name.to_ascii_uppercase());
    Ok(match encoding.name.as_str() {
        "mpeg4-generic" => generic(section, encoding).ok_or_else(unknown)?,
        "mp4a-latm" => SoundCodec::Latm {
            config: latm(section, encoding).ok_or_else(unknown)?,
        },
        "pcma" => SoundCodec::Pcma,
        "pcmu" => SoundCodec::Pcmu,
        "opus" => SoundCodec::Opus,
        "l16" => SoundCodec::L16,
        "l8" => SoundCodec::L8,
        name => {
            let (order, name) = match name.strip_prefix("aal2-") {
                Some(name) => (Order::HighFirst, name),
                None => (Order::LowFirst, name),
            };
            let bits = match name {
                "g726-16" => 2,
                "g726-24" => 3,
                // "G721" is what the one with 32 kbit/s was called before.
                "g726-32" | "g726" | "g721" => 4,
                "g726-40" => 5,
                _ => return Err(unknown()),
            };
            SoundCodec::G726 { bits, order }
        }
    })
}

/// RFC 3640, section 4.1. None where it is not AAC.
fn generic(section: &Section, encoding: &Encoding) -> Option<SoundCodec> {
    let parameter = |name| section.parameter(encoding.payload_type, name);
    let mode = parameter("mode").unwrap_or_default().to_ascii_lowercase();
    let usual = match mode.as_str() {
        "aac-lbr" => Layout::LOW_RATE,
        "celp-cbr" | "celp-vbr" => return None,
        "generic" => Layout::default(),
        // Cameras that say nothing, or something odd, mean this.
        _ => Layout::HIGH_RATE,
    };
    let bits = |name, usual: u32| {
        let given = parameter(name).and_then(|value| value.parse::<u32>().ok());
        given.map_or(usual, |bits| bits.min(32))
    };
    let layout = Layout {
        size: bits("sizelength", usual.size),
        index: bits("indexlength", usual.index),
        index_delta: bits("indexdeltalength", usual.index_delta),
        cts_delta: bits("ctsdeltalength", 0),
        dts_delta: bits("dtsdeltalength", 0),
        random_access: bits("randomaccessindication", 0).min(1),
        stream_state: bits("streamstateindication", 0).min(31),
        auxiliary_size: bits("auxiliarydatasizelength", 0),
        constant_size: parameter("constantsize")
            .and_then(|value| value.parse().ok())
            .unwrap_or(0),
    };
    let config = hex::decode(parameter("config").unwrap_or_default());
    let config = if config.is_empty() {
        AudioConfig::assumed(encoding.clock_rate, encoding.channels)
    } else {
        AudioConfig::parse(&config)?
    };
    Some(SoundCodec::Aac { layout, config })
}

/// RFC 6416, section 7.1. None where the configuration is in-band, or not plain AAC.
fn latm(section: &Section, encoding: &Encoding) -> Option<AudioConfig> {
    let parameter = |name| section.parameter(encoding.payload_type, name);
    if parameter("cpresent") != Some("0") {
        return None;
    }
    mux_config(&hex::decode(parameter("config")?))
}
