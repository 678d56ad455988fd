//! A section of sound.

use super::choose::SdpError;
use super::encoding::Encoding;
use super::parse::Section;

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
    /// G.711 A-law (RFC 3551, section 4.5.14).
    Pcma,
    /// G.711 µ-law (RFC 3551, section 4.5.14).
    Pcmu,
}

impl Sound {
    /// The first encoding of a section that is known. A way back to the camera is none.
    pub fn of(section: &Section) -> Result<Self, SdpError> {
        if section.send_only {
            return Err(SdpError::Nothing);
        }
        let mut reason = SdpError::Nothing;
        for encoding in section.encodings() {
            match sound(section, &encoding) {
                Ok(sound) => return Ok(sound),
                Err(error) if reason == SdpError::Nothing => reason = error,
                Err(_) => {}
            }
        }
        Err(reason)
    }
}

fn sound(section: &Section, encoding: &Encoding) -> Result<Sound, SdpError> {
    let codec = match encoding.name.as_str() {
        "pcma" => SoundCodec::Pcma,
        "pcmu" => SoundCodec::Pcmu,
        other => return Err(SdpError::Codec(other.to_ascii_uppercase())),
    };
    Ok(Sound {
        payload_type: encoding.payload_type,
        clock_rate: match encoding.clock_rate {
            0 => 8_000,
            rate => rate.min(1_000_000_000),
        },
        channels: encoding.channels.max(1),
        control: section.control.clone(),
        codec,
    })
}
