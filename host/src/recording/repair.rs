//! At start: recordings that were under way when the host died become files.

use std::path::{Path, PathBuf};

use tracing::{error, info, warn};

use super::part::publish;
use crate::mp4;

/// Makes the file of an unfinished recording one that can be appended to, and tells what is in
/// it; none where there is no picture to go on from. A file that cannot be used is put aside, so
/// that it is not in the way. Blocks.
pub fn take_up(videos_dir: &Path, club: &str, session: &str) -> Option<mp4::Cut> {
    let dir = videos_dir.join(club);
    let part = dir.join(format!("{session}.mp4.part"));
    let finished = dir.join(format!("{session}.mp4"));
    if !part.exists() && finished.exists() {
        // The host was told to end, and left a file that can be played.
        if let Err(error) = std::fs::rename(&finished, &part) {
            error!(file = %finished.display(), %error, "a recording cannot go on");
            return None;
        }
    }
    if !part.exists() {
        return None;
    }
    match mp4::reopen(&part) {
        Ok(cut) if cut.samples > 0 => return Some(cut),
        Ok(_) => {
            warn!(file = %part.display(), "an unfinished recording holds no picture yet");
            if std::fs::remove_file(&part).is_ok() {
                return None;
            }
        }
        Err(error) => {
            error!(file = %part.display(), %error, "an unfinished recording cannot be used");
        }
    }
    let aside = part.with_extension("unusable");
    if let Err(error) = std::fs::rename(&part, &aside) {
        error!(file = %part.display(), %error, "and stands in the way");
    }
    None
}

/// Brings every `*.mp4.part` below the videos folder into its final form. Blocking work is
/// done off the runtime's threads. Tells how many files came of it. Those of sessions that go on
/// are left alone.
pub async fn repair_leftovers(videos_dir: &Path, goes_on: &(dyn Fn(&str) -> bool + Sync)) -> usize {
    let mut repaired = 0;
    for part in leftovers(videos_dir) {
        let name = part.file_name().unwrap_or_default().to_string_lossy();
        if goes_on(name.strip_suffix(".mp4.part").unwrap_or(&name)) {
            continue;
        }
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
