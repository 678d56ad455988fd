//! Puts the last seconds of a session aside whose adapter had to be stopped.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::timeout;
use tracing::{error, warn};

use crate::cassette::{Camera, CrashFolder, End, How, Mask, Recording, Tape};
use crate::plugins::Adapter;

/// How long the next attempt waits for the file: a disk that hangs does not hold up a camera.
const PATIENCE: Duration = Duration::from_secs(2);

/// Writes the cassette of a session with this camera, off the threads that answer requests, and
/// tells the log.
pub async fn keep(
    (folder, camera): (CrashFolder, Camera),
    adapter: &Arc<Adapter>,
    crash: &str,
    tape: Tape,
    mask: Mask,
) {
    let crashed = Arc::clone(adapter);
    let end = End {
        how: How::Crashed,
        class: None,
        message: crash.to_owned(),
    };
    let writing = tokio::task::spawn_blocking(move || {
        let adapter = &*crashed;
        let recording = Recording {
            adapter,
            camera: &camera,
            tape,
            end,
        };
        let file = recording.write(&mask);
        let now_ms = Timestamp::now().as_millisecond();
        folder.keep(adapter.name(), adapter.digest(), now_ms, &file)
    });
    let written: Option<std::io::Result<PathBuf>> = match timeout(PATIENCE, writing).await {
        Ok(Ok(written)) => Some(written),
        // A panic was reported by its own thread; a slow disk may still do it.
        Ok(Err(_)) | Err(_) => None,
    };
    let (name, digest) = (adapter.name(), adapter.digest());
    match written {
        Some(Ok(file)) => {
            let file = file.display();
            warn!(adapter = name, digest, reason = crash, %file, "an adapter was stopped; its last seconds are kept");
        }
        Some(Err(error)) => {
            error!(adapter = name, digest, reason = crash, %error, "an adapter was stopped; its last seconds cannot be kept");
        }
        None => {
            error!(
                adapter = name,
                digest,
                reason = crash,
                "an adapter was stopped; its last seconds are not on the disk yet"
            );
        }
    }
}
