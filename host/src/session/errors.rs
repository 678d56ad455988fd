//! What can go wrong with a session. `api` maps each case to a status, in one place.

use thiserror::Error;

use super::id::SessionId;
use crate::recording::Refused;

/// Why something was not done.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum SessionError {
    /// No such terrain.
    #[error("there is no terrain {0}")]
    UnknownTerrain(String),
    /// No such session.
    #[error("there is no session {0}")]
    UnknownSession(String),
    /// The terrain has an active session.
    #[error("terrain {terrain} has an active session")]
    TerrainBusy {
        /// The terrain.
        terrain: String,
        /// Its session, for those who may see it.
        session: SessionId,
    },
    /// The session is closed.
    #[error("the session is closed; hint: create a new one")]
    Closed,
    /// There was no recording.
    #[error("nothing was recorded in this session")]
    NoRecording,
    /// Nothing is being recorded.
    #[error("nothing is being recorded in this session")]
    NotRecording,
    /// The recording ended before the first picture.
    #[error("the camera sent no picture: there is nothing to keep")]
    NoPicture,
    /// Too many, no processor, no disk.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// FFmpeg is missing.
    #[error("{0}")]
    NoFfmpeg(String),
    /// The policy allows the user no more at once.
    #[error("no more than {most} at once are allowed to this user")]
    LimitReached {
        /// How many are.
        most: u32,
    },
    /// The host is going down.
    #[error("the host is stopping")]
    Stopping,
}
