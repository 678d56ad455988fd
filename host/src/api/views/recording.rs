//! `recording`.

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::quality::{QualityView, quality};
use super::words::words;
use super::{FileView, Success, rounded};
use crate::clock::now_us;
use crate::session::Session;

words! {
    /// How far a recording is.
    RecordingStatus of crate::recording::RecordingState {
        /// Waits for the first picture.
        Starting,
        /// Pictures go into the file.
        Recording,
        /// The file is brought into its final form.
        Finalizing,
        /// There is a file.
        Completed,
        /// There is none, or it is not whole; `error` says why.
        Failed,
    }
}

words! {
    /// How pictures get into the file.
    Mode of crate::recording::Mode {
        /// As the camera encoded them.
        Copy,
        /// Encoded again.
        Encode,
    }
}

/// A session's one MP4, under way or over.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Recording)]
pub struct RecordingView {
    /// The session that is recorded.
    #[schema(example = "sess_1_1732281000123")]
    session_id: String,
    /// How far it is.
    status: RecordingStatus,
    /// How pictures get into the file; null until it is known.
    #[schema(required)]
    mode: Option<Mode>,
    /// When the first picture in the file was taken; null until there is one.
    #[schema(required)]
    started_at: Option<Timestamp>,
    /// Planned length, counted from the call.
    planned_seconds: f64,
    /// Length of the file's timeline so far.
    elapsed_seconds: f64,
    /// Until it stops by itself; 0 once it has ended.
    remaining_seconds: f64,
    /// Pictures in the file so far.
    frames: u64,
    /// Bytes of the file so far.
    size_bytes: u64,
    /// Times without pictures.
    gaps: Vec<GapView>,
    /// The file on the host's disk; null until it is final.
    #[schema(required)]
    video_path: Option<String>,
    /// What went wrong, for people.
    #[schema(required)]
    error: Option<String>,
    /// What came, was repeated, is missing; null where nobody counted.
    #[schema(required)]
    quality: Option<QualityView>,
    /// What may go wrong, for people: the disk is nearly full.
    #[schema(required)]
    warning: Option<String>,
}

/// A time without pictures.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Gap)]
pub struct GapView {
    /// Seconds from the first picture.
    start_seconds: f64,
    /// Its length.
    seconds: f64,
    /// Why: `camera_lost`, `no_picture`, `packet_loss`, `overload`, `ffmpeg`, `host`.
    cause: String,
}

/// A recording.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RecordingAnswer {
    success: Success,
    /// The recording.
    recording: RecordingView,
}

/// A recording that has ended.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct StoppedAnswer {
    success: Success,
    /// The file on the host's disk.
    #[schema(required)]
    video_path: Option<String>,
    /// The file.
    file: FileView,
    /// The recording.
    recording: RecordingView,
}

impl From<RecordingView> for RecordingAnswer {
    fn from(recording: RecordingView) -> Self {
        let success = Success;
        Self { success, recording }
    }
}

impl StoppedAnswer {
    /// The answer to a stop.
    pub fn new(recording: RecordingView, file: FileView) -> Self {
        Self {
            success: Success,
            video_path: recording.video_path.clone(),
            file,
            recording,
        }
    }
}

impl RecordingView {
    /// The same, the digest of its file being known.
    #[must_use]
    pub fn with_sha256(mut self, sha256: Option<String>) -> Self {
        if let Some(quality) = &mut self.quality {
            quality.sha256 = sha256;
        }
        self
    }
}

/// The `gaps` of a recording.
pub fn gaps(status: &crate::recording::RecordingStatus) -> Vec<GapView> {
    let gaps = status.gaps.iter().map(|gap| GapView {
        start_seconds: gap.start_seconds,
        seconds: gap.seconds,
        cause: gap.cause.to_string(),
    });
    gaps.collect()
}

/// A `recording` in this state, now.
pub fn recording(session: &Session, status: &crate::recording::RecordingStatus) -> RecordingView {
    recording_at(session, status, now_us())
}

/// A `recording` in this state, at a moment on the monotonic clock, microseconds.
pub fn recording_at(
    session: &Session,
    status: &crate::recording::RecordingStatus,
    now: i64,
) -> RecordingView {
    RecordingView {
        session_id: session.id.to_string(),
        status: status.state.into(),
        mode: status.mode.map(Mode::from),
        started_at: status.started_at,
        planned_seconds: status.planned_seconds,
        elapsed_seconds: rounded(status.elapsed_seconds(now)),
        remaining_seconds: rounded(status.remaining_seconds(now)),
        frames: status.frames,
        size_bytes: status.size_bytes,
        gaps: gaps(status),
        video_path: status.video_path.clone(),
        error: status.error.clone(),
        warning: status.warning.clone(),
        quality: quality(status, now),
    }
}
