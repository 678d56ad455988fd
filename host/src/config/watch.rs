//! Keeping a running host's configuration up to date.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use notify::event::{AccessKind, AccessMode};
use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::{mpsc, watch};
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use super::reload::{Outcome, Reloader};
use super::{Config, Environment, Loaded};

/// How long to wait after a change for the rest of it: editors write in steps.
const DEBOUNCE: Duration = Duration::from_millis(300);
/// How often to look without having been told: network file systems tell nothing.
const RESCAN: Duration = Duration::from_secs(10);

/// Watches the file that `loaded` came from, and its secrets, until `shutdown`.
///
/// A valid change goes to `sender`; an invalid file is logged once a content and the
/// last good configuration stays. SIGHUP reads at once.
pub async fn watch(
    loaded: Loaded,
    environment: Environment,
    sender: watch::Sender<Arc<Config>>,
    shutdown: CancellationToken,
) {
    let (told, mut changes) = mpsc::channel(1);
    let mut reloader = Reloader::new(loaded, environment);
    let mut folders = Folders::new(told);
    let mut hangup = Hangup::new();
    let mut rescan = tokio::time::interval(RESCAN);
    rescan.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        folders.follow(reloader.files());
        tokio::select! {
            () = shutdown.cancelled() => return,
            Some(()) = changes.recv() => {
                tokio::select! {
                    () = shutdown.cancelled() => return,
                    () = tokio::time::sleep(DEBOUNCE) => {}
                }
                while changes.try_recv().is_ok() {}
            }
            _ = rescan.tick() => {}
            () = hangup.received() => tracing::info!("SIGHUP: reading the configuration again"),
        }
        let read = tokio::task::spawn_blocking(move || {
            let outcome = reloader.reload();
            (reloader, outcome)
        });
        let outcome;
        (reloader, outcome) = match read.await {
            Ok(read) => read,
            Err(error) => {
                tracing::error!(%error, "the configuration is no longer watched");
                return;
            }
        };
        publish(outcome, &sender);
    }
}

fn publish(outcome: Outcome, sender: &watch::Sender<Arc<Config>>) {
    match outcome {
        Outcome::Unchanged | Outcome::StillInvalid => {}
        Outcome::Invalid(error) => {
            tracing::error!(
                "the configuration is invalid, the last good one stays in force:\n{error}"
            );
        }
        Outcome::Changed {
            config,
            warnings,
            restart,
        } => {
            for warning in warnings {
                tracing::warn!("{warning}");
            }
            tracing::info!(
                clubs = config.clubs.len(),
                terrains = config.terrains.len(),
                "new configuration"
            );
            if !restart.is_empty() {
                tracing::warn!(
                    keys = restart.join(", "),
                    "changes that take effect only after a restart"
                );
            }
            sender.send_replace(config);
        }
    }
}

/// The folders that are watched for changes of some files in them. Folders and not
/// files, since editors replace files.
struct Folders {
    watcher: Option<RecommendedWatcher>,
    watched: BTreeSet<PathBuf>,
    files: Arc<Mutex<BTreeSet<PathBuf>>>,
}

impl Folders {
    fn new(told: mpsc::Sender<()>) -> Self {
        let files: Arc<Mutex<BTreeSet<PathBuf>>> = Arc::default();
        let of_interest = Arc::clone(&files);
        let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            let files = of_interest.lock().unwrap_or_else(PoisonError::into_inner);
            if event.is_ok_and(|event| concerns(&event, &files)) {
                // Full means that there is a change to look at already.
                let _ = told.try_send(());
            }
        });
        let watcher = watcher.map_err(|error| {
            tracing::warn!(%error, "cannot watch the configuration's folder, it is read every 10 s instead");
        });
        Self {
            watcher: watcher.ok(),
            watched: BTreeSet::new(),
            files,
        }
    }

    fn follow(&mut self, files: BTreeSet<PathBuf>) {
        let Some(watcher) = &mut self.watcher else {
            return;
        };
        let wanted: BTreeSet<PathBuf> = files
            .iter()
            .filter_map(|file| file.parent())
            .map(Path::to_owned)
            .collect();
        for folder in self.watched.difference(&wanted) {
            // It fails where the folder is gone, and with it the watch.
            let _ = watcher.unwatch(folder);
        }
        for folder in wanted.difference(&self.watched) {
            if let Err(error) = watcher.watch(folder, RecursiveMode::NonRecursive) {
                let folder = folder.display();
                tracing::warn!(%folder, %error, "cannot watch this folder, it is looked at every 10 s instead");
            }
        }
        self.watched = wanted;
        *self.files.lock().unwrap_or_else(PoisonError::into_inner) = files;
    }
}

/// Whether an event may mean that one of `files` changed. Opening and reading count
/// not: the host does that itself, and would never stop. Nor do other files of the
/// folder: the catalogue may lie there.
fn concerns(event: &notify::Event, files: &BTreeSet<PathBuf>) -> bool {
    let changes = match event.kind {
        EventKind::Access(access) => access == AccessKind::Close(AccessMode::Write),
        _ => true,
    };
    event.need_rescan() || (changes && event.paths.iter().any(|path| files.contains(path)))
}

/// SIGHUP, where there is such a thing.
struct Hangup {
    #[cfg(unix)]
    signal: Option<tokio::signal::unix::Signal>,
}

#[cfg(unix)]
impl Hangup {
    fn new() -> Self {
        use tokio::signal::unix::{SignalKind, signal};
        let signal = signal(SignalKind::hangup());
        if let Err(error) = &signal {
            tracing::warn!(%error, "SIGHUP will not reread the configuration");
        }
        Self {
            signal: signal.ok(),
        }
    }

    async fn received(&mut self) {
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
    fn new() -> Self {
        Self {}
    }

    async fn received(&mut self) {
        std::future::pending::<()>().await;
    }
}

#[cfg(test)]
mod tests {
    use notify::event::{CreateKind, ModifyKind};

    use super::super::{load, scratch::Folder};
    use super::*;

    #[test]
    fn only_changes_of_the_files_themselves_count() {
        let files = BTreeSet::from([PathBuf::from("/c/padelvar.toml")]);
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
            assert_eq!(
                concerns(&event(kind, path), &files),
                expected,
                "{kind:?} {path}"
            );
        }
    }

    #[tokio::test]
    async fn a_change_on_disk_arrives_and_shutdown_ends_it() {
        let folder = Folder::new();
        let path = folder.write("padelvar.toml", "");
        let loaded = load(&path, &Environment::new()).unwrap();
        let (sender, mut receiver) = watch::channel(Arc::new(loaded.config.clone()));
        let shutdown = CancellationToken::new();
        let task = tokio::spawn(watch(loaded, Environment::new(), sender, shutdown.clone()));
        folder.write("padelvar.toml", "[video]\nfps = 50");
        // Twice the rescan: arrives in time even where nothing tells of changes.
        let changed = receiver.wait_for(|config| config.video.fps == 50);
        tokio::time::timeout(2 * RESCAN, changed)
            .await
            .unwrap()
            .unwrap();
        shutdown.cancel();
        tokio::time::timeout(RESCAN, task).await.unwrap().unwrap();
    }
}
