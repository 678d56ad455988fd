//! The room that is left where recordings go, looked at every second. Whoever wants to know it
//! reads what was seen last: a disk that hangs holds nobody up.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval, timeout};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::Library;
use crate::config::Config;
use crate::disk::{self, Disk};

/// How often it is looked.
const EVERY: Duration = Duration::from_secs(1);
/// After this a file system counts as hanging.
const ANSWERS_WITHIN: Duration = Duration::from_secs(5);

/// A file system that recordings go to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Space {
    /// The folder by which it was found.
    pub folder: PathBuf,
    /// What it told; else why nothing can be recorded there.
    pub disk: Result<Disk, String>,
    /// Less is free than `video.min_free_bytes`.
    pub low: bool,
}

impl Space {
    /// What is wrong with it, for people.
    pub fn problem(&self, least_bytes: u64) -> Option<String> {
        let folder = self.folder.display();
        match &self.disk {
            Err(reason) => Some(format!(
                "nothing can be recorded into {folder}: {reason}; hint: is its disk mounted, and may this user write there?"
            )),
            Ok(disk) if self.low => Some(format!(
                "the disk is nearly full: {} bytes are free at {folder}, {least_bytes} must stay free",
                disk.free_bytes
            )),
            Ok(_) => None,
        }
    }

    /// Whether people are to be told something else than before.
    fn differs(&self, before: Option<&Self>) -> bool {
        let state = |space: &Self| (space.low, space.disk.clone().err());
        match before {
            Some(before) => state(self) != state(before),
            None => self.low || self.disk.is_err(),
        }
    }
}

impl Library {
    /// The file systems that recordings go to, as they were seen last: that of the videos
    /// folder first, then those of clubs whose folder is a link to another one. Looks itself
    /// where nobody has looked yet.
    pub async fn space(&self, config: &Config) -> Arc<Vec<Space>> {
        let seen = Arc::clone(&self.space.read().unwrap_or_else(PoisonError::into_inner));
        if !seen.is_empty() {
            return seen;
        }
        let mut looking = look(config, &[]);
        match timeout(ANSWERS_WITHIN, &mut looking).await {
            Ok(Ok(found)) => Arc::new(found),
            _ => Arc::new(hanging(config)),
        }
    }

    /// Looks at them until the host stops; a task.
    pub async fn watch_space(
        self: Arc<Self>,
        config: watch::Receiver<Arc<Config>>,
        stopping: CancellationToken,
    ) {
        let mut ticks = interval(EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut before: Vec<Space> = Vec::new();
        // One look at a time, however long it hangs.
        let mut looking: Option<JoinHandle<Vec<Space>>> = None;
        loop {
            tokio::select! {
                () = stopping.cancelled() => return,
                _ = ticks.tick() => {}
            }
            let now = Arc::clone(&config.borrow());
            let look = looking.get_or_insert_with(|| look(&now, &before));
            let found = tokio::select! {
                () = stopping.cancelled() => return,
                found = timeout(ANSWERS_WITHIN, look) => found,
            };
            let found = match found {
                Ok(found) => {
                    looking = None;
                    // A look that panicked saw nothing.
                    found.unwrap_or_else(|_| hanging(&now))
                }
                Err(_) => hanging(&now),
            };
            tell(&before, &found, now.video.min_free_bytes);
            let seen = Arc::new(found.clone());
            *self.space.write().unwrap_or_else(PoisonError::into_inner) = seen;
            before = found;
        }
    }
}

/// Logs what is not as it was.
fn tell(before: &[Space], now: &[Space], least_bytes: u64) {
    for space in now {
        let known = before.iter().find(|known| known.folder == space.folder);
        if !space.differs(known) {
            continue;
        }
        let folder = space.folder.display();
        if let Some(problem) = space.problem(least_bytes) {
            warn!(%folder, "{problem}");
        } else {
            info!(%folder, "there is room for recordings again");
        }
    }
}

fn hanging(config: &Config) -> Vec<Space> {
    vec![Space {
        folder: config.video.videos_dir.clone(),
        disk: Err("its file system does not answer".to_owned()),
        low: false,
    }]
}

/// Looks, off the threads that must not wait.
fn look(config: &Config, before: &[Space]) -> JoinHandle<Vec<Space>> {
    let videos_dir = config.video.videos_dir.clone();
    let clubs = config
        .clubs
        .iter()
        .map(|club| videos_dir.join(club.id.as_str()));
    let folders: Vec<PathBuf> = std::iter::once(videos_dir.clone()).chain(clubs).collect();
    let least_bytes = config.video.min_free_bytes;
    let was_low: HashSet<PathBuf> = before
        .iter()
        .filter(|space| space.low)
        .map(|space| space.folder.clone())
        .collect();
    tokio::task::spawn_blocking(move || found(&folders, least_bytes, &was_low))
}

/// One for each file system; all that cannot be used. Blocks.
fn found(folders: &[PathBuf], least_bytes: u64, was_low: &HashSet<PathBuf>) -> Vec<Space> {
    let mut devices = HashSet::new();
    let mut found = Vec::new();
    for folder in folders {
        let disk = told(folder);
        if let Ok(disk) = &disk
            && !devices.insert(disk.device)
        {
            continue;
        }
        let was_low = was_low.contains(folder);
        found.push(Space {
            low: disk
                .as_ref()
                .is_ok_and(|disk| disk.is_low(least_bytes, was_low)),
            disk,
            folder: folder.clone(),
        });
    }
    found
}

fn told(folder: &Path) -> Result<Disk, String> {
    let told = disk::writable(folder).and_then(|()| Disk::of(folder));
    match told {
        Ok(disk) if disk.read_only => Err(std::io::ErrorKind::ReadOnlyFilesystem.to_string()),
        Ok(disk) => Ok(disk),
        Err(error) => Err(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look_at(folders: &[PathBuf], least_bytes: u64) -> Vec<Space> {
        found(folders, least_bytes, &HashSet::new())
    }

    #[test]
    fn each_file_system_is_told_once() {
        let folder = tempfile::tempdir().unwrap();
        let folders = [folder.path().to_owned(), folder.path().join("1")];
        let spaces = look_at(&folders, 1);
        assert_eq!(spaces.len(), 1);
        assert_eq!((spaces[0].low, spaces[0].problem(1)), (false, None));
        assert!(!spaces[0].differs(None));
        let low = look_at(&folders, u64::MAX);
        let problem = low[0].problem(u64::MAX).unwrap();
        assert!(problem.contains("nearly full"), "{problem}");
        assert!(low[0].differs(None) && low[0].differs(Some(&spaces[0])));
        assert!(!low[0].differs(Some(&low[0])));
    }

    #[test]
    fn a_folder_that_cannot_be_used_is_told_with_the_reason() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        std::fs::write(&file, "x").unwrap();
        let spaces = look_at(&[folder.path().to_owned(), file.join("1")], 1);
        assert_eq!(spaces.len(), 2);
        let problem = spaces[1].problem(1).unwrap();
        assert!(
            problem.contains("file/1") && problem.contains("hint"),
            "{problem}"
        );
    }
}
