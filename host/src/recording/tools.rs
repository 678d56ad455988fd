//! Whether FFmpeg is there, and which one.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, timeout};

/// An answer is believed for so long.
const FRESH: Duration = Duration::from_secs(15);
/// That it is missing is believed for so long.
const MISSING_FRESH: Duration = Duration::from_secs(1);
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

/// Asks FFmpeg for its version and remembers the answer. Once it was found, the answer comes at
/// once and is looked at again behind the scenes: a recording's start must not wait for it.
#[derive(Debug, Default, Clone)]
pub struct FfmpegTools {
    known: Arc<Mutex<Option<Known>>>,
}

#[derive(Debug, Clone)]
struct Known {
    path: PathBuf,
    status: ToolStatus,
    at: Instant,
}

impl FfmpegTools {
    /// FFmpeg at this path (or of this name).
    pub async fn status(&self, path: &Path) -> ToolStatus {
        let known = self.lock().clone().filter(|known| known.path == path);
        match known {
            Some(known) if known.status.is_available() => {
                if known.at.elapsed() > FRESH {
                    // Counted as fresh from now on, so that one look is under way at a time.
                    self.remember(path, known.status.clone());
                    let (tools, path) = (self.clone(), path.to_owned());
                    tokio::spawn(async move { tools.remember(&path, look(&path).await) });
                }
                known.status
            }
            // Missing: somebody may be installing it.
            Some(known) if known.at.elapsed() < MISSING_FRESH => known.status,
            _ => {
                let status = look(path).await;
                self.remember(path, status.clone());
                status
            }
        }
    }

    fn remember(&self, path: &Path, status: ToolStatus) {
        let at = Instant::now();
        *self.lock() = Some(Known {
            path: path.to_owned(),
            status,
            at,
        });
    }

    fn lock(&self) -> MutexGuard<'_, Option<Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn look(path: &Path) -> ToolStatus {
    let mut command = super::program::program(path);
    command
        .arg("-version")
        .stdin(Stdio::null())
        .stderr(Stdio::null());
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
