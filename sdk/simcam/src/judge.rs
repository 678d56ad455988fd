//! Reading back what a recording shows: FFmpeg decodes, the strips tell.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::Command;

use crate::error::Error;
use crate::strip;

/// What is kept of FFmpeg's complaints.
const STDERR_BYTES: u64 = 16 * 1024;

/// Decodes a video file of this size in pixels and reads every frame's strip,
/// in the order of presentation; `None` is a frame whose strip is damaged.
/// Frames are neither doubled nor dropped to fit a frame rate.
pub async fn strips_of_file(
    ffmpeg: &Path,
    file: &Path,
    size: (u32, u32),
) -> Result<Vec<Option<u32>>, Error> {
    let input = file.to_string_lossy();
    strips(ffmpeg, &["-i", &input], None, size).await
}

/// As [`strips_of_file`] for a stream in memory, with FFmpeg's name of its
/// format (`h264`, `mjpeg`, …).
pub async fn strips_of_bytes(
    ffmpeg: &Path,
    format: &str,
    stream: Bytes,
    size: (u32, u32),
) -> Result<Vec<Option<u32>>, Error> {
    let input = ["-f", format, "-i", "pipe:0"];
    strips(ffmpeg, &input, Some(stream), size).await
}

/// Reads the strip of the frame shown at a time of a file: the first whose
/// timestamp is not before it. `None` past the end or where it is damaged.
pub async fn strip_at(
    ffmpeg: &Path,
    file: &Path,
    at: Duration,
    size: (u32, u32),
) -> Result<Option<u32>, Error> {
    let (at, input) = (format!("{:.6}", at.as_secs_f64()), file.to_string_lossy());
    let line = ["-ss", &at, "-t", "2", "-i", &input];
    let found = strips(ffmpeg, &line, None, size).await?;
    Ok(found.first().copied().flatten())
}

async fn strips(
    ffmpeg: &Path,
    input: &[&str],
    stream: Option<Bytes>,
    (width, height): (u32, u32),
) -> Result<Vec<Option<u32>>, Error> {
    let failed = |reason: String| Error::FfmpegFailed {
        path: ffmpeg.to_owned(),
        reason,
    };
    let mut child = Command::new(ffmpeg)
        .args(["-hide_banner", "-nostats", "-v", "error"])
        .args(input)
        .args(["-map", "0:v:0", "-vsync", "passthrough"])
        .args(["-f", "rawvideo", "-pix_fmt", "gray", "pipe:1"])
        .stdin(stream.as_ref().map_or_else(Stdio::null, |_| Stdio::piped()))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(|source| Error::FfmpegMissing {
            path: ffmpeg.to_owned(),
            source,
        })?;
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let write = async {
        if let (Some(mut stdin), Some(stream)) = (stdin, stream) {
            // A decoder that stopped reading says why by its exit status.
            drop(stdin.write_all(&stream).await);
        }
    };
    let read = async {
        let (w, h) = (width as usize, height as usize);
        let mut found = Vec::new();
        let mut frame = vec![0; w.saturating_mul(h).clamp(1, 1 << 26)];
        if let Some(mut stdout) = stdout {
            while stdout.read_exact(&mut frame).await.is_ok() {
                found.push(strip::read(&frame, w, h));
            }
        }
        found
    };
    let listen = async {
        let mut complaint = Vec::new();
        if let Some(stderr) = stderr {
            drop(stderr.take(STDERR_BYTES).read_to_end(&mut complaint).await);
        }
        complaint
    };
    let ((), found, complaint) = tokio::join!(write, read, listen);
    let status = child.wait().await.map_err(|e| failed(e.to_string()))?;
    if status.success() {
        Ok(found)
    } else {
        let complaint = String::from_utf8_lossy(&complaint);
        Err(failed(format!("{status}: {}", complaint.trim())))
    }
}
