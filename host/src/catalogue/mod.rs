//! What the host remembers: sessions, recordings, files, decisions. The only room that knows
//! SQL.
//!
//! [`Catalogue`] is the store, [`SqliteCatalogue`] the one there is. Changes go through a
//! [`Journal`], which writes them one after the other behind everybody's back: no recording
//! and no request waits for this disk. What is in here can be made again from the folder of
//! videos (see `library`), all but the decisions and who owned what.

mod change;
mod cursor;
mod error;
mod journal;
mod pending;
mod records;
mod sqlite;
mod store;
#[cfg(test)]
pub(crate) mod tests;

pub use change::Change;
pub use cursor::{BadCursor, Cursor};
pub use error::Error;
pub use journal::{Journal, JournalCounts, Queued};
pub use records::{AuditRecord, FileRecord, GapRecord, RecordingRecord, SessionRecord, state};
pub use sqlite::SqliteCatalogue;
pub use store::{Catalogue, FilePage, FileQuery, MAX_PAGE, SessionEntry};

/// Decisions that are kept; the oldest go first. About 30 MB.
pub const AUDIT_KEPT: i64 = 100_000;
