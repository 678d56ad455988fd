//! The streams that a camera describes.

use std::sync::Arc;

use super::sdp;
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
}

/// The tracks of a camera that describes itself.
pub(super) fn own(sound: Option<SoundClip>) -> Vec<Track> {
    let mut tracks = vec![Track {
        control: sdp::TRACK.to_owned(),
        payload_type: sdp::PAYLOAD_TYPE,
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
