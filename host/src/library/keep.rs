//! Retention: deletes the oldest files beyond `video.keep_days` and `video.keep_bytes`.
//!
//! The folder decides, not the catalogue: what is deleted is what is there. Never deleted are
//! files that are being recorded or finished, files that somebody downloads, and files that
//! nobody may write (`chmod a-w`), which is how an admin keeps one for ever.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use super::errors::LibraryError;
use super::in_use::Reading;
use super::retention::{self, Candidate, Due, Limits, Pace, an_hour};
use super::{Library, blocking, folder, ids};
use crate::clock::now_us;
use crate::config::{Config, Video};
use crate::telemetry::metrics::metrics;

/// How often the folder is looked through, beside every new file and every change of the limits.
const EVERY: Duration = Duration::from_mins(5);
/// A host that has not run for so long deletes nothing by age: one that starts over and over,
/// with a clock that is wrong, must not use up the first share of every start.
const BY_AGE_AFTER: Duration = Duration::from_secs(10);

/// Whether a session is being recorded.
type Recorded = dyn Fn(&str) -> bool + Send + Sync;

impl Library {
    /// Somebody reads a file: it is not deleted for its age or size until a while after what
    /// this returns is dropped.
    pub fn reading(&self, session_id: &str) -> Reading {
        self.in_use.read(session_id)
    }

    /// Keeps the files within the limits until the host stops; a task. `recorded` tells which
    /// sessions are being recorded.
    pub async fn keep_within_limits(
        self: Arc<Self>,
        mut config: watch::Receiver<Arc<Config>>,
        recorded: Box<Recorded>,
        stopping: CancellationToken,
    ) {
        let mut keeper = Keeper {
            pace: Pace::new(now_us()),
            by_age_from: Instant::now() + BY_AGE_AFTER,
            warned: (false, false, false),
        };
        loop {
            let limits = limits(&config.borrow_and_update().video);
            if !limits.are_off()
                && let Err(error) = keeper.keep(&self, limits, &*recorded, &stopping).await
            {
                warn!(%error, "the files could not be kept within the limits");
            }
            let now = Instant::now();
            let next = if limits.days.is_some() && now < keeper.by_age_from {
                keeper.by_age_from
            } else {
                now + EVERY
            };
            tokio::select! {
                () = stopping.cancelled() => return,
                () = sleep_until(next) => {}
                () = self.added.notified() => {}
                changed = config.changed() => if changed.is_err() { return },
            }
        }
    }

    /// Deletes what is due; tells how many went for their age, and which could not be deleted.
    async fn delete_due(
        self: &Arc<Self>,
        due: &Due,
        recorded: &Recorded,
        stopping: &CancellationToken,
    ) -> (usize, Vec<String>) {
        let (mut by_age, mut refused) = (0, Vec::new());
        for (file, cause) in &due.files {
            let (id, club) = (&file.session_id, &file.club_id);
            if stopping.is_cancelled() {
                break;
            }
            if recorded(id) || self.in_use.has(id) {
                // Since the folder was looked through.
                continue;
            }
            let (bytes, cause) = (file.size_bytes, cause.name());
            match self.delete(id, Some(club)).await {
                Ok(true) => {
                    info!(
                        session_id = id,
                        club, bytes, cause, "a file is kept no longer"
                    );
                    let counted = metrics().files_expired.get_or_create(&[("cause", cause)]);
                    counted.inc();
                    by_age += usize::from(cause == "age");
                }
                Ok(false) => {}
                Err(error) => {
                    debug!(session_id = id, %error, "a file that is due cannot be deleted");
                    refused.push(id.clone());
                }
            }
        }
        (by_age, refused)
    }

    /// All finished files. A club's folder that cannot be read has none.
    async fn candidates(
        self: &Arc<Self>,
        recorded: &Recorded,
    ) -> Result<Vec<Candidate>, LibraryError> {
        let videos_dir = self.videos_dir();
        let clubs = {
            let videos_dir = videos_dir.clone();
            blocking(move || folder::clubs(&videos_dir)).await?
        };
        let mut all = Vec::new();
        for club in clubs {
            let (videos_dir, of_club) = (videos_dir.clone(), club.clone());
            match blocking(move || candidates_of(&videos_dir, &of_club)).await {
                Ok(found) => all.extend(found),
                Err(error) => warn!(club, %error, "a club's files are not looked at"),
            }
        }
        for file in &mut all {
            let used = recorded(&file.session_id) || self.in_use.has(&file.session_id);
            file.protected |= used;
        }
        Ok(all)
    }
}

fn limits(video: &Video) -> Limits {
    Limits {
        days: video.keep_days,
        bytes: video.keep_bytes,
    }
}

/// Blocks.
fn candidates_of(videos_dir: &std::path::Path, club: &str) -> Result<Vec<Candidate>, LibraryError> {
    let entries = folder::files(videos_dir, club)?.into_iter();
    let candidate = |entry: folder::Entry| {
        let path = folder::path(videos_dir, club, &entry.session_id)?;
        let found = std::fs::symlink_metadata(&path).ok()?;
        let modified = Timestamp::try_from(found.modified().ok()?).ok()?;
        Some(Candidate {
            created_ms: ids::created_at(&entry.session_id)
                .unwrap_or(modified)
                .as_millisecond(),
            modified_ms: modified.as_millisecond(),
            protected: found.permissions().readonly(),
            club_id: club.to_owned(),
            size_bytes: entry.size_bytes,
            session_id: entry.session_id,
        })
    };
    Ok(entries.filter_map(candidate).collect())
}

/// What is remembered from one time to the next.
struct Keeper {
    pace: Pace,
    /// From when on files are deleted for their age.
    by_age_from: Instant,
    /// Whether it was told that files wait for their turn, that nothing more may be deleted, and
    /// that something cannot be.
    warned: (bool, bool, bool),
}

impl Keeper {
    async fn keep(
        &mut self,
        library: &Arc<Library>,
        limits: Limits,
        recorded: &Recorded,
        stopping: &CancellationToken,
    ) -> Result<(), LibraryError> {
        let mut files = library.candidates(recorded).await?;
        let count = files.len();
        let days = limits.days.unwrap_or(f64::INFINITY);
        let by_age = if Instant::now() < self.by_age_from {
            0
        } else {
            self.pace.allows(count, days, now_us())
        };
        let now_ms = Timestamp::now().as_millisecond();
        let mut due = retention::due(files.clone(), limits, now_ms, by_age);
        let (mut deleted, refused) = library.delete_due(&due, recorded, stopping).await;
        if !refused.is_empty() {
            // What cannot be deleted keeps nothing else: others go in its place.
            let gone = |file: &Candidate| due.files.iter().any(|(gone, _)| gone == file);
            files.retain(|file| !gone(file) || refused.contains(&file.session_id));
            for file in &mut files {
                file.protected |= refused.contains(&file.session_id);
            }
            due = retention::due(files, limits, now_ms, by_age.saturating_sub(deleted));
            deleted += library.delete_due(&due, recorded, stopping).await.0;
            if !self.warned.2 {
                let (count, first) = (refused.len(), &refused[0]);
                warn!(
                    count,
                    first,
                    "files that are due cannot be deleted; hint: may the host's user delete them?"
                );
            }
        }
        self.pace.used(deleted, count, days);
        let waits = by_age > 0 && due.waiting > 0;
        if waits && !self.warned.0 {
            let an_hour = an_hour(count, days) as u64;
            warn!(
                waiting = due.waiting,
                an_hour,
                "many files are past video.keep_days; they go one after the other, since a clock that is wrong must not empty the library; hint: is the clock right?"
            );
        }
        if due.over_bytes > 0 && !self.warned.1 {
            let over = due.over_bytes;
            warn!(
                over,
                "the files are larger than video.keep_bytes, and those that are left are new, in use or protected"
            );
        }
        self.warned = (
            due.waiting > 0 && (waits || self.warned.0),
            due.over_bytes > 0,
            !refused.is_empty(),
        );
        Ok(())
    }
}
