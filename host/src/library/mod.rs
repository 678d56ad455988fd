//! Finished files: `<videos_dir>/<club_id>/<session_id>.mp4`.
//!
//! The folder is the truth and the catalogue its index: a file is there when it is on the
//! disk, and a row without a file is no file. Every change of both happens under one lock and
//! goes through the one queue of the catalogue's journal, so that the two end up agreeing
//! whatever comes in between.

mod delete;
mod digest;
mod errors;
mod find;
mod folder;
mod ids;
mod in_use;
mod junk;
mod keep;
mod reconcile;
mod retention;
mod settle;
mod space;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use jiff::Timestamp;
use tokio::sync::Notify;

use crate::catalogue::{Catalogue, Change, FileRecord, Journal, Queued};
use crate::mp4;

pub use errors::LibraryError;
pub use find::FoundFile;
pub use in_use::Reading;
pub use junk::Junk;
pub use reconcile::Reconciled;
pub use space::Space;

/// The finished files, and what is known of them.
pub struct Library {
    videos_dir: RwLock<PathBuf>,
    catalogue: Arc<dyn Catalogue>,
    journal: Arc<Journal>,
    /// Held while a file appears in or goes from both the folder and the queue of changes.
    /// Only taken on threads that may block.
    placing: Mutex<()>,
    /// A file came that has no digest.
    new_file: Notify,
    /// A recording has become a file.
    added: Notify,
    in_use: in_use::InUse,
    /// The room that is left, as it was seen last; empty before.
    space: RwLock<Arc<Vec<Space>>>,
}

/// A recording that has become a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewFile {
    /// The session's id.
    pub session_id: String,
    /// The club in whose folder it lies.
    pub club_id: String,
    /// The terrain that it shows.
    pub terrain_id: String,
    /// Who owns the session, where that is known.
    pub owner_id: Option<String>,
    /// When the session was created.
    pub created_at: Timestamp,
}

impl Library {
    /// The files below `videos_dir`. [`reconcile`](Self::reconcile) makes the catalogue agree
    /// with them, [`compute_digests`](Self::compute_digests) is a task to be run beside.
    pub fn new(
        videos_dir: PathBuf,
        catalogue: Arc<dyn Catalogue>,
        journal: Arc<Journal>,
    ) -> Arc<Self> {
        Arc::new(Self {
            videos_dir: RwLock::new(videos_dir),
            catalogue,
            journal,
            placing: Mutex::default(),
            new_file: Notify::new(),
            added: Notify::new(),
            in_use: in_use::InUse::default(),
            space: RwLock::default(),
        })
    }

    /// Uses another folder from now on; [`reconcile`](Self::reconcile) is to follow.
    pub fn set_videos_dir(&self, videos_dir: PathBuf) {
        let mut now = self
            .videos_dir
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        *now = videos_dir;
    }

    fn videos_dir(&self) -> PathBuf {
        let now = self.videos_dir.read();
        now.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes in what a recording has become. Its row is written when this returns (or, on a
    /// disk that does not take it, is being tried), so that a list that is asked for next has
    /// the file.
    pub async fn add(self: &Arc<Self>, new: NewFile) -> Result<FileRecord, LibraryError> {
        let folder = self.videos_dir();
        let path = folder::path(&folder, &new.club_id, &new.session_id)
            .ok_or_else(|| LibraryError::NotAFile(folder.clone()))?;
        let this = Arc::clone(self);
        let (record, queued) = blocking(move || {
            let mut record = record(&path, new)?;
            record.sha256 = digest::at_once(&path, record.size_bytes);
            let queued = this.place(&path, &record);
            Ok((record, queued.ok_or(LibraryError::NotAFile(path))?))
        })
        .await?;
        self.journal.written(queued).await;
        self.added.notify_one();
        Ok(record)
    }

    /// Puts a file's row into the queue, if the file is there. Blocks.
    fn place(&self, path: &Path, record: &FileRecord) -> Option<Queued> {
        let guard = self.placing();
        folder::size(path)?;
        let queued = self.journal.put(Change::File(record.clone()));
        drop(guard);
        if record.sha256.is_none() {
            self.new_file.notify_one();
        }
        Some(queued)
    }

    fn placing(&self) -> MutexGuard<'_, ()> {
        self.placing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the file itself tells, as a row. Blocks.
fn record(path: &Path, new: NewFile) -> Result<FileRecord, LibraryError> {
    let facts = mp4::facts(path).map_err(|source| LibraryError::Unreadable {
        path: path.to_owned(),
        source,
    })?;
    Ok(FileRecord {
        session_id: new.session_id,
        club_id: new.club_id,
        terrain_id: new.terrain_id,
        owner_id: new.owner_id,
        size_bytes: facts.size_bytes,
        duration_seconds: facts.duration_seconds,
        codec: facts.codec,
        sha256: None,
        created_at: new.created_at,
    })
}

/// Runs what waits for the disk off the runtime's threads.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, LibraryError> + Send + 'static,
) -> Result<T, LibraryError> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|_| LibraryError::BrokeOff)?
}
