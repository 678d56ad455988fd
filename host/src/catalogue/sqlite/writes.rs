//! Changes as SQL.

use sqlx::SqliteConnection;

use super::rows::{finite, signed};
use crate::catalogue::AUDIT_KEPT;
use crate::catalogue::change::Change;
use crate::catalogue::records::{AuditRecord, FileRecord, RecordingRecord, SessionRecord};

type Result<T> = std::result::Result<T, sqlx::Error>;

const SESSION: &str = "
    INSERT INTO sessions (session_id, terrain_id, club_id, owner_id, created_us, closed_us, adapter)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
    ON CONFLICT (session_id) DO UPDATE SET
        terrain_id = ?2, club_id = ?3, owner_id = ?4, created_us = ?5, closed_us = ?6, adapter = ?7";

const RECORDING: &str = "
    INSERT INTO recordings (session_id, state, mode, started_us, planned_seconds, frames,
        size_bytes, duration_seconds, video_path, error, updated_us, clock, quality)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
    ON CONFLICT (session_id) DO UPDATE SET
        state = ?2, mode = ?3, started_us = ?4, planned_seconds = ?5, frames = ?6,
        size_bytes = ?7, duration_seconds = ?8, video_path = ?9, error = ?10, updated_us = ?11,
        clock = ?12, quality = coalesce(?13, quality)";

const GAP: &str = "
    INSERT INTO gaps (session_id, position, start_seconds, seconds, cause)
    VALUES (?1, ?2, ?3, ?4, ?5)";

// The digest and the owner stay known where the new row does not tell them, but a digest of
// other content does not.
const FILE: &str = "
    INSERT INTO files (session_id, club_id, terrain_id, owner_id, size_bytes, duration_seconds,
        codec, sha256, created_us)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
    ON CONFLICT (session_id) DO UPDATE SET
        sha256 = coalesce(?8, iif(size_bytes = ?5 AND club_id = ?2, sha256, NULL)),
        owner_id = coalesce(?4, owner_id),
        club_id = ?2, terrain_id = ?3, size_bytes = ?5, duration_seconds = ?6, codec = ?7,
        created_us = ?9";

const DIGEST: &str = "
    UPDATE files SET sha256 = ?4 WHERE session_id = ?1 AND club_id = ?2 AND size_bytes = ?3";

const DECISION: &str = "
    INSERT INTO audit (at_us, user, role, club, address, action, resource_kind, resource_id,
        resource_club, allowed, code, reason, request_id)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";

/// Writes one change.
pub(super) async fn write(connection: &mut SqliteConnection, change: &Change) -> Result<()> {
    match change {
        Change::Session(record) => session(connection, record).await,
        Change::Recording(record) => recording(connection, record).await,
        Change::File(record) => file(connection, record).await,
        Change::FileDigest {
            session_id,
            club_id,
            size_bytes,
            sha256,
        } => {
            let query = sqlx::query(DIGEST).bind(session_id).bind(club_id);
            let query = query.bind(signed(*size_bytes)).bind(sha256);
            query.execute(connection).await.map(drop)
        }
        Change::FileRemoved { session_id } => {
            let query = sqlx::query("DELETE FROM files WHERE session_id = ?1").bind(session_id);
            query.execute(connection).await.map(drop)
        }
        Change::Audit(record) => decision(connection, record).await,
    }
}

/// Lets the oldest decisions go.
pub(super) async fn trim_audit(connection: &mut SqliteConnection) -> Result<()> {
    sqlx::query("DELETE FROM audit WHERE id <= (SELECT max(id) FROM audit) - ?1")
        .bind(AUDIT_KEPT)
        .execute(connection)
        .await
        .map(drop)
}

async fn session(connection: &mut SqliteConnection, record: &SessionRecord) -> Result<()> {
    sqlx::query(SESSION)
        .bind(&record.session_id)
        .bind(&record.terrain_id)
        .bind(&record.club_id)
        .bind(&record.owner_id)
        .bind(record.created_at.as_microsecond())
        .bind(record.closed_at.map(jiff::Timestamp::as_microsecond))
        .bind(&record.adapter)
        .execute(connection)
        .await
        .map(drop)
}

async fn recording(connection: &mut SqliteConnection, record: &RecordingRecord) -> Result<()> {
    sqlx::query(RECORDING)
        .bind(&record.session_id)
        .bind(&record.state)
        .bind(&record.mode)
        .bind(record.started_at.map(jiff::Timestamp::as_microsecond))
        .bind(finite(record.planned_seconds))
        .bind(signed(record.frames))
        .bind(signed(record.size_bytes))
        .bind(record.duration_seconds.map(finite))
        .bind(&record.video_path)
        .bind(&record.error)
        .bind(record.updated_at.as_microsecond())
        .bind(&record.clock)
        .bind(&record.quality)
        .execute(&mut *connection)
        .await?;
    sqlx::query("DELETE FROM gaps WHERE session_id = ?1")
        .bind(&record.session_id)
        .execute(&mut *connection)
        .await?;
    for (position, gap) in (0_i64..).zip(&record.gaps) {
        sqlx::query(GAP)
            .bind(&record.session_id)
            .bind(position)
            .bind(finite(gap.start_seconds))
            .bind(finite(gap.seconds))
            .bind(&gap.cause)
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

async fn file(connection: &mut SqliteConnection, record: &FileRecord) -> Result<()> {
    sqlx::query(FILE)
        .bind(&record.session_id)
        .bind(&record.club_id)
        .bind(&record.terrain_id)
        .bind(&record.owner_id)
        .bind(signed(record.size_bytes))
        .bind(finite(record.duration_seconds))
        .bind(&record.codec)
        .bind(&record.sha256)
        .bind(record.created_at.as_microsecond())
        .execute(connection)
        .await
        .map(drop)
}

async fn decision(connection: &mut SqliteConnection, record: &AuditRecord) -> Result<()> {
    sqlx::query(DECISION)
        .bind(record.at.as_microsecond())
        .bind(&record.user)
        .bind(&record.role)
        .bind(&record.club)
        .bind(&record.address)
        .bind(&record.action)
        .bind(&record.resource_kind)
        .bind(&record.resource_id)
        .bind(&record.resource_club)
        .bind(record.allowed)
        .bind(&record.code)
        .bind(&record.reason)
        .bind(&record.request_id)
        .execute(connection)
        .await
        .map(drop)
}
