//! Rows and values. Times are microseconds; what a row may say and a value may not is held to
//! the nearest.

use jiff::Timestamp;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use crate::catalogue::records::{
    AuditRecord, FileRecord, GapRecord, RecordingRecord, SessionRecord,
};

type Result<T> = std::result::Result<T, sqlx::Error>;

/// A count or size as SQLite has it.
pub(super) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// SQLite keeps "not a number" as NULL, which no column here takes.
pub(super) fn finite(seconds: f64) -> f64 {
    if seconds.is_finite() { seconds } else { 0.0 }
}

fn unsigned(row: &SqliteRow, column: &str) -> Result<u64> {
    Ok(row.try_get::<i64, _>(column)?.max(0) as u64)
}

fn time(row: &SqliteRow, column: &str) -> Result<Timestamp> {
    Ok(timestamp(row.try_get(column)?))
}

fn time_if_any(row: &SqliteRow, column: &str) -> Result<Option<Timestamp>> {
    Ok(row.try_get::<Option<i64>, _>(column)?.map(timestamp))
}

/// A moment; one that no calendar has is 1970.
fn timestamp(us: i64) -> Timestamp {
    Timestamp::from_microsecond(us).unwrap_or_default()
}

pub(super) fn session(row: &SqliteRow) -> Result<SessionRecord> {
    Ok(SessionRecord {
        session_id: row.try_get("session_id")?,
        terrain_id: row.try_get("terrain_id")?,
        club_id: row.try_get("club_id")?,
        owner_id: row.try_get("owner_id")?,
        created_at: time(row, "created_us")?,
        closed_at: time_if_any(row, "closed_us")?,
        adapter: row.try_get("adapter")?,
    })
}

/// Without its gaps.
pub(super) fn recording(row: &SqliteRow) -> Result<RecordingRecord> {
    Ok(RecordingRecord {
        session_id: row.try_get("session_id")?,
        state: row.try_get("state")?,
        mode: row.try_get("mode")?,
        started_at: time_if_any(row, "started_us")?,
        planned_seconds: row.try_get("planned_seconds")?,
        frames: unsigned(row, "frames")?,
        size_bytes: unsigned(row, "size_bytes")?,
        duration_seconds: row.try_get("duration_seconds")?,
        gaps: Vec::new(),
        video_path: row.try_get("video_path")?,
        error: row.try_get("error")?,
        quality: row.try_get("quality")?,
        updated_at: time(row, "updated_us")?,
        clock: row.try_get("clock")?,
    })
}

pub(super) fn gap(row: &SqliteRow) -> Result<GapRecord> {
    Ok(GapRecord {
        start_seconds: row.try_get("start_seconds")?,
        seconds: row.try_get("seconds")?,
        cause: row.try_get("cause")?,
    })
}

pub(super) fn file(row: &SqliteRow) -> Result<FileRecord> {
    Ok(FileRecord {
        session_id: row.try_get("session_id")?,
        club_id: row.try_get("club_id")?,
        terrain_id: row.try_get("terrain_id")?,
        owner_id: row.try_get("owner_id")?,
        size_bytes: unsigned(row, "size_bytes")?,
        duration_seconds: row.try_get("duration_seconds")?,
        codec: row.try_get("codec")?,
        sha256: row.try_get("sha256")?,
        created_at: time(row, "created_us")?,
    })
}

pub(super) fn decision(row: &SqliteRow) -> Result<AuditRecord> {
    Ok(AuditRecord {
        at: time(row, "at_us")?,
        user: row.try_get("user")?,
        role: row.try_get("role")?,
        club: row.try_get("club")?,
        address: row.try_get("address")?,
        action: row.try_get("action")?,
        resource_kind: row.try_get("resource_kind")?,
        resource_id: row.try_get("resource_id")?,
        resource_club: row.try_get("resource_club")?,
        allowed: row.try_get("allowed")?,
        code: row.try_get("code")?,
        reason: row.try_get("reason")?,
        request_id: row.try_get("request_id")?,
    })
}
