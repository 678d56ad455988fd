//! The tables, and how older ones become newer ones. `application_id` and `user_version` stand
//! in the file's head and change together with the tables, in one transaction.

use sqlx::{Connection, SqliteConnection};

/// `PdVr` in the file's head: by this it is known as a catalogue.
const APPLICATION_ID: i64 = 0x5064_5672;

/// What brings a file from one version to the next. Never changed once released: added to.
const STEPS: [&str; 3] = [
    include_str!("migrations/0001_first.sql"),
    include_str!("migrations/0002_clock.sql"),
    include_str!("migrations/0003_quality.sql"),
];

/// The newest version that is known here.
pub(super) const NEWEST: i64 = STEPS.len() as i64;

/// A query of each table that names every column that is used; it must be answered.
const SHAPES: [&str; 5] = [
    "SELECT session_id, terrain_id, club_id, owner_id, created_us, closed_us, adapter FROM sessions LIMIT 0",
    "SELECT session_id, state, mode, started_us, planned_seconds, frames, size_bytes, duration_seconds, video_path, error, updated_us, clock, quality FROM recordings LIMIT 0",
    "SELECT session_id, position, start_seconds, seconds, cause FROM gaps LIMIT 0",
    "SELECT session_id, club_id, terrain_id, owner_id, size_bytes, duration_seconds, codec, sha256, created_us FROM files LIMIT 0",
    "SELECT id, at_us, user, role, club, address, action, resource_kind, resource_id, resource_club, allowed, code, reason, request_id FROM audit LIMIT 0",
];

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// There is nothing in it.
    Empty,
    /// A catalogue of this version.
    Ours(i64),
    /// Another program's.
    Foreign,
}

/// Looks at the file's head.
pub(super) async fn kind(connection: &mut SqliteConnection) -> Result<Kind, sqlx::Error> {
    let application: i64 = number(connection, "PRAGMA application_id").await?;
    let version = number(connection, "PRAGMA user_version").await?;
    let tables = number(connection, "SELECT count(*) FROM sqlite_schema").await?;
    Ok(match (application, version, tables) {
        (0, 0, 0) => Kind::Empty,
        (APPLICATION_ID, 1.., 1..) => Kind::Ours(version),
        _ => Kind::Foreign,
    })
}

/// What SQLite finds wrong with the file, if anything. Reads all of it.
pub(super) async fn damage(
    connection: &mut SqliteConnection,
) -> Result<Option<String>, sqlx::Error> {
    let found: String = sqlx::query_scalar("PRAGMA quick_check(1)")
        .fetch_one(connection)
        .await?;
    Ok((found != "ok").then_some(found))
}

/// Brings an empty or older file to the newest version; all steps or none.
pub(super) async fn bring_up(connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
    let version = number(&mut transaction, "PRAGMA user_version").await?;
    for step in STEPS.iter().skip(version.max(0) as usize) {
        sqlx::raw_sql(*step).execute(&mut *transaction).await?;
    }
    transaction.commit().await
}

/// Whether every table has the columns that are used: a file may be whole for SQLite and
/// still be none of ours.
pub(super) async fn is_complete(connection: &mut SqliteConnection) -> bool {
    for shape in SHAPES {
        if sqlx::query(shape).execute(&mut *connection).await.is_err() {
            return false;
        }
    }
    true
}

async fn number(connection: &mut SqliteConnection, sql: &'static str) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar(sql).fetch_one(connection).await
}
