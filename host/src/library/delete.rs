//! Deletes a file.

use std::sync::Arc;

use tracing::info;

use super::errors::LibraryError;
use super::{Library, blocking, folder};
use crate::catalogue::Change;

impl Library {
    /// Deletes a file, then its row; tells whether it was there. Of many that delete one file
    /// at once, one is told so. Whether it is being recorded is the caller's to know.
    pub async fn delete(
        self: &Arc<Self>,
        id: &str,
        club: Option<&str>,
    ) -> Result<bool, LibraryError> {
        let known = self.known(id).await;
        let Some((club, path)) = self.locate(id, club, known.as_ref()).await else {
            self.forget(id, known.map(|known| known.club_id)).await?;
            return Ok(false);
        };
        // The row of a file of the same id in another club's folder stays.
        let row_too = known.is_none_or(|known| known.club_id == club);
        let this = Arc::clone(self);
        let session_id = id.to_owned();
        let (deleted, queued) = blocking(move || {
            let guard = this.placing();
            let deleted = folder::remove(&path)?;
            let gone = Change::FileRemoved { session_id };
            let queued = row_too.then(|| this.journal.put(gone));
            drop(guard);
            if deleted {
                folder::sync_parent(&path)?;
            }
            Ok((deleted, queued))
        })
        .await?;
        if let Some(queued) = queued {
            self.journal.written(queued).await;
        }
        if deleted {
            info!(session_id = id, club, "file deleted");
        }
        Ok(deleted)
    }

    /// Removes the row of a file that is not there, if there is one.
    pub(super) async fn forget(
        self: &Arc<Self>,
        id: &str,
        club: Option<String>,
    ) -> Result<bool, LibraryError> {
        let videos_dir = self.videos_dir();
        let Some(path) = club.and_then(|club| folder::path(&videos_dir, &club, id)) else {
            return Ok(false);
        };
        let this = Arc::clone(self);
        let session_id = id.to_owned();
        blocking(move || {
            let _guard = this.placing();
            let gone = folder::size(&path).is_none();
            if gone {
                this.journal.put(Change::FileRemoved { session_id });
            }
            Ok(gone)
        })
        .await
    }
}
