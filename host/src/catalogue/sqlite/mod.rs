//! The catalogue in one SQLite file.
//!
//! One connection writes, in transactions that take the lock at once (`BEGIN IMMEDIATE`); a
//! few others read beside it (WAL). `synchronous` is FULL: a commit waits for the disk, so
//! that a decision or a finished recording survives a power cut. That is cheap here (1.4 ms a
//! commit, measured on a busy machine), since one task writes, whole batches at a time, and
//! only `record/stop` waits for it.

mod ballast;
mod errors;
mod open;
mod queries;
mod rows;
mod schema;
mod writes;

use std::path::{Path, PathBuf};

use futures_util::future::BoxFuture;
use sqlx::{Connection, SqliteConnection, SqlitePool};

use self::errors::failed;
use super::change::Change;
use super::error::Error;
use super::records::{AuditRecord, FileRecord, RecordingRecord, SessionRecord};
use super::store::{Catalogue, FilePage, FileQuery, SessionEntry};

/// The catalogue in one SQLite file.
#[derive(Debug)]
pub struct SqliteCatalogue {
    /// One connection.
    writer: SqlitePool,
    readers: SqlitePool,
    path: PathBuf,
}

impl SqliteCatalogue {
    /// Opens the file at `path`, and makes it and its folder where they are missing; mode 0600.
    ///
    /// A file that is damaged, or of another program, is moved aside as
    /// `<name>.damaged-<unix ms>` with an error in the log, and a fresh one is made: what
    /// matters in it can be made again. [`Error::Newer`] for the file of a newer version, which
    /// is left as it is.
    pub async fn open(path: &Path) -> Result<Self, Error> {
        let (writer, readers) = open::open(path).await?;
        let path = path.to_owned();
        Ok(Self {
            writer,
            readers,
            path,
        })
    }
}

impl Catalogue for SqliteCatalogue {
    fn apply<'a>(&'a self, changes: &'a [Change]) -> BoxFuture<'a, Result<(), Error>> {
        Box::pin(async move {
            let doing = "writing changes";
            let mut connection = self.writer.acquire().await.map_err(failed(doing))?;
            let written = transact(&mut connection, changes).await;
            if written.is_err() {
                // A full disk makes SQLite roll back by itself, which sqlx does not see: its count
                // of open transactions is wrong from then on, and it would begin none any more.
                let _ = connection.close().await;
            }
            written.map_err(failed(doing))
        })
    }

    fn session<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<Option<SessionRecord>, Error>> {
        Box::pin(async move {
            let found = queries::session(&self.readers, id).await;
            found.map_err(failed("reading a session"))
        })
    }

    fn recording<'a>(
        &'a self,
        id: &'a str,
    ) -> BoxFuture<'a, Result<Option<RecordingRecord>, Error>> {
        Box::pin(async move {
            let found = queries::recording(&self.readers, id).await;
            found.map_err(failed("reading a recording"))
        })
    }

    fn recent_sessions(&self, limit: u32) -> BoxFuture<'_, Result<Vec<SessionEntry>, Error>> {
        Box::pin(async move {
            let found = queries::sessions(&self.readers, queries::RECENT, limit).await;
            found.map_err(failed("reading sessions"))
        })
    }

    fn unfinished_sessions(&self, limit: u32) -> BoxFuture<'_, Result<Vec<SessionEntry>, Error>> {
        Box::pin(async move {
            let found = queries::sessions(&self.readers, queries::UNFINISHED, limit).await;
            found.map_err(failed("reading sessions"))
        })
    }

    fn file<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<Option<FileRecord>, Error>> {
        Box::pin(async move {
            let found = queries::file(&self.readers, id).await;
            found.map_err(failed("reading a file's row"))
        })
    }

    fn files<'a>(&'a self, query: &'a FileQuery) -> BoxFuture<'a, Result<FilePage, Error>> {
        Box::pin(async move {
            let found = queries::files(&self.readers, queries::ALL_FILES, query).await;
            found.map_err(failed("listing files"))
        })
    }

    fn files_without_digest<'a>(
        &'a self,
        query: &'a FileQuery,
    ) -> BoxFuture<'a, Result<FilePage, Error>> {
        Box::pin(async move {
            let found = queries::files(&self.readers, queries::WITHOUT_DIGEST, query).await;
            found.map_err(failed("listing files without a digest"))
        })
    }

    fn audit(&self, limit: u32) -> BoxFuture<'_, Result<Vec<AuditRecord>, Error>> {
        Box::pin(async move {
            let found = queries::audit(&self.readers, limit).await;
            found.map_err(failed("reading decisions"))
        })
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            // The last connection that closes brings the log into the file: the writer's.
            self.readers.close().await;
            self.writer.close().await;
            // What it had beside the file is gone: the next start has to find room for that.
            let path = self.path.clone();
            let _ = tokio::task::spawn_blocking(move || ballast::keep(&path)).await;
        })
    }
}

async fn transact(connection: &mut SqliteConnection, changes: &[Change]) -> sqlx::Result<()> {
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
    for change in changes {
        writes::write(&mut transaction, change).await?;
    }
    if changes.iter().any(|c| matches!(c, Change::Audit(_))) {
        writes::trim_audit(&mut transaction).await?;
    }
    transaction.commit().await
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    fn session(number: u32) -> Change {
        Change::Session(SessionRecord {
            session_id: format!("sess_1_{number}"),
            terrain_id: "1".into(),
            club_id: "1".into(),
            owner_id: "7".repeat(2000),
            created_at: Timestamp::UNIX_EPOCH,
            closed_at: None,
            adapter: None,
        })
    }

    #[tokio::test]
    async fn a_disk_that_was_full_is_written_again() {
        let folder = tempfile::tempdir().unwrap();
        let opened = SqliteCatalogue::open(&folder.path().join("padelvar.db")).await;
        let catalogue = opened.unwrap();
        // No room for more than there is now. A new connection has room again.
        sqlx::query("PRAGMA max_page_count = 1")
            .execute(&catalogue.writer)
            .await
            .unwrap();
        let many: Vec<Change> = (0..100).map(session).collect();
        let full = catalogue.apply(&many).await.unwrap_err();
        assert!(full.may_pass(), "{full}");
        catalogue.apply(&many).await.unwrap();
        assert_eq!(catalogue.recent_sessions(1000).await.unwrap().len(), 100);
        catalogue.close().await;
    }
}
