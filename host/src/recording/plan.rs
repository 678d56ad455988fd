//! What a recording is to be, and what is known for its whole life.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::admission::Ticket;
use super::command::EncodeSettings;
use super::status::RecordingStatus;
use crate::config::Encode;

/// What is to be recorded, and where to.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Names the file.
    pub session_id: String,
    /// Names the folder.
    pub club_id: String,
    /// When it was asked for, on the monotonic clock, microseconds.
    pub requested_us: i64,
    /// Length from then on.
    pub length: Duration,
    /// Root of all recordings.
    pub videos_dir: PathBuf,
    /// Folder of FFmpeg's logs.
    pub logs_dir: PathBuf,
    /// FFmpeg.
    pub ffmpeg_path: PathBuf,
    /// What is copied and what is encoded.
    pub encode: Encode,
    /// How to encode.
    pub settings: EncodeSettings,
}

/// What is known for a recording's whole life.
pub struct Job {
    pub plan: Plan,
    pub status: watch::Sender<RecordingStatus>,
    pub stop: CancellationToken,
    /// When a stop was called for, on the monotonic clock, microseconds.
    pub stop_us: Arc<OnceLock<i64>>,
    pub ticket: Ticket,
}
