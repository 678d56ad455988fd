//! The catalogue on a real disk: damage, deaths, pages.

mod crash;
mod files;
mod journal;
mod opening;
mod records;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use tempfile::TempDir;

use super::*;

/// A moment that is the same in every run.
fn moment(number: i64) -> Timestamp {
    Timestamp::from_millisecond(1_732_281_000_000 + number).unwrap()
}

pub(crate) fn session(number: i64) -> SessionRecord {
    SessionRecord {
        session_id: format!("sess_1_{number}"),
        terrain_id: "1".into(),
        club_id: "7".into(),
        owner_id: "user-é".into(),
        created_at: moment(number),
        closed_at: None,
        adapter: None,
    }
}

pub(crate) fn recording(number: i64) -> RecordingRecord {
    RecordingRecord {
        session_id: format!("sess_1_{number}"),
        state: "recording".into(),
        mode: Some("copy".into()),
        started_at: Some(moment(number + 5)),
        planned_seconds: 5400.5,
        frames: 12,
        size_bytes: u64::from(u32::MAX) + 7,
        duration_seconds: None,
        gaps: vec![GapRecord {
            start_seconds: 1.5,
            seconds: 2.0,
            cause: "camera_lost".into(),
        }],
        video_path: None,
        error: None,
        quality: Some("{\"frames_received\":12}".into()),
        updated_at: moment(number + 9),
        clock: Some("{}".into()),
    }
}

pub(crate) fn file(number: i64) -> FileRecord {
    FileRecord {
        session_id: format!("sess_1_{number}"),
        club_id: "7".into(),
        terrain_id: "1".into(),
        owner_id: Some("42".into()),
        size_bytes: 1000,
        duration_seconds: 12.5,
        codec: "h264".into(),
        sha256: None,
        created_at: moment(number),
    }
}

pub(crate) fn decision(number: i64) -> AuditRecord {
    AuditRecord {
        at: moment(number),
        user: "42".into(),
        role: "PLAYER".into(),
        club: Some("7".into()),
        address: None,
        action: "session.create".into(),
        resource_kind: "terrain".into(),
        resource_id: number.to_string(),
        resource_club: None,
        allowed: number % 2 == 0,
        code: "own_club".into(),
        reason: "because".into(),
        request_id: Some("r-1".into()),
    }
}

/// A place for a catalogue.
fn place() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("padelvar.db");
    (folder, path)
}

async fn open(path: &Path) -> Arc<dyn Catalogue> {
    Arc::new(SqliteCatalogue::open(path).await.unwrap())
}

/// Names of what lies beside the catalogue, sorted.
fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        // Room that is kept for a full disk.
        .filter(|name| !name.ends_with("-room"))
        .collect();
    names.sort();
    names
}
