//! The streams that a camera describes.

use std::path::Path;
use std::sync::Arc;

use super::dialect::{Media, Section};
use super::sdp;
use crate::clip::Codec;
use crate::error::Error;
use crate::sound::{Sound, SoundClip};

/// One media section of the description.
#[derive(Debug, Clone)]
pub(super) struct Track {
    /// What `a=control` says, relative to the base.
    pub(super) control: String,
    pub(super) payload_type: u8,
    pub(super) source: Source,
}

/// What a track sends.
#[derive(Debug, Clone)]
pub(super) enum Source {
    /// The clip.
    Video,
    /// A beep every second.
    Sound(Arc<SoundClip>),
    /// It can be set up and stays silent.
    Nothing,
}

/// The tracks of a camera that describes itself.
pub(super) fn own(codec: Codec, sound: Option<SoundClip>) -> Vec<Track> {
    let mut tracks = vec![Track {
        control: sdp::TRACK.to_owned(),
        payload_type: match codec {
            Codec::Jpeg => sdp::JPEG_PAYLOAD_TYPE,
            Codec::H264 | Codec::H265 => sdp::PAYLOAD_TYPE,
        },
        source: Source::Video,
    }];
    tracks.extend(sound.map(|clip| Track {
        control: sdp::SOUND_TRACK.to_owned(),
        payload_type: match clip.sound {
            // The static types of RFC 3551 6.
            Sound::Pcmu => 0,
            Sound::Pcma => 8,
            _ => sdp::SOUND_PAYLOAD_TYPE,
        },
        source: Source::Sound(Arc::new(clip)),
    }));
    tracks
}

/// The tracks that a real camera's description has. Of several videos the first is sent.
pub(super) async fn announced(ffmpeg: &Path, sections: &[Section]) -> Result<Vec<Track>, Error> {
    let mut out: Vec<Track> = Vec::new();
    for section in sections {
        let shown = |track: &Track| matches!(track.source, Source::Video);
        let source = match section.media {
            Media::Video(_) if !out.iter().any(shown) => Source::Video,
            Media::Sound(sound) => Source::Sound(Arc::new(SoundClip::encode(ffmpeg, sound).await?)),
            Media::Video(_) | Media::Other => Source::Nothing,
        };
        out.push(Track {
            control: section.control.clone(),
            payload_type: section.payload_type,
            source,
        });
    }
    Ok(out)
}
