//! The FFmpeg child that encodes the frames.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, Command};
use tokio::sync::mpsc;

use super::{ClipParams, Codec};
use crate::error::Error;
use crate::scene::Scene;

/// Frames drawn ahead of the encoder.
const QUEUE_FRAMES: usize = 4;
/// Bound of an encoder that hangs; the largest clip allowed takes less.
const DEADLINE: Duration = Duration::from_mins(5);
/// What is kept of the encoder's complaints.
const STDERR_BYTES: u64 = 16 * 1024;
/// Bound of the encoded clip: a broken encoder must not fill the memory.
const STREAM_BYTES: u64 = 1 << 30;

/// Draws and encodes the clip; the answer is the raw elementary stream. The
/// child is killed when the future is dropped.
pub(super) async fn run(ffmpeg: &Path, params: &ClipParams) -> Result<Bytes, Error> {
    let failed = |reason: String| Error::FfmpegFailed {
        path: ffmpeg.to_owned(),
        reason,
    };
    let mut command = Command::new(ffmpeg);
    command
        .args(arguments(params))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    let child = command.spawn().map_err(|source| Error::FfmpegMissing {
        path: ffmpeg.to_owned(),
        source,
    })?;
    match tokio::time::timeout(DEADLINE, feed(child, params)).await {
        Ok(Ok((status, stream, _))) if status.success() => Ok(stream.into()),
        Ok(Ok((status, _, complaint))) => {
            let complaint = String::from_utf8_lossy(&complaint);
            Err(failed(format!("{status}: {}", complaint.trim())))
        }
        Ok(Err(e)) => Err(failed(e.to_string())),
        Err(_) => Err(failed(format!("no end after {} s", DEADLINE.as_secs()))),
    }
}

type Output = (std::process::ExitStatus, Vec<u8>, Vec<u8>);

async fn feed(mut child: Child, params: &ClipParams) -> std::io::Result<Output> {
    let (Some(mut stdin), Some(stdout), Some(stderr)) =
        (child.stdin.take(), child.stdout.take(), child.stderr.take())
    else {
        return Err(std::io::Error::other("its pipes are gone"));
    };
    let (frames, mut drawn) = mpsc::channel::<Vec<u8>>(QUEUE_FRAMES);
    let artist = params.clone();
    // Ends by itself when the receiver is gone.
    tokio::task::spawn_blocking(move || {
        let mut scene = Scene::new(&artist);
        for index in 0..artist.frames() {
            if frames.blocking_send(scene.frame(index).to_vec()).is_err() {
                break;
            }
        }
    });
    let write = async move {
        while let Some(frame) = drawn.recv().await {
            // An encoder that stopped reading says why by its exit status.
            if stdin.write_all(&frame).await.is_err() {
                break;
            }
        }
        drop(stdin);
    };
    let (mut stream, mut complaint) = (Vec::new(), Vec::new());
    let (mut stdout, mut stderr) = (stdout.take(STREAM_BYTES), stderr.take(STDERR_BYTES));
    let read = stdout.read_to_end(&mut stream);
    let listen = stderr.read_to_end(&mut complaint);
    let ((), out, err) = tokio::join!(write, read, listen);
    out.and(err)?;
    let status = child.wait().await?;
    Ok((status, stream, complaint))
}

fn arguments(params: &ClipParams) -> Vec<String> {
    let ClipParams {
        width,
        height,
        fps,
        gop,
        slices,
        bframes,
        ..
    } = params;
    let rate = |clean: &str| match params.bitrate_kbps {
        Some(k) => format!("-b:v {k}k -maxrate {}k -bufsize {k}k", k + k / 4),
        None => clean.to_owned(),
    };
    let codec = match params.codec {
        // Threads work on whole pictures: zerolatency alone would cut each
        // picture into a slice a thread.
        Codec::H264 => format!(
            "-c:v libx264 -preset ultrafast -tune zerolatency -pix_fmt yuv420p -x264-params \
             keyint={gop}:min-keyint={gop}:scenecut=0:open-gop=0:bframes={bframes}:b-adapt=0\
             :b-pyramid=none:sliced-threads=0:slices={slices}:repeat-headers=1:aud=0 {} -f h264",
            rate("-crf 23")
        ),
        Codec::Jpeg => format!("-c:v mjpeg -pix_fmt yuvj420p {} -f mjpeg", rate("-q:v 5")),
    };
    let line = format!(
        "-hide_banner -nostats -v error -f rawvideo -pix_fmt yuv420p -s {width}x{height} -r {fps} \
         -i pipe:0 -an {codec} pipe:1"
    );
    line.split_whitespace().map(str::to_owned).collect()
}
