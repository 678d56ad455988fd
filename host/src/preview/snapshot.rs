//! One JPEG of a keyframe, by FFmpeg.

use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use thiserror::Error;
use tokio::io::AsyncWriteExt;
use tokio::time::timeout;

use super::encoder::set_priority;
use super::picture::Picture;
use crate::media::mkv::{self, Writer};
use crate::proxy::KeyPicture;
use crate::recording::program;
use crate::telemetry::metrics::FfmpegRun;

/// How long somebody who asks is kept waiting. Decoding one picture takes a fifth of a second; a
/// busy machine takes longer.
pub const PATIENCE: Duration = Duration::from_secs(10);
/// How long FFmpeg may work on one picture. Longer than anybody waits: were it stopped with them,
/// a machine that is busy for an hour would show nothing for an hour.
const LASTS: Duration = Duration::from_secs(30);
/// Priority of the child: that of those which record. It works for a moment, for somebody who
/// waits, and there is at most one a processor core.
const NICE: i32 = 5;

/// Why there is no picture.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SnapshotError {
    /// The camera has not sent one.
    #[error("the camera has not sent a picture yet")]
    NoPicture,
    /// FFmpeg cannot be started.
    #[error("FFmpeg cannot be started: {0}; hint: set video.ffmpeg_path")]
    Start(String),
    /// It made nothing of the keyframe.
    #[error("the picture cannot be decoded")]
    Undecodable,
    /// Too many were asked for, or the machine is too busy.
    #[error("the picture was not ready in time; try again")]
    Late,
}

/// The JPEG of a keyframe, in its full size.
pub async fn decode(key: &KeyPicture, ffmpeg: &Path) -> Result<Arc<Picture>, SnapshotError> {
    let jpeg = timeout(LASTS, run(key, ffmpeg))
        .await
        .map_err(|_| SnapshotError::Late)??;
    Ok(Arc::new(Picture::new(jpeg, key.packet.pts_us)))
}

async fn run(key: &KeyPicture, ffmpeg: &Path) -> Result<Bytes, SnapshotError> {
    let mut input = mkv::header(&key.track).map_err(|_| SnapshotError::Undecodable)?;
    input.extend(Writer::new().block(0, true, &key.packet.data));
    let start = |error: std::io::Error| SnapshotError::Start(error.to_string());
    let mut child = program(ffmpeg)
        .args(["-v", "error", "-nostats", "-probesize", "32"])
        .args(["-analyzeduration", "0", "-fpsprobesize", "0"])
        .args(["-threads", "1", "-f", "matroska", "-i", "pipe:0"])
        .args(["-frames:v", "1", "-c:v", "mjpeg", "-q:v", "4"])
        .args(["-threads", "1", "-f", "image2pipe", "pipe:1"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(start)?;
    let mut run = FfmpegRun::of("snapshot");
    set_priority(&child, NICE);
    let mut stdin = child.stdin.take().ok_or(SnapshotError::Undecodable)?;
    let feed = async move {
        // FFmpeg may have seen enough before everything is written.
        let _ = stdin.write_all(&input).await;
    };
    let ((), output) = tokio::join!(feed, child.wait_with_output());
    let output = output.map_err(start)?;
    run.exited(output.status);
    let jpeg = output.stdout;
    if crate::media::jpeg::is_whole(&jpeg) {
        Ok(Bytes::from(jpeg))
    } else {
        Err(SnapshotError::Undecodable)
    }
}
