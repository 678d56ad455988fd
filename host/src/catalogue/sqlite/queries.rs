//! What is read. Lists of ids go in as one JSON array, so that every statement is a constant.

use std::collections::HashMap;

use sqlx::SqlitePool;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};

use super::rows;
use crate::catalogue::cursor::Cursor;
use crate::catalogue::records::{
    AuditRecord, FileRecord, GapRecord, RecordingRecord, SessionRecord,
};
use crate::catalogue::store::{FilePage, FileQuery, MAX_PAGE, SessionEntry};

type Result<T> = std::result::Result<T, sqlx::Error>;

/// The newest sessions.
pub(super) const RECENT: &str = "
    SELECT * FROM sessions ORDER BY created_us DESC, session_id DESC LIMIT ?1";

/// Sessions that the host's death left open.
pub(super) const UNFINISHED: &str = "
    SELECT * FROM sessions WHERE closed_us IS NULL OR session_id IN (
        SELECT session_id FROM recordings WHERE state NOT IN ('completed', 'failed'))
    ORDER BY created_us DESC, session_id DESC LIMIT ?1";

const RECORDINGS: &str = "
    SELECT * FROM recordings WHERE session_id IN (SELECT value FROM json_each(?1))";

const GAPS: &str = "
    SELECT * FROM gaps WHERE session_id IN (SELECT value FROM json_each(?1))
    ORDER BY session_id, position";

/// Files of all or of some clubs.
pub(super) const ALL_FILES: &str = "
    SELECT * FROM files WHERE (created_us, session_id) < (?1, ?2)
        AND (?3 IS NULL OR club_id IN (SELECT value FROM json_each(?3)))
    ORDER BY created_us DESC, session_id DESC LIMIT ?4";

/// The same, of those whose digest is not known.
pub(super) const WITHOUT_DIGEST: &str = "
    SELECT * FROM files WHERE sha256 IS NULL AND (created_us, session_id) < (?1, ?2)
        AND (?3 IS NULL OR club_id IN (SELECT value FROM json_each(?3)))
    ORDER BY created_us DESC, session_id DESC LIMIT ?4";

pub(super) async fn session(pool: &SqlitePool, id: &str) -> Result<Option<SessionRecord>> {
    sqlx::query("SELECT * FROM sessions WHERE session_id = ?1")
        .bind(id)
        .fetch_optional(pool)
        .await?
        .map(|row| rows::session(&row))
        .transpose()
}

pub(super) async fn recording(pool: &SqlitePool, id: &str) -> Result<Option<RecordingRecord>> {
    // One snapshot for the recording and its gaps.
    let mut snapshot = pool.begin().await?;
    let mut found = recordings(&mut snapshot, &[id]).await?;
    Ok(found.remove(id))
}

/// Sessions by `sql`, each with its recording.
pub(super) async fn sessions(
    pool: &SqlitePool,
    sql: &'static str,
    limit: u32,
) -> Result<Vec<SessionEntry>> {
    let mut snapshot = pool.begin().await?;
    let found = sqlx::query(sql)
        .bind(limit)
        .fetch_all(&mut *snapshot)
        .await?;
    let found: Vec<_> = found.iter().map(rows::session).collect::<Result<_>>()?;
    let ids: Vec<_> = found.iter().map(|s| s.session_id.as_str()).collect();
    let mut recordings = recordings(&mut snapshot, &ids).await?;
    let entries = found.into_iter().map(|session| SessionEntry {
        recording: recordings.remove(&session.session_id),
        session,
    });
    Ok(entries.collect())
}

async fn recordings(
    connection: &mut SqliteConnection,
    ids: &[&str],
) -> Result<HashMap<String, RecordingRecord>> {
    let ids = json(ids)?;
    let found = sqlx::query(RECORDINGS)
        .bind(&ids)
        .fetch_all(&mut *connection)
        .await?;
    let gaps = sqlx::query(GAPS).bind(&ids).fetch_all(connection).await?;
    let mut all = HashMap::new();
    for row in &found {
        let recording = rows::recording(row)?;
        all.insert(recording.session_id.clone(), recording);
    }
    for row in &gaps {
        let (id, gap): (&str, GapRecord) = (row.try_get("session_id")?, rows::gap(row)?);
        if let Some(recording) = all.get_mut(id) {
            recording.gaps.push(gap);
        }
    }
    Ok(all)
}

pub(super) async fn file(pool: &SqlitePool, id: &str) -> Result<Option<FileRecord>> {
    sqlx::query("SELECT * FROM files WHERE session_id = ?1")
        .bind(id)
        .fetch_optional(pool)
        .await?
        .map(|row| rows::file(&row))
        .transpose()
}

/// A page of files by `sql`.
pub(super) async fn files(
    pool: &SqlitePool,
    sql: &'static str,
    query: &FileQuery,
) -> Result<FilePage> {
    let limit = query.limit.clamp(1, MAX_PAGE);
    let after = query.after.as_ref();
    let clubs = query.clubs.as_deref().map(json).transpose()?;
    let found = sqlx::query(sql)
        .bind(after.map_or(i64::MAX, |cursor| cursor.created_us))
        .bind(after.map_or("", |cursor| cursor.id.as_str()))
        .bind(clubs)
        // One more tells whether there is a next page.
        .bind(limit + 1)
        .fetch_all(pool)
        .await?;
    let more = found.len() > limit as usize;
    let page = found.iter().take(limit as usize).map(rows::file);
    let files: Vec<_> = page.collect::<Result<_>>()?;
    let next = files.last().filter(|_| more).map(|last| Cursor {
        created_us: last.created_at.as_microsecond(),
        id: last.session_id.clone(),
    });
    Ok(FilePage { files, next })
}

pub(super) async fn audit(pool: &SqlitePool, limit: u32) -> Result<Vec<AuditRecord>> {
    let found = sqlx::query("SELECT * FROM audit ORDER BY id DESC LIMIT ?1")
        .bind(limit)
        .fetch_all(pool)
        .await?;
    found
        .iter()
        .map(|row: &SqliteRow| rows::decision(row))
        .collect()
}

fn json<T: serde::Serialize>(ids: &[T]) -> Result<String> {
    serde_json::to_string(ids).map_err(|error| sqlx::Error::Encode(error.into()))
}
