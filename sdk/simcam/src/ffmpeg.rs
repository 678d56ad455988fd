//! The FFmpeg child that encodes what it is fed.

use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, Command};
use tokio::sync::mpsc;

use crate::error::Error;

/// Bound of an encoder that hangs; the largest clip allowed takes less.
const DEADLINE: Duration = Duration::from_mins(5);
/// What is kept of the encoder's complaints.
const STDERR_BYTES: u64 = 16 * 1024;
/// Bound of the encoded stream: a broken encoder must not fill the memory.
const STREAM_BYTES: u64 = 1 << 30;

/// Runs FFmpeg with these arguments, feeds it until the sender is gone, and hands out what it
/// wrote. The child is killed when the future is dropped.
pub(crate) async fn run(
    ffmpeg: &Path,
    arguments: &str,
    input: mpsc::Receiver<Vec<u8>>,
) -> Result<Bytes, Error> {
    let failed = |reason: String| Error::FfmpegFailed {
        path: ffmpeg.to_owned(),
        reason,
    };
    let mut command = Command::new(ffmpeg);
    command
        .args(["-hide_banner", "-nostats", "-v", "error"])
        .args(arguments.split_whitespace())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    let child = command.spawn().map_err(|source| Error::FfmpegMissing {
        path: ffmpeg.to_owned(),
        source,
    })?;
    match tokio::time::timeout(DEADLINE, feed(child, input)).await {
        Ok(Ok((status, stream, _))) if status.success() => Ok(stream.into()),
        Ok(Ok((status, _, complaint))) => {
            let complaint = String::from_utf8_lossy(&complaint);
            Err(failed(format!("{status}: {}", complaint.trim())))
        }
        Ok(Err(e)) => Err(failed(e.to_string())),
        Err(_) => Err(failed(format!("no end after {} s", DEADLINE.as_secs()))),
    }
}

type Output = (ExitStatus, Vec<u8>, Vec<u8>);

async fn feed(mut child: Child, mut input: mpsc::Receiver<Vec<u8>>) -> std::io::Result<Output> {
    let (Some(mut stdin), Some(stdout), Some(stderr)) =
        (child.stdin.take(), child.stdout.take(), child.stderr.take())
    else {
        return Err(std::io::Error::other("its pipes are gone"));
    };
    let write = async move {
        while let Some(piece) = input.recv().await {
            // An encoder that stopped reading says why by its exit status.
            if stdin.write_all(&piece).await.is_err() {
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
