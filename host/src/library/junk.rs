//! MP4s that are no recordings: under 1 KB, or without a picture.

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

use tracing::{info, warn};

use super::errors::LibraryError;
use super::{Library, blocking, folder};
use crate::mp4;

/// No MP4 with a picture is smaller.
const LEAST_BYTES: u64 = 1024;

/// A file that is no recording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Junk {
    /// The id that it is named by.
    pub session_id: String,
    /// The club in whose folder it lies.
    pub club_id: String,
    /// Size in bytes.
    pub size_bytes: u64,
}

impl Library {
    /// MP4s under 1 KB or without a picture, but for those of ids that `protected` names: what
    /// is being recorded. Growing parts are never junk, nor is a file that nobody can tell
    /// what is in it.
    pub async fn junk(
        &self,
        protected: &(dyn Fn(&str) -> bool + Send + Sync),
    ) -> Result<Vec<Junk>, LibraryError> {
        // What the catalogue has, was seen to hold pictures.
        let known: HashSet<String> = self.all_known().await?.into_keys().collect();
        let known = Arc::new(known);
        let videos_dir = self.videos_dir();
        let clubs = {
            let videos_dir = videos_dir.clone();
            blocking(move || folder::clubs(&videos_dir)).await?
        };
        let mut junk = Vec::new();
        for club_id in clubs {
            let (videos_dir, known) = (videos_dir.clone(), Arc::clone(&known));
            let found = blocking(move || {
                let entries = folder::files(&videos_dir, &club_id)?.into_iter();
                let junk = entries.filter(|entry| {
                    let path = folder::path(&videos_dir, &club_id, &entry.session_id);
                    entry.size_bytes < LEAST_BYTES
                        || !known.contains(&entry.session_id) && path.is_some_and(|p| is_empty(&p))
                });
                let junk = junk.map(|entry| Junk {
                    session_id: entry.session_id,
                    club_id: club_id.clone(),
                    size_bytes: entry.size_bytes,
                });
                Ok(junk.collect::<Vec<_>>())
            });
            junk.extend(found.await?);
        }
        junk.retain(|junk| !protected(&junk.session_id));
        Ok(junk)
    }

    /// Deletes junk and tells the ids of what was deleted. What cannot be is left, which is
    /// logged.
    pub async fn remove_junk(
        self: &Arc<Self>,
        protected: &(dyn Fn(&str) -> bool + Send + Sync),
    ) -> Result<Vec<String>, LibraryError> {
        let mut removed = Vec::new();
        for junk in self.junk(protected).await? {
            let (id, bytes) = (junk.session_id, junk.size_bytes);
            match self.delete(&id, Some(&junk.club_id)).await {
                Ok(true) => {
                    info!(session_id = id, bytes, "it held no picture");
                    removed.push(id);
                }
                Ok(false) => {}
                Err(error) => warn!(session_id = id, %error, "a file without a picture stays"),
            }
        }
        Ok(removed)
    }
}

fn is_empty(path: &Path) -> bool {
    matches!(mp4::facts(path), Err(mp4::Error::Empty))
}
