//! What a catalogue can do, whatever it is kept in.

use futures_util::future::BoxFuture;

use super::change::Change;
use super::cursor::Cursor;
use super::error::Error;
use super::records::{AuditRecord, FileRecord, RecordingRecord, SessionRecord};

/// Files of a page at most; the API allows fewer.
pub const MAX_PAGE: u32 = 1000;

/// Which files are asked for.
#[derive(Clone, Debug, Default)]
pub struct FileQuery {
    /// Of these clubs only; none: of all.
    pub clubs: Option<Vec<String>>,
    /// Behind this place.
    pub after: Option<Cursor>,
    /// So many at most; held to 1 to [`MAX_PAGE`].
    pub limit: u32,
}

/// Some files, newest first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FilePage {
    /// By `created_at`, then by id, both falling.
    pub files: Vec<FileRecord>,
    /// Where the next page begins; none if this is the last one.
    pub next: Option<Cursor>,
}

/// A session and its recording.
#[derive(Clone, Debug, PartialEq)]
pub struct SessionEntry {
    /// The session.
    pub session: SessionRecord,
    /// Its recording, where one was started.
    pub recording: Option<RecordingRecord>,
}

/// Remembers.
pub trait Catalogue: Send + Sync {
    /// Makes these changes, in this order: all of them or none, also
    /// where the call is dropped half-way. Once it has returned, they
    /// survive the host's death and the machine's.
    fn apply<'a>(&'a self, changes: &'a [Change]) -> BoxFuture<'a, Result<(), Error>>;

    /// A session.
    fn session<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<Option<SessionRecord>, Error>>;

    /// A session's recording.
    fn recording<'a>(
        &'a self,
        id: &'a str,
    ) -> BoxFuture<'a, Result<Option<RecordingRecord>, Error>>;

    /// The newest sessions, newest first.
    fn recent_sessions(&self, limit: u32) -> BoxFuture<'_, Result<Vec<SessionEntry>, Error>>;

    /// Sessions that did not close, or whose recording is not final, as the host's death
    /// leaves them; newest first, so many at most.
    fn unfinished_sessions(&self, limit: u32) -> BoxFuture<'_, Result<Vec<SessionEntry>, Error>>;

    /// A file.
    fn file<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<Option<FileRecord>, Error>>;

    /// A page of files.
    fn files<'a>(&'a self, query: &'a FileQuery) -> BoxFuture<'a, Result<FilePage, Error>>;

    /// A page of files that have no digest yet, newest first.
    fn files_without_digest<'a>(
        &'a self,
        query: &'a FileQuery,
    ) -> BoxFuture<'a, Result<FilePage, Error>>;

    /// The newest decisions, newest first.
    fn audit(&self, limit: u32) -> BoxFuture<'_, Result<Vec<AuditRecord>, Error>>;

    /// Ends it: what was written is brought into the one file. Later calls fail.
    fn close(&self) -> BoxFuture<'_, ()>;

    /// Saves a session.
    fn save_session(&self, record: SessionRecord) -> BoxFuture<'_, Result<(), Error>> {
        Box::pin(async move { self.apply(&[Change::Session(record)]).await })
    }

    /// Saves a recording with its gaps.
    fn save_recording(&self, record: RecordingRecord) -> BoxFuture<'_, Result<(), Error>> {
        Box::pin(async move { self.apply(&[Change::Recording(record)]).await })
    }

    /// Saves a file.
    fn save_file(&self, record: FileRecord) -> BoxFuture<'_, Result<(), Error>> {
        Box::pin(async move { self.apply(&[Change::File(record)]).await })
    }

    /// Forgets a file. One that is not known is no error.
    fn remove_file(&self, session_id: String) -> BoxFuture<'_, Result<(), Error>> {
        Box::pin(async move { self.apply(&[Change::FileRemoved { session_id }]).await })
    }

    /// Keeps decisions; the oldest ones beyond [`AUDIT_KEPT`](super::AUDIT_KEPT) go.
    fn append_audit(&self, records: Vec<AuditRecord>) -> BoxFuture<'_, Result<(), Error>> {
        let changes: Vec<_> = records
            .into_iter()
            .map(|record| Change::Audit(Box::new(record)).bounded())
            .collect();
        Box::pin(async move { self.apply(&changes).await })
    }
}
