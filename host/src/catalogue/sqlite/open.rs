//! Opening the file, whatever is found in its place.

use std::fs::{self, File, Permissions};
use std::io;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, SqliteConnection, SqlitePool};
use tracing::error;

use super::ballast;
use super::errors::is_damage;
use super::schema::{self, Kind};
use crate::catalogue::error::Error;

/// Only the host's user may read who did what.
const MODE: u32 = 0o600;
/// How long a connection waits for another one's lock.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a caller waits for a connection.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(10);
/// Connections that read; each has a thread of its own.
const READERS: u32 = 4;
/// What SQLite keeps beside the file.
const COMPANIONS: [&str; 3] = ["-wal", "-shm", "-journal"];

/// Why a file was not opened.
enum Refusal {
    /// Its content is at fault: another one can take its place.
    Damaged(String),
    /// Anything else.
    Failed(Error),
}

/// The pools: writer, readers.
pub(super) async fn open(path: &Path) -> Result<(SqlitePool, SqlitePool), Error> {
    let path = std::path::absolute(path).map_err(|source| cannot(path, &source))?;
    let path = path.as_path();
    prepare(path)?;
    let mut attempted = attempt(path).await;
    if matches!(&attempted, Err(Refusal::Failed(error)) if !matches!(error, Error::Newer { .. }))
        && ballast::drop(path)
    {
        attempted = attempt(path).await;
    }
    let reason = match attempted {
        Ok(pools) => {
            ballast::keep(path);
            return Ok(pools);
        }
        Err(Refusal::Failed(error)) => return Err(error),
        Err(Refusal::Damaged(reason)) => reason,
    };
    let aside = set_aside(path)?;
    error!(
        catalogue = %path.display(),
        moved_to = %aside.display(),
        reason,
        "the catalogue is damaged and was moved aside; a fresh one is made from the videos folder"
    );
    prepare(path)?;
    attempt(path).await.map_err(|refusal| match refusal {
        Refusal::Failed(error) => error,
        Refusal::Damaged(reason) => cannot(path, &reason),
    })
}

async fn attempt(path: &Path) -> Result<(SqlitePool, SqlitePool), Refusal> {
    // Looked at before anything is set in it: it may be another program's.
    let mut connection = plain(path).connect().await.map_err(refused(path))?;
    let looked = look(&mut connection, path).await;
    // Closed for certain, for the file may be renamed next.
    let closed = connection.close().await;
    looked?;
    closed.map_err(refused(path))?;

    let writer = SqlitePoolOptions::new()
        .max_connections(1)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .idle_timeout(None)
        .max_lifetime(None)
        .connect_with(for_writing(path))
        .await
        .map_err(refused(path))?;
    if let Err(refusal) = bring_up(&writer, path).await {
        writer.close().await;
        return Err(refusal);
    }
    let readers = SqlitePoolOptions::new()
        .max_connections(READERS)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .idle_timeout(None)
        .max_lifetime(None)
        .connect_lazy_with(plain(path).pragma("query_only", "ON"));
    Ok((writer, readers))
}

/// Whether the file can be used.
async fn look(connection: &mut SqliteConnection, path: &Path) -> Result<(), Refusal> {
    match schema::kind(connection).await.map_err(refused(path))? {
        Kind::Empty => Ok(()),
        Kind::Foreign => Err(Refusal::Damaged("it is another program's".into())),
        Kind::Ours(found) if found > schema::NEWEST => Err(Refusal::Failed(Error::Newer {
            path: path.to_owned(),
            found,
            known: schema::NEWEST,
        })),
        Kind::Ours(_) => match schema::damage(connection).await.map_err(refused(path))? {
            Some(damage) => Err(Refusal::Damaged(damage)),
            None => Ok(()),
        },
    }
}

async fn bring_up(writer: &SqlitePool, path: &Path) -> Result<(), Refusal> {
    let mut connection = writer.acquire().await.map_err(refused(path))?;
    let brought = schema::bring_up(&mut connection).await;
    brought.map_err(refused(path))?;
    if schema::is_complete(&mut connection).await {
        Ok(())
    } else {
        Err(Refusal::Damaged("tables or columns are missing".into()))
    }
}

fn refused(path: &Path) -> impl FnOnce(sqlx::Error) -> Refusal {
    move |error| {
        if is_damage(&error) {
            Refusal::Damaged(error.to_string())
        } else {
            Refusal::Failed(cannot(path, &error))
        }
    }
}

/// How every connection is made. The schema of a file is not believed: it may call nothing.
fn plain(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(false)
        .busy_timeout(BUSY_TIMEOUT)
        .foreign_keys(true)
        .pragma("trusted_schema", "OFF")
        .pragma("cell_size_check", "ON")
        .thread_name(|number| format!("catalogue-{number}"))
        .disable_statement_logging()
}

fn for_writing(path: &Path) -> SqliteConnectOptions {
    plain(path)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        // Gives back what a burst made of the log.
        .pragma("journal_size_limit", "16777216")
}

/// Makes the folder and an empty file where they are missing, and shuts both out from others:
/// SQLite gives its companions the file's mode.
fn prepare(path: &Path) -> Result<(), Error> {
    let made = || {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let file = File::options()
            .read(true)
            .append(true)
            .create(true)
            .mode(MODE)
            .open(path)?;
        let mode = file.metadata()?.permissions().mode();
        if mode & 0o077 != 0 {
            file.set_permissions(Permissions::from_mode(MODE))?;
        }
        Ok(())
    };
    made().map_err(|source: io::Error| cannot(path, &source))
}

/// Renames the file and its companions; tells the new name.
fn set_aside(path: &Path) -> Result<PathBuf, Error> {
    let stamp = Timestamp::now().as_millisecond();
    let aside = suffixed(path, &format!(".damaged-{stamp}"));
    fs::rename(path, &aside).map_err(|source| cannot(path, &source))?;
    for companion in COMPANIONS {
        match fs::rename(suffixed(path, companion), suffixed(&aside, companion)) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => {
                return Err(cannot(path, &source));
            }
            _ => {}
        }
    }
    Ok(aside)
}

fn suffixed(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

fn cannot(path: &Path, reason: &dyn std::fmt::Display) -> Error {
    Error::Open {
        path: path.to_owned(),
        reason: reason.to_string(),
        hint: "check catalogue.url, and that the host's user may write the file and its folder",
    }
}
