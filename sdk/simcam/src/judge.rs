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

/// The times in a file at which the picture begins to [`flash`](crate::flash).
pub async fn flashes(ffmpeg: &Path, file: &Path) -> Result<Vec<Duration>, Error> {
    let input = file.to_string_lossy();
    let corner = "crop=20:20:iw-26:6,format=gray,showinfo";
    let line = [
        "-v",
        "info",
        "-i",
        &input,
        "-map",
        "0:v:0",
        "-vsync",
        "passthrough",
        "-vf",
        corner,
        "-f",
        "null",
        "-",
    ];
    let (_, told) = output(ffmpeg, &line).await?;
    let told = String::from_utf8_lossy(&told);
    let mut out = Vec::new();
    let mut white = true;
    for line in told.lines() {
        let (Some(at), Some(mean)) = (number(line, "pts_time:"), number(line, "mean:[")) else {
            continue;
        };
        let is_white = mean > 125.0;
        // What is white from the first frame on may have begun before it.
        if is_white && !white {
            out.push(Duration::try_from_secs_f64(at).unwrap_or_default());
        }
        white = is_white;
    }
    Ok(out)
}

/// The number behind a name in a line of FFmpeg's.
fn number(line: &str, name: &str) -> Option<f64> {
    let rest = line.split_once(name)?.1.trim_start();
    let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.' && c != '-');
    rest[..end.unwrap_or(rest.len())].parse().ok()
}

/// Samples a second in which beeps are looked for.
const BEEP_RATE: usize = 16_000;
/// Samples from there on are part of a beep; those of a whole one reach 16383.
const LOUD: u16 = 4_000;

/// The times in a file at which the first track of sound begins to beep.
pub async fn beeps(ffmpeg: &Path, file: &Path) -> Result<Vec<Duration>, Error> {
    let (input, rate) = (file.to_string_lossy(), BEEP_RATE.to_string());
    // Where sound is missing silence takes its place, so that samples count the time; holes of
    // less than a tenth of a second are left alone by default. Matroska counts milliseconds.
    let filter = "aresample=async=1:first_pts=0:min_hard_comp=0.004";
    let line = [
        "-v", "error", "-i", &input, "-map", "0:a:0", "-af", filter, "-ac", "1", "-ar", &rate,
        "-f", "s16le", "pipe:1",
    ];
    let (pcm, _) = output(ffmpeg, &line).await?;
    let mut out = Vec::new();
    let mut quiet = 0;
    for (i, sample) in pcm.chunks_exact(2).enumerate() {
        if i16::from_le_bytes([sample[0], sample[1]]).unsigned_abs() < LOUD {
            quiet += 1;
            continue;
        }
        if quiet > BEEP_RATE / 5 {
            out.push(Duration::from_secs_f64(i as f64 / BEEP_RATE as f64));
        }
        quiet = 0;
    }
    Ok(out)
}

/// What FFmpeg writes and what it tells.
async fn output(ffmpeg: &Path, line: &[&str]) -> Result<(Vec<u8>, Vec<u8>), Error> {
    let mut command = Command::new(ffmpeg);
    command
        .args(["-hide_banner", "-nostats", "-nostdin"])
        .args(line);
    let run = command.stdin(Stdio::null()).kill_on_drop(true).output();
    let done = run.await.map_err(|source| Error::FfmpegMissing {
        path: ffmpeg.to_owned(),
        source,
    })?;
    if done.status.success() {
        return Ok((done.stdout, done.stderr));
    }
    let complaint = String::from_utf8_lossy(&done.stderr);
    Err(Error::FfmpegFailed {
        path: ffmpeg.to_owned(),
        reason: format!("{}: {}", done.status, complaint.trim()),
    })
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
