//! At start: recordings that were under way when the host died become files.

use std::path::{Path, PathBuf};

use tracing::{error, info, warn};

use super::part::publish;
use crate::mp4;

/// Brings every `*.mp4.part` below the videos folder into its final form. Blocking work is
/// done off the runtime's threads. Tells how many files came of it.
pub async fn repair_leftovers(videos_dir: &Path) -> usize {
    let mut repaired = 0;
    for part in leftovers(videos_dir) {
        let target = part.with_extension("");
        let path = part.clone();
        let result = tokio::task::spawn_blocking(move || mp4::finalize(&path, true, None)).await;
        match result {
            Ok(Ok(summary)) => match publish(&part, &target).await {
                Ok(()) => {
                    let seconds = summary.duration_seconds;
                    info!(file = %target.display(), seconds, "an unfinished recording was repaired");
                    repaired += 1;
                }
                Err(error) => error!(file = %part.display(), %error, "could not be renamed"),
            },
            Ok(Err(mp4::Error::Empty)) => {
                warn!(file = %part.display(), "an unfinished recording holds no picture and is removed");
                let _ = std::fs::remove_file(&part);
            }
            Ok(Err(error)) => {
                error!(file = %part.display(), %error, "an unfinished recording cannot be repaired and is left as it is");
            }
            Err(error) => error!(file = %part.display(), %error, "repair broke off"),
        }
    }
    repaired
}

fn leftovers(videos_dir: &Path) -> Vec<PathBuf> {
    let folders = std::fs::read_dir(videos_dir)
        .into_iter()
        .flatten()
        .flatten();
    folders
        .filter(|club| club.path().is_dir())
        .flat_map(|club| {
            std::fs::read_dir(club.path())
                .into_iter()
                .flatten()
                .flatten()
        })
        .map(|entry| entry.path())
        .filter(|path| path.to_string_lossy().ends_with(".mp4.part"))
        .collect()
}
