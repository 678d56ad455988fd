//! Whether FFmpeg is there, and which one.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};

/// An answer is believed for so long.
const FRESH: Duration = Duration::from_secs(15);
/// How long `ffmpeg -version` may take on a busy machine.
const ANSWER: Duration = Duration::from_secs(10);

/// FFmpeg as it was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ToolStatus {
    /// Its version, as it says it.
    Available(String),
    /// Why it cannot be used.
    Missing(String),
}

impl ToolStatus {
    /// Whether it can be used.
    pub fn is_available(&self) -> bool {
        matches!(self, Self::Available(_))
    }
}

/// Asks FFmpeg for its version and remembers the answer for a while.
#[derive(Debug, Default)]
pub struct FfmpegTools {
    known: Mutex<Option<(Instant, PathBuf, ToolStatus)>>,
}

impl FfmpegTools {
    /// FFmpeg at this path (or of this name).
    pub async fn status(&self, path: &Path) -> ToolStatus {
        let mut known = self.known.lock().await;
        if let Some((at, of, status)) = known.as_ref()
            && of == path
            && at.elapsed() < FRESH
        {
            return status.clone();
        }
        let status = look(path).await;
        *known = Some((Instant::now(), path.to_owned(), status.clone()));
        status
    }
}

async fn look(path: &Path) -> ToolStatus {
    let mut command = Command::new(path);
    command
        .arg("-version")
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true);
    let output = match timeout(ANSWER, command.output()).await {
        Ok(Ok(output)) => output,
        Ok(Err(error)) => {
            return ToolStatus::Missing(format!(
                "{} cannot be started: {error}; hint: install FFmpeg 5.1 or newer, or set video.ffmpeg_path",
                path.display()
            ));
        }
        Err(_) => return ToolStatus::Missing(format!("{} does not answer", path.display())),
    };
    let text = String::from_utf8_lossy(&output.stdout);
    match text
        .strip_prefix("ffmpeg version ")
        .and_then(|rest| rest.split_whitespace().next())
    {
        Some(version) if output.status.success() => ToolStatus::Available(version.to_owned()),
        _ => ToolStatus::Missing(format!("{} is not FFmpeg", path.display())),
    }
}
