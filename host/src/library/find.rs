//! Lists files and finds one.

use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use tracing::warn;

use super::errors::LibraryError;
use super::{Library, NewFile, blocking, folder, ids, record};
use crate::catalogue::{FilePage, FileQuery, FileRecord, SessionEntry};
use crate::mp4;

/// A file that is there.
#[derive(Clone, Debug, PartialEq)]
pub struct FoundFile {
    /// What is known of it.
    pub record: FileRecord,
    /// Where it lies.
    pub path: PathBuf,
}

impl Library {
    /// A page of files, newest first. One that has gone from the disk is left out, so that a
    /// page may be shorter than asked for; only `next` tells whether there are more.
    pub async fn list(&self, query: &FileQuery) -> Result<FilePage, LibraryError> {
        let mut page = self.catalogue.files(query).await?;
        let videos_dir = self.videos_dir();
        blocking(move || {
            page.files.retain(|file| {
                folder::path(&videos_dir, &file.club_id, &file.session_id)
                    .is_some_and(|path| folder::size(&path).is_some())
            });
            Ok(page)
        })
        .await
    }

    /// A file by its id, in exactly this club's folder where one is named. One that lies on
    /// the disk is found even if the catalogue does not know it yet, or cannot be read. None
    /// for what is no id, and for a file without pictures.
    pub async fn find(self: &Arc<Self>, id: &str, club: Option<&str>) -> Option<FoundFile> {
        let known = self.known(id).await;
        let (club, path) = self.locate(id, club, known.as_ref()).await?;
        let size_bytes = {
            let path = path.clone();
            blocking(move || Ok(folder::size(&path))).await.ok()??
        };
        // A copy in another club's folder does not take the row of the one that is known.
        let mut copy = false;
        if let Some(record) = known {
            if record.club_id != club {
                let first = self.locate(id, Some(&record.club_id), None).await;
                copy = first.is_some();
            } else if record.size_bytes == size_bytes {
                return Some(FoundFile { record, path });
            }
        }
        self.take_in(id, club, path, !copy).await
    }

    /// A session and its recording, as the catalogue has them.
    pub async fn session(&self, id: &str) -> Result<Option<SessionEntry>, LibraryError> {
        if ids::parse(id).is_none() {
            return Ok(None);
        }
        let Some(session) = self.catalogue.session(id).await? else {
            return Ok(None);
        };
        let recording = self.catalogue.recording(id).await?;
        Ok(Some(SessionEntry { session, recording }))
    }

    /// How many pictures a file has; 0 where it cannot be read.
    pub async fn frames(&self, file: &FoundFile) -> u64 {
        let path = file.path.clone();
        let facts = blocking(move || Ok(mp4::facts(&path).ok())).await;
        facts.ok().flatten().map_or(0, |facts| facts.frames)
    }

    /// What the catalogue has on a file.
    pub(super) async fn known(&self, id: &str) -> Option<FileRecord> {
        ids::parse(id)?;
        match self.catalogue.file(id).await {
            Ok(known) => known,
            Err(error) => {
                warn!(session_id = id, %error, "a file is looked for on the disk alone");
                None
            }
        }
    }

    /// The club in whose folder a file lies, and its path.
    pub(super) async fn locate(
        &self,
        id: &str,
        club: Option<&str>,
        known: Option<&FileRecord>,
    ) -> Option<(String, PathBuf)> {
        ids::parse(id)?;
        let videos_dir = self.videos_dir();
        let id = id.to_owned();
        let club = club.map(str::to_owned);
        let known = known.map(|known| known.club_id.clone());
        let found = blocking(move || {
            let at = |club: String| {
                let path = folder::path(&videos_dir, &club, &id)?;
                folder::size(&path).map(|_| (club, path))
            };
            if let Some(club) = club {
                return Ok(at(club));
            }
            if let Some(found) = known.and_then(at) {
                return Ok(Some(found));
            }
            Ok(folder::clubs(&videos_dir)?.into_iter().find_map(at))
        });
        match found.await {
            Ok(found) => found,
            Err(error) => {
                warn!(%error, "a file cannot be looked for");
                None
            }
        }
    }

    /// Tells a file that was found on the disk only; where `keep`, the catalogue gets it too.
    async fn take_in(
        self: &Arc<Self>,
        id: &str,
        club: String,
        path: PathBuf,
        keep: bool,
    ) -> Option<FoundFile> {
        let new = self.new_file(id, club).await;
        let this = Arc::clone(self);
        let found = blocking(move || {
            let record = record(&path, new)?;
            if keep {
                this.place(&path, &record);
            }
            Ok(FoundFile { record, path })
        });
        found.await.ok()
    }

    /// What id, folder and session tell of a file.
    pub(super) async fn new_file(&self, id: &str, club: String) -> NewFile {
        let session = self.catalogue.session(id).await.ok().flatten();
        let created_at = session.as_ref().map(|session| session.created_at);
        NewFile {
            session_id: id.to_owned(),
            club_id: club,
            terrain_id: ids::parse(id).map_or_else(String::new, |(terrain, _)| terrain.to_owned()),
            owner_id: session.map(|session| session.owner_id),
            created_at: created_at
                .or_else(|| ids::created_at(id))
                .unwrap_or(Timestamp::UNIX_EPOCH),
        }
    }
}
