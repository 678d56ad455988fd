//! The FFmpeg child that makes small JPEGs of a feed, five a second.

use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use rustix::process::Pid;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, ChildStdin, ChildStdout};

use super::parts::PartSplitter;
use crate::media::mkv::{self, Writer};
use crate::proxy::{Item, Reader};
use crate::recording::program;
use crate::telemetry::metrics::FfmpegRun;

/// Priority of the children that make pictures to watch: below those that record (5).
const NICE: i32 = 10;
/// A child that takes pictures but gives none for so long hangs.
const HANGS_AFTER: Duration = Duration::from_secs(10);
/// Pictures that it must have taken in that time.
const HANGS_OVER: u64 = 10;

/// Why a stream of pictures did not go on.
pub enum Ended {
    /// The feed was closed.
    Feed,
    /// The child ended by itself, or hung.
    Child(String),
    /// The camera's pictures are of another kind now.
    OtherTrack,
}

/// A running child. Dropping it kills it.
pub struct Encoder {
    child: Child,
    stdin: ChildStdin,
    stdout: ChildStdout,
}

impl Encoder {
    /// Starts FFmpeg. The line is the cheapest that was measured: one thread, no loop filter,
    /// a picture every 0.2 s whatever the camera's rate.
    pub fn start(ffmpeg: &Path) -> Result<Self, String> {
        let mut child = program(ffmpeg)
            .args(["-v", "error", "-nostats", "-probesize", "32"])
            .args(["-analyzeduration", "0", "-fpsprobesize", "0"])
            .args(["-threads", "1", "-flags", "low_delay"])
            .args(["-skip_loop_filter", "all", "-f", "matroska", "-i", "pipe:0"])
            .args(["-vf", FILTER, "-fps_mode", "passthrough"])
            .args(["-c:v", "mjpeg", "-q:v", "6", "-threads", "1"])
            .args(["-flush_packets", "1", "-f", "mpjpeg", "pipe:1"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| format!("it cannot be started: {error}"))?;
        set_priority(&child, NICE);
        match (child.stdin.take(), child.stdout.take()) {
            (Some(stdin), Some(stdout)) => Ok(Self {
                child,
                stdin,
                stdout,
            }),
            _ => Err("its pipes are missing".to_owned()),
        }
    }

    /// Makes pictures for as long as there are some to make.
    pub async fn run(mut self, reader: &mut Reader, show: impl FnMut(Bytes)) -> Ended {
        let sums = Sums::default();
        let mut run = FfmpegRun::of("preview");
        let ended = tokio::select! {
            ended = feed_child(reader, self.stdin, &sums.taken) => ended,
            ended = read_pictures(self.stdout, &sums.made, show) => ended,
            ended = sums.hang() => ended,
        };
        let _ = self.child.start_kill();
        // Awaited, so that no zombie is left.
        let exit = self.child.wait().await;
        if let (Ended::Child(_), Ok(exit)) = (&ended, exit) {
            run.exited(exit);
        }
        ended
    }
}

/// 0.19 and not 0.2: times are whole milliseconds, and a camera's clock may be a little fast.
const FILTER: &str = "select='isnan(prev_selected_t)+gte(t-prev_selected_t\\,0.19)',\
                      scale=640:-2:flags=fast_bilinear";

/// Gives a child this priority: 0 is the host's own, 19 the lowest.
pub fn set_priority(child: &Child, nice: i32) {
    let pid = child.id().and_then(|id| Pid::from_raw(id.cast_signed()));
    if let Some(pid) = pid {
        // Where it cannot be had, the child is no less right.
        let _ = rustix::process::setpriority_process(Some(pid), nice);
    }
}

#[derive(Default)]
struct Sums {
    taken: AtomicU64,
    made: AtomicU64,
}

impl Sums {
    /// Ends when the child takes pictures and gives none.
    async fn hang(&self) -> Ended {
        loop {
            let now = || {
                let (taken, made) = (&self.taken, &self.made);
                (taken.load(Ordering::Relaxed), made.load(Ordering::Relaxed))
            };
            let before = now();
            tokio::time::sleep(HANGS_AFTER).await;
            let after = now();
            if after.1 == before.1 && after.0 >= before.0 + HANGS_OVER {
                return Ended::Child("it takes pictures and gives none".to_owned());
            }
        }
    }
}

async fn feed_child(reader: &mut Reader, mut stdin: ChildStdin, taken: &AtomicU64) -> Ended {
    let mut track = None;
    let mut output: Option<(Writer, i64)> = None;
    while let Some(item) = reader.next().await {
        let packet = match item {
            Item::Track(now) => {
                if output.is_some() && track.as_ref().is_some_and(|old: &Arc<_>| **old != *now) {
                    // Another size or codec: a new child, which begins with the next keyframe.
                    return Ended::OtherTrack;
                }
                track = Some(now);
                continue;
            }
            Item::Packet(packet) => packet,
            Item::SoundTrack(_) | Item::Sound(_) | Item::Overflow | Item::Lost => continue,
        };
        let mut bytes = Vec::new();
        if output.is_none() {
            match track.as_deref().map(mkv::header) {
                Some(Ok(header)) if packet.keyframe => bytes = header,
                _ => continue,
            }
        }
        let (writer, zero_us) = output.get_or_insert_with(|| (Writer::new(), packet.pts_us));
        let pts_ms = (packet.pts_us - *zero_us) / 1000;
        bytes.extend(writer.block_head(pts_ms, packet.keyframe, packet.data.len()));
        taken.fetch_add(1, Ordering::Relaxed);
        for piece in [&bytes[..], &packet.data] {
            if let Err(error) = stdin.write_all(piece).await {
                return Ended::Child(error.to_string());
            }
        }
    }
    Ended::Feed
}

async fn read_pictures(
    mut stdout: ChildStdout,
    made: &AtomicU64,
    mut show: impl FnMut(Bytes),
) -> Ended {
    let mut parts = PartSplitter::default();
    let mut buffer = vec![0; 32 << 10];
    loop {
        match stdout.read(&mut buffer).await {
            Ok(0) => return Ended::Child("its output ended".into()),
            Ok(length) => parts.push(&buffer[..length]),
            Err(error) => return Ended::Child(error.to_string()),
        }
        loop {
            match parts.next_jpeg() {
                Ok(Some(jpeg)) => {
                    made.fetch_add(1, Ordering::Relaxed);
                    show(jpeg);
                }
                Ok(None) => break,
                Err(error) => return Ended::Child(error.to_string()),
            }
        }
    }
}
