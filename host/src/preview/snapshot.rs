//! One JPEG of a keyframe, by FFmpeg, kept for as long as that keyframe is the newest.

use std::collections::HashMap;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use thiserror::Error;
use tokio::io::AsyncWriteExt;
use tokio::sync::Mutex;
use tokio::time::timeout;

use crate::media::Codec;
use crate::media::mkv::{self, Writer};
use crate::proxy::KeyPicture;
use crate::recording::program;
use crate::telemetry::metrics::FfmpegRun;

/// Decoding one picture takes a fifth of a second; a busy machine takes longer.
const PATIENCE: Duration = Duration::from_secs(5);
/// Sessions whose last snapshot is kept.
const MOST_KEPT: usize = 64;

/// Why there is no picture.
#[derive(Debug, Error)]
pub enum SnapshotError {
    /// FFmpeg cannot be started.
    #[error("FFmpeg cannot be started: {0}; hint: set video.ffmpeg_path")]
    Start(std::io::Error),
    /// It made nothing of the keyframe.
    #[error("the picture cannot be decoded")]
    Undecodable,
}

type Slot = Arc<Mutex<Option<(i64, Bytes)>>>;

/// Makes snapshots; one at a time a session, and none twice.
#[derive(Default)]
pub struct Snapshots {
    slots: Mutex<HashMap<String, Slot>>,
}

impl Snapshots {
    /// The JPEG of a picture. For MJPEG it is the picture itself.
    pub async fn jpeg(
        &self,
        session: &str,
        picture: &KeyPicture,
        ffmpeg: &Path,
    ) -> Result<Bytes, SnapshotError> {
        if picture.track.codec == Codec::Mjpeg {
            return Ok(picture.packet.data.clone());
        }
        let slot = {
            let mut slots = self.slots.lock().await;
            if slots.len() >= MOST_KEPT && !slots.contains_key(session) {
                slots.clear();
            }
            Arc::clone(slots.entry(session.to_owned()).or_default())
        };
        // Held while FFmpeg works: who asks meanwhile gets the same picture.
        let mut kept = slot.lock().await;
        if let Some((pts_us, jpeg)) = kept.as_ref()
            && *pts_us >= picture.packet.pts_us
        {
            return Ok(jpeg.clone());
        }
        let jpeg = timeout(PATIENCE, decode(picture, ffmpeg))
            .await
            .map_err(|_| SnapshotError::Undecodable)??;
        *kept = Some((picture.packet.pts_us, jpeg.clone()));
        Ok(jpeg)
    }
}

async fn decode(picture: &KeyPicture, ffmpeg: &Path) -> Result<Bytes, SnapshotError> {
    let mut input = mkv::header(&picture.track).map_err(|_| SnapshotError::Undecodable)?;
    input.extend(Writer::new().block(0, true, &picture.packet.data));
    let mut child = program(ffmpeg)
        .args([
            "-v", "error", "-nostats", "-threads", "1", "-f", "matroska", "-i", "pipe:0",
        ])
        .args([
            "-frames:v",
            "1",
            "-c:v",
            "mjpeg",
            "-q:v",
            "4",
            "-f",
            "image2pipe",
            "pipe:1",
        ])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(SnapshotError::Start)?;
    let mut run = FfmpegRun::of("snapshot");
    let mut stdin = child.stdin.take().ok_or(SnapshotError::Undecodable)?;
    let feed = async move {
        // FFmpeg may have seen enough before everything is written.
        let _ = stdin.write_all(&input).await;
    };
    let ((), output) = tokio::join!(feed, child.wait_with_output());
    let output = output.map_err(SnapshotError::Start)?;
    run.exited(output.status);
    let jpeg = output.stdout;
    if crate::media::jpeg::is_whole(&jpeg) {
        Ok(Bytes::from(jpeg))
    } else {
        Err(SnapshotError::Undecodable)
    }
}
