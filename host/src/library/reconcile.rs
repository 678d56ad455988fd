//! Makes the catalogue agree with the folder.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tracing::{debug, info, warn};

use super::errors::LibraryError;
use super::folder::{self, Entry};
use super::{Library, NewFile, blocking, record};
use crate::catalogue::{FileQuery, MAX_PAGE};

/// Files that are read in one piece of work: others get their turn in between.
const AT_ONCE: usize = 32;
/// How long the catalogue may take for one piece.
const WRITTEN_WITHIN: Duration = Duration::from_mins(1);

/// What reconciling came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reconciled {
    /// Files in the folder.
    pub files: usize,
    /// Files that the catalogue did not know, or knew otherwise.
    pub added: usize,
    /// Rows whose file is gone.
    pub removed: usize,
    /// Files that hold no picture, or cannot be read.
    pub unreadable: usize,
    /// Sessions that the host's death had left open.
    pub settled: usize,
}

/// What the catalogue says of a file: club, size.
type Known = HashMap<String, (String, u64)>;

impl Library {
    /// Makes the catalogue agree with the folder: every `<club>/<session>.mp4` gets its row,
    /// every row without a file goes, and a session that the host's death left open is closed
    /// with what became of its recording. Also makes everything anew when the catalogue was
    /// lost. For the host's start, after unfinished recordings were repaired; may be called
    /// again at any time, with the sessions that are alive as `protected`.
    pub async fn reconcile(
        self: &Arc<Self>,
        now: Timestamp,
        protected: &(dyn Fn(&str) -> bool + Send + Sync),
    ) -> Result<Reconciled, LibraryError> {
        let mut done = Reconciled::default();
        let videos_dir = self.videos_dir();
        let known = self.all_known().await?;
        let there = {
            let videos_dir = videos_dir.clone();
            blocking(move || Ok(videos_dir.is_dir())).await?
        };
        if !there && !known.is_empty() {
            // A disk that is not mounted is not a folder that was emptied.
            warn!(folder = %videos_dir.display(), "the videos folder is missing: its files are remembered");
            return Ok(done);
        }
        let clubs = {
            let videos_dir = videos_dir.clone();
            blocking(move || folder::clubs(&videos_dir)).await?
        };
        let mut seen = HashSet::new();
        for club in clubs {
            let (videos_dir, of_club) = (videos_dir.clone(), club.clone());
            let entries = blocking(move || folder::files(&videos_dir, &of_club)).await?;
            done.files += entries.len();
            let mut unknown = Vec::new();
            for entry in entries {
                match known.get(&entry.session_id) {
                    Some((at, size)) if *at == club && *size == entry.size_bytes => {
                        seen.insert(entry.session_id);
                    }
                    _ => unknown.push(entry),
                }
            }
            for some in unknown.chunks(AT_ONCE) {
                let added = self.take_in_all(&club, some, &known, &mut seen).await?;
                done.added += added.0;
                done.unreadable += added.1;
            }
        }
        for (id, (club, _)) in known {
            if !seen.contains(&id) && self.forget(&id, Some(club)).await? {
                done.removed += 1;
                if done.removed.is_multiple_of(1000) {
                    self.written().await?;
                }
            }
        }
        self.written().await?;
        done.settled = self.settle(now, protected).await?;
        self.written().await?;
        if done.added + done.removed + done.settled > 0 {
            let Reconciled {
                files,
                added,
                removed,
                settled,
                ..
            } = done;
            info!(
                files,
                added, removed, settled, "the catalogue agrees with the videos folder"
            );
        }
        if done.unreadable > 0 {
            let count = done.unreadable;
            warn!(
                count,
                "files in the videos folder hold no picture, or cannot be read"
            );
        }
        Ok(done)
    }

    /// Takes in files that are not known so; tells how many were, and how many are unreadable.
    async fn take_in_all(
        self: &Arc<Self>,
        club: &str,
        entries: &[Entry],
        known: &Known,
        seen: &mut HashSet<String>,
    ) -> Result<(usize, usize), LibraryError> {
        let mut work: Vec<NewFile> = Vec::new();
        for Entry { session_id, .. } in entries {
            if seen.contains(session_id) {
                debug!(
                    session_id,
                    club, "a file of this id lies in another club's folder"
                );
                continue;
            }
            let elsewhere = known.get(session_id).filter(|(at, _)| at != club);
            if let Some((at, _)) = elsewhere
                && self.locate(session_id, Some(at), None).await.is_some()
            {
                // A copy: the one that is known stands.
                continue;
            }
            work.push(self.new_file(session_id, club.to_owned()).await);
        }
        let (this, videos_dir) = (Arc::clone(self), self.videos_dir());
        let (added, unreadable) = blocking(move || {
            let (mut added, mut unreadable) = (Vec::new(), 0);
            for new in work {
                let Some(path) = folder::path(&videos_dir, &new.club_id, &new.session_id) else {
                    continue;
                };
                match record(&path, new) {
                    Ok(record) => {
                        if this.place(&path, &record).is_some() {
                            added.push(record.session_id);
                        }
                    }
                    Err(error) => {
                        debug!(%error, "a file is not listed");
                        unreadable += 1;
                    }
                }
            }
            Ok((added, unreadable))
        })
        .await?;
        self.written().await?;
        let count = added.len();
        seen.extend(added);
        Ok((count, unreadable))
    }

    /// Everything the catalogue knows of files.
    pub(super) async fn all_known(&self) -> Result<Known, LibraryError> {
        let mut known = Known::new();
        let mut query = FileQuery {
            limit: MAX_PAGE,
            ..FileQuery::default()
        };
        loop {
            let page = self.catalogue.files(&query).await?;
            for file in page.files {
                known.insert(file.session_id, (file.club_id, file.size_bytes));
            }
            match page.next {
                Some(next) => query.after = Some(next),
                None => return Ok(known),
            }
        }
    }

    async fn written(&self) -> Result<(), LibraryError> {
        tokio::time::timeout(WRITTEN_WITHIN, self.journal.flush())
            .await
            .map_err(|_| LibraryError::CatalogueStuck)
    }
}
