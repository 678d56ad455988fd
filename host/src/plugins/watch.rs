//! Looking at `plugins.dir` while the host runs.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, sleep_until, timeout_at};
use tokio_util::sync::CancellationToken;
use tracing::{error, info};

use super::registry::Registry;
use crate::folder_watch::{FolderWatch, Hangup};

/// Nothing happens in the folder for so long, and what was being written is finished.
const QUIET: Duration = Duration::from_millis(100);
/// Something happens all the time: then it is looked at after so long.
const LONGEST: Duration = Duration::from_secs(1);
/// How often to look without having been told: network file systems tell nothing. A look asks
/// for the state of each file and reads those that changed.
const RESCAN: Duration = Duration::from_secs(2);

/// Keeps a registry up to date until `shutdown`.
pub async fn watch(registry: Arc<Registry>, shutdown: CancellationToken) {
    let (told, mut changes) = mpsc::channel(1);
    // Signatures and locks beside the plugins count as well; other files of the folder do no
    // harm, since only stamps are compared then.
    let mut folder = FolderWatch::new(told, |_: &Path| true);
    let mut hangup = Hangup::new();
    let mut rescan = interval(RESCAN);
    rescan.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut again: Option<Instant> = None;
    loop {
        folder.follow([registry.dir().as_path()]);
        let unfinished = async {
            match again {
                Some(moment) => sleep_until(moment).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = shutdown.cancelled() => return,
            Some(()) = changes.recv() => {
                tokio::select! {
                    () = shutdown.cancelled() => return,
                    () = quiet(&mut changes) => {}
                }
            }
            _ = rescan.tick() => {}
            () = unfinished => {}
            () = hangup.received() => info!("SIGHUP: looking at the plugins again"),
        }
        let looking = Arc::clone(&registry);
        match tokio::task::spawn_blocking(move || looking.refresh()).await {
            Ok(left) => again = left.map(|left| Instant::now() + left),
            Err(error) => {
                // A plugin whose loading brings the host to stumble: the others go on.
                error!(%error, "looking at the plugins failed");
                sleep(RESCAN).await;
            }
        }
    }
}

/// Waits until nothing more is told.
async fn quiet(changes: &mut mpsc::Receiver<()>) {
    let latest = Instant::now() + LONGEST;
    loop {
        let until = (Instant::now() + QUIET).min(latest);
        if timeout_at(until, changes.recv()).await.is_err() {
            return;
        }
    }
}
