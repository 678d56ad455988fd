//! `report`: whether a recording is whole.

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::quality::{QualityView, quality};
use super::recording::{GapView, Mode, RecordingStatus, gaps};
use super::{FileView, Id, Success, rounded};
use crate::clock::now_us;
use crate::config::{ClubId, TerrainId};
use crate::recording::{self, verdict};

/// Whether a recording is whole, and what is known of it.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Report)]
pub struct ReportView {
    /// The session that was recorded.
    #[schema(example = "sess_1_1732281000123")]
    session_id: String,
    /// The terrain that was recorded.
    #[schema(value_type = Id)]
    terrain_id: TerrainId,
    /// The club that the terrain belongs to.
    #[schema(value_type = Id)]
    club_id: ClubId,
    /// Whether nothing that matters is missing: no finding is a fault. Null while it goes on,
    /// and where nobody counted.
    #[schema(required)]
    whole: Option<bool>,
    /// What is to be said about it, faults first.
    findings: Vec<FindingView>,
    /// How far it is.
    status: RecordingStatus,
    /// How pictures got into the file; null until it is known.
    #[schema(required)]
    mode: Option<Mode>,
    /// When the session was created.
    created_at: Timestamp,
    /// When the first picture in the file was taken; null where it is not known.
    #[schema(required)]
    started_at: Option<Timestamp>,
    /// Planned length, counted from the call; null where it is not known.
    #[schema(required)]
    planned_seconds: Option<f64>,
    /// How long the file is to be: from the first picture to the planned end, or to the call
    /// that stopped it; null where it is not known.
    #[schema(required)]
    expected_seconds: Option<f64>,
    /// Length of the file's timeline so far.
    duration_seconds: f64,
    /// Pictures in the file; null where it is not known.
    #[schema(required)]
    frames: Option<u64>,
    /// Times without pictures.
    gaps: Vec<GapView>,
    /// What came, was repeated, is missing; null where nobody counted.
    #[schema(required)]
    quality: Option<QualityView>,
    /// The file; null until it is final, and when it was deleted.
    #[schema(required)]
    file: Option<FileView>,
    /// What went wrong, for people.
    #[schema(required)]
    error: Option<String>,
}

/// Something to be said about a recording.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Finding)]
struct FindingView {
    /// For programs; more may be added: `gaps`, `late_start`, `ended_early`, `disk_full`,
    /// `disk_failed`, `ffmpeg_failed`, `failed`, `no_picture`, `frames_lost`, `packets_lost`,
    /// `frames_left_out`, `frames_not_written`, `host_restarted`, `ffmpeg_restarted`,
    /// `camera_reconnected`, `clock_drift`, `clock_jumped`, `file_gone`, `not_observed`, `still_recording`.
    code: &'static str,
    /// The recording is not whole because of it.
    fault: bool,
    /// For people.
    text: String,
}

/// A report.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ReportAnswer {
    success: Success,
    /// The report.
    report: ReportView,
}

/// What is reported on.
pub struct Reported {
    /// The session's id.
    pub session_id: String,
    /// The terrain that was recorded.
    pub terrain_id: TerrainId,
    /// The club that the terrain belongs to.
    pub club_id: ClubId,
    /// When the session was created.
    pub created_at: Timestamp,
    /// The recording, under way or over.
    pub status: recording::RecordingStatus,
}

impl ReportAnswer {
    /// The report on a recording and its file.
    pub fn new(reported: Reported, file: Option<FileView>) -> Self {
        let (status, now) = (reported.status, now_us());
        let verdict = verdict(&status);
        let mut findings: Vec<_> = verdict
            .findings
            .into_iter()
            .map(FindingView::from)
            .collect();
        if file.is_none() && status.state == recording::RecordingState::Completed {
            findings.push(FindingView {
                code: "file_gone",
                fault: false,
                text: "the file was deleted, or taken away".to_owned(),
            });
        }
        let mut quality = quality(&status, now);
        if let (Some(quality), Some(file)) = (&mut quality, &file) {
            quality.sha256.clone_from(&file.sha256);
        }
        let report = ReportView {
            session_id: reported.session_id,
            terrain_id: reported.terrain_id,
            club_id: reported.club_id,
            whole: verdict.whole,
            findings,
            status: status.state.into(),
            mode: status.mode.map(Mode::from),
            created_at: reported.created_at,
            started_at: status.started_at,
            // Nobody can plan nothing: 0 is what is put where there is only a file.
            planned_seconds: (status.planned_seconds > 0.0).then_some(status.planned_seconds),
            expected_seconds: status.expected_seconds().map(rounded),
            duration_seconds: rounded(status.elapsed_seconds(now)),
            frames: (status.frames > 0 || status.quality.is_some()).then_some(status.frames),
            gaps: gaps(&status),
            quality,
            file,
            error: status.error,
        };
        let success = Success;
        Self { success, report }
    }
}

impl From<recording::Finding> for FindingView {
    fn from(finding: recording::Finding) -> Self {
        Self {
            code: finding.code,
            fault: finding.fault,
            text: finding.text,
        }
    }
}
