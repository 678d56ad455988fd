//! Keeping a running host's configuration up to date.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use super::reload::{Outcome, Reloader};
use super::{Config, Environment, Loaded};
use crate::folder_watch::{FolderWatch, Hangup};

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

/// The folders of some files, watched for changes of just these: the catalogue may lie there.
struct Folders {
    watch: FolderWatch,
    files: Arc<Mutex<BTreeSet<PathBuf>>>,
}

impl Folders {
    fn new(told: mpsc::Sender<()>) -> Self {
        let files: Arc<Mutex<BTreeSet<PathBuf>>> = Arc::default();
        let of_interest = Arc::clone(&files);
        let watch = FolderWatch::new(told, move |path| {
            let files = of_interest.lock().unwrap_or_else(PoisonError::into_inner);
            files.contains(path)
        });
        Self { watch, files }
    }

    fn follow(&mut self, files: BTreeSet<PathBuf>) {
        self.watch
            .follow(files.iter().filter_map(|file| file.parent()));
        *self.files.lock().unwrap_or_else(PoisonError::into_inner) = files;
    }
}

#[cfg(test)]
mod tests {
    use super::super::{load, scratch::Folder};
    use super::*;

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
