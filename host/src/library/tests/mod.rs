//! Folder and catalogue, with real MP4s.

mod digest;
mod files;
mod junk;
mod reconcile;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use jiff::Timestamp;
use tempfile::TempDir;

use super::*;
use crate::catalogue::{FileQuery, SqliteCatalogue};
use crate::mp4::testing::{copied, recording};

/// A library on a folder of its own.
struct House {
    folder: TempDir,
    catalogue: Arc<dyn Catalogue>,
    journal: Arc<Journal>,
    library: Arc<Library>,
}

impl House {
    async fn new() -> Self {
        Self::on(tempfile::tempdir().unwrap()).await
    }

    async fn on(folder: TempDir) -> Self {
        let store = SqliteCatalogue::open(&folder.path().join("padelvar.db")).await;
        let catalogue: Arc<dyn Catalogue> = Arc::new(store.unwrap());
        let journal = Journal::start(Arc::clone(&catalogue));
        let videos = folder.path().join("videos");
        let library = Library::new(videos, Arc::clone(&catalogue), Arc::clone(&journal));
        Self {
            folder,
            catalogue,
            journal,
            library,
        }
    }

    /// Ends it; the folder stays.
    async fn close(self) -> TempDir {
        self.journal.close().await;
        self.catalogue.close().await;
        self.folder
    }

    fn path(&self, club: &str, name: &str) -> PathBuf {
        self.folder.path().join("videos").join(club).join(name)
    }

    /// Puts a file there.
    fn put(&self, club: &str, id: &str, content: &[u8]) -> PathBuf {
        let path = self.path(club, &format!("{id}.mp4"));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        path
    }

    /// Ids in the catalogue, newest first.
    async fn rows(&self) -> Vec<String> {
        let query = FileQuery {
            limit: 100,
            ..FileQuery::default()
        };
        let page = self.catalogue.files(&query).await.unwrap();
        page.files.into_iter().map(|file| file.session_id).collect()
    }

    async fn listed(&self) -> Vec<FileRecord> {
        let query = FileQuery {
            limit: 100,
            ..FileQuery::default()
        };
        self.library.list(&query).await.unwrap().files
    }

    async fn reconcile(&self) -> Reconciled {
        let done = self.library.reconcile(now(), &|_| false);
        done.await.unwrap()
    }
}

fn now() -> Timestamp {
    Timestamp::from_millisecond(1_800_000_000_000).unwrap()
}

fn at(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(ms).unwrap()
}

/// A finished recording of a second.
fn video() -> &'static [u8] {
    static VIDEO: OnceLock<Vec<u8>> = OnceLock::new();
    VIDEO.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.mp4");
        fs::write(&path, recording(&[(0, &copied("64x64", 25))])).unwrap();
        crate::mp4::finalize(&path, true, None).unwrap();
        fs::read(&path).unwrap()
    })
}

fn new_file(club: &str, id: &str) -> NewFile {
    NewFile {
        session_id: id.into(),
        club_id: club.into(),
        terrain_id: "1".into(),
        owner_id: Some("42".into()),
        created_at: at(1000),
    }
}

fn links_to(target: &Path, link: &Path) {
    std::os::unix::fs::symlink(target, link).unwrap();
}
