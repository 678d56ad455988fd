//! Which of the streams to ask for.

use padelvar_sdk::Error;

use super::parse::{Description, Section};
use super::sound::Sound;
use super::video::Video;

/// Why no stream can be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SdpError {
    /// No section of that kind at all.
    #[error("the camera offers no video at this URL")]
    Nothing,
    /// In another codec.
    #[error(
        "the camera sends {0}, which this adapter does not know: choose another codec, such as H.264 and AAC, in the camera's settings"
    )]
    Codec(String),
    /// NAL units in another order than that of decoding.
    #[error("the camera sends {0} in interleaved mode, which is not supported")]
    Interleaved(&'static str),
    /// SRTP.
    #[error("the camera sends encrypted RTP ({0}), which is not supported")]
    Protocol(String),
}

impl From<SdpError> for Error {
    fn from(error: SdpError) -> Self {
        Self::unsupported(error.to_string())
    }
}

/// The streams to ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// The pictures.
    pub video: Video,
    /// The sound, where it is wanted and there is any that is known.
    pub sound: Option<Sound>,
    /// Why there is none although it is wanted.
    pub no_sound: Option<SdpError>,
}

/// The first video stream whose codec is known and, where `audio` is wanted, the first
/// such sound. Metadata and ways back to the camera are never asked for.
pub fn choose(description: &Description, audio: bool) -> Result<Choice, SdpError> {
    let video = first(description, "video", Video::of)?;
    let sound = audio.then(|| first(description, "audio", Sound::of));
    let (sound, no_sound) = match sound {
        Some(Ok(sound)) => (Some(sound), None),
        Some(Err(SdpError::Nothing)) | None => (None, None),
        Some(Err(error)) => (None, Some(error)),
    };
    Ok(Choice {
        video,
        sound,
        no_sound,
    })
}

fn first<T>(
    description: &Description,
    kind: &str,
    of: impl Fn(&Section) -> Result<T, SdpError>,
) -> Result<T, SdpError> {
    let mut reason = SdpError::Nothing;
    let sections = description.sections.iter();
    for section in sections.filter(|section| section.kind == kind) {
        let found = if section.protocol.contains("SAVP") {
            Err(SdpError::Protocol(section.protocol.clone()))
        } else {
            of(section)
        };
        match found {
            Ok(found) => return Ok(found),
            // What was wrong first is what the operator should hear of.
            Err(error) if reason == SdpError::Nothing => reason = error,
            Err(_) => {}
        }
    }
    Err(reason)
}
