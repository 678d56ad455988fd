//! Being told that something in a folder changed, and SIGHUP, by which people say so.
//!
//! Neither is to be relied on: network file systems tell nothing. Whoever uses this looks from
//! time to time as well.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use notify::event::{AccessKind, AccessMode};
use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::mpsc;

/// Watched folders. Folders and not files, since editors replace files.
pub struct FolderWatch {
    watcher: Option<RecommendedWatcher>,
    /// Each with what tells it from another folder of the same name.
    watched: BTreeMap<PathBuf, Identity>,
}

/// Device and inode.
type Identity = (u64, u64);

impl FolderWatch {
    /// No folder yet. `told` gets a message when a file in one of them changed for which
    /// `concerns` is true; a full channel means that there is one already.
    pub fn new(told: mpsc::Sender<()>, concerns: impl Fn(&Path) -> bool + Send + 'static) -> Self {
        let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            let changed = |event: &notify::Event| is_change(event, &concerns);
            if event.as_ref().is_ok_and(changed) {
                let _ = told.try_send(());
            }
        });
        let watcher = watcher.map_err(|error| {
            tracing::warn!(%error, "folders cannot be watched; they are looked at from time to time");
        });
        Self {
            watcher: watcher.ok(),
            watched: BTreeMap::new(),
        }
    }

    /// Watches these folders from now on and no others. A folder that is not there is tried
    /// again at the next call, and one that was replaced is watched anew.
    pub fn follow<'a>(&mut self, folders: impl IntoIterator<Item = &'a Path>) {
        let Some(watcher) = &mut self.watcher else {
            return;
        };
        let folders = folders.into_iter();
        let wanted: BTreeMap<PathBuf, Identity> = folders
            .filter_map(|folder| Some((folder.to_owned(), identity(folder)?)))
            .collect();
        for (folder, known) in &self.watched {
            if wanted.get(folder) != Some(known) {
                // It fails where the folder is gone, and with it the watch.
                let _ = watcher.unwatch(folder);
            }
        }
        for (folder, now) in &wanted {
            if self.watched.get(folder) == Some(now) {
                continue;
            }
            if let Err(error) = watcher.watch(folder, RecursiveMode::NonRecursive) {
                let folder = folder.display();
                tracing::warn!(%folder, %error, "cannot watch this folder, it is looked at from time to time");
            }
        }
        self.watched = wanted;
    }
}

fn identity(folder: &Path) -> Option<Identity> {
    use std::os::unix::fs::MetadataExt as _;
    let metadata = std::fs::metadata(folder).ok()?;
    Some((metadata.dev(), metadata.ino()))
}

/// Whether an event may mean that a file changed which `concerns` somebody. Opening and reading
/// count not: the host does that itself, and would never stop.
fn is_change(event: &notify::Event, concerns: impl Fn(&Path) -> bool) -> bool {
    let changes = match event.kind {
        EventKind::Access(access) => access == AccessKind::Close(AccessMode::Write),
        _ => true,
    };
    event.need_rescan() || (changes && event.paths.iter().any(|path| concerns(path)))
}

/// SIGHUP, where there is such a thing.
pub struct Hangup {
    #[cfg(unix)]
    signal: Option<tokio::signal::unix::Signal>,
}

#[cfg(unix)]
impl Hangup {
    /// Listens from now on. Several may.
    pub fn new() -> Self {
        use tokio::signal::unix::{SignalKind, signal};
        let signal = signal(SignalKind::hangup());
        if let Err(error) = &signal {
            tracing::warn!(%error, "SIGHUP will not be heard");
        }
        Self {
            signal: signal.ok(),
        }
    }

    /// Resolves when it comes.
    pub async fn received(&mut self) {
        if let Some(signal) = &mut self.signal
            && signal.recv().await.is_some()
        {
            return;
        }
        std::future::pending::<()>().await;
    }
}

#[cfg(not(unix))]
impl Hangup {
    /// There is none.
    pub fn new() -> Self {
        Self {}
    }

    /// Never resolves.
    pub async fn received(&mut self) {
        std::future::pending::<()>().await;
    }
}

impl Default for Hangup {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use notify::event::{CreateKind, ModifyKind};

    use super::*;

    #[test]
    fn only_changes_of_what_concerns_count() {
        let event = |kind, path: &str| notify::Event::new(kind).add_path(path.into());
        let rows = [
            (EventKind::Modify(ModifyKind::Any), "/c/padelvar.toml", true),
            (
                EventKind::Create(CreateKind::File),
                "/c/padelvar.toml",
                true,
            ),
            (
                EventKind::Access(AccessKind::Close(AccessMode::Write)),
                "/c/padelvar.toml",
                true,
            ),
            (
                EventKind::Access(AccessKind::Open(AccessMode::Read)),
                "/c/padelvar.toml",
                false,
            ),
            (
                EventKind::Access(AccessKind::Close(AccessMode::Read)),
                "/c/padelvar.toml",
                false,
            ),
            (
                EventKind::Modify(ModifyKind::Any),
                "/c/padelvar.db-wal",
                false,
            ),
        ];
        for (kind, path, expected) in rows {
            let concerns = |path: &Path| path == Path::new("/c/padelvar.toml");
            assert_eq!(
                is_change(&event(kind, path), concerns),
                expected,
                "{kind:?} {path}"
            );
        }
    }

    #[tokio::test]
    async fn a_folder_that_is_replaced_is_watched_anew() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("plugins");
        let (told, mut changes) = mpsc::channel(1);
        let mut watch = FolderWatch::new(told, |path| path.ends_with("a"));
        watch.follow([folder.as_path()]);
        for _ in 0..2 {
            std::fs::create_dir(&folder).unwrap();
            watch.follow([folder.as_path()]);
            std::fs::write(folder.join("b"), b"nobody's").unwrap();
            std::fs::write(folder.join("a"), b"mine").unwrap();
            changes.recv().await.unwrap();
            std::fs::remove_dir_all(&folder).unwrap();
            watch.follow([folder.as_path()]);
            while changes.try_recv().is_ok() {}
        }
    }
}
