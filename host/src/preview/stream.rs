//! One FFmpeg child a feed, shared by all who watch it.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{ChildStdin, ChildStdout};
use tokio::sync::watch;
use tokio_util::task::AbortOnDropHandle;
use tracing::{debug, warn};

use super::parts::PartSplitter;
use crate::media::Codec;
use crate::media::mkv::{self, Writer};
use crate::proxy::{Feed, Item, KeyPicture, Reader, Start};
use crate::recording::program;
use crate::telemetry::metrics::FfmpegRun;

/// What the child may have unread of its camera, bytes.
const UNREAD_BYTES: usize = 8 << 20;
/// Before another child is started when one ended by itself.
const RETRY: Duration = Duration::from_secs(2);

/// Somebody who watches. The latest picture waits in one slot; dropping the last viewer of a
/// feed ends its child.
#[derive(Clone)]
pub struct Viewer {
    latest: watch::Receiver<Option<Bytes>>,
    _stream: Arc<Stream>,
}

impl Viewer {
    /// The next picture that this viewer has not seen, passing over those that it missed; none
    /// when the feed has ended.
    pub async fn next(&mut self) -> Option<Bytes> {
        loop {
            self.latest.changed().await.ok()?;
            if let Some(jpeg) = self.latest.borrow_and_update().clone() {
                return Some(jpeg);
            }
        }
    }
}

struct Stream {
    latest: watch::Receiver<Option<Bytes>>,
    _task: AbortOnDropHandle<()>,
}

/// The streams that somebody watches.
#[derive(Default)]
pub struct Previews {
    streams: Mutex<HashMap<String, Weak<Stream>>>,
}

impl Previews {
    /// Joins the viewers of a session's feed; the first one starts the stream.
    pub fn view(&self, session: &str, feed: &Arc<Feed>, ffmpeg: &Path) -> Viewer {
        let mut streams = self.streams.lock().unwrap_or_else(PoisonError::into_inner);
        streams.retain(|_, stream| stream.strong_count() > 0);
        if let Some(stream) = streams.get(session).and_then(Weak::upgrade) {
            return viewer(stream);
        }
        let (sender, latest) = watch::channel(None);
        // Weak: a stream must not keep a feed alive that its session has closed.
        let work = serve(
            Arc::downgrade(feed),
            feed.watch_latest(),
            sender,
            ffmpeg.to_owned(),
        );
        let task = AbortOnDropHandle::new(tokio::spawn(work));
        let stream = Arc::new(Stream {
            latest,
            _task: task,
        });
        streams.insert(session.to_owned(), Arc::downgrade(&stream));
        viewer(stream)
    }

    /// How many watch, at the API and at the proxy listener.
    pub fn viewers(&self) -> usize {
        let streams = self.streams.lock().unwrap_or_else(PoisonError::into_inner);
        streams.values().map(Weak::strong_count).sum()
    }
}

fn viewer(stream: Arc<Stream>) -> Viewer {
    let mut latest = stream.latest.clone();
    latest.mark_changed();
    Viewer {
        latest,
        _stream: stream,
    }
}

/// Makes pictures until the feed ends or nobody watches.
async fn serve(
    feed: Weak<Feed>,
    mut keys: watch::Receiver<Option<KeyPicture>>,
    sender: watch::Sender<Option<Bytes>>,
    ffmpeg: PathBuf,
) {
    loop {
        let codec = match keys.wait_for(Option::is_some).await {
            Ok(picture) => picture.as_ref().map(|picture| picture.track.codec),
            Err(_) => return,
        };
        let ended = if codec == Some(Codec::Mjpeg) {
            pass_through(&mut keys, &sender).await
        } else {
            let Some(mut reader) = feed
                .upgrade()
                .map(|feed| feed.subscribe(Start::NewestKeyframe, UNREAD_BYTES))
            else {
                return;
            };
            encode(&mut reader, &sender, &ffmpeg).await
        };
        match ended {
            Ended::Feed => return,
            Ended::Child(reason) => {
                warn!(reason, "the preview's FFmpeg ended; another one is started");
            }
            Ended::OtherCodec => debug!("the camera's codec changed"),
        }
        tokio::time::sleep(RETRY).await;
    }
}

enum Ended {
    Feed,
    Child(String),
    OtherCodec,
}

/// The camera's own JPEGs.
async fn pass_through(
    keys: &mut watch::Receiver<Option<KeyPicture>>,
    sender: &watch::Sender<Option<Bytes>>,
) -> Ended {
    loop {
        if let Some(picture) = keys.borrow_and_update().as_ref() {
            if picture.track.codec != Codec::Mjpeg {
                return Ended::OtherCodec;
            }
            sender.send_replace(Some(picture.packet.data.clone()));
        }
        if keys.changed().await.is_err() {
            return Ended::Feed;
        }
    }
}

/// Small JPEGs, five a second, by FFmpeg. The line is the cheapest that was measured: one
/// thread, no loop filter, every fifth picture.
async fn encode(
    reader: &mut Reader,
    sender: &watch::Sender<Option<Bytes>>,
    ffmpeg: &Path,
) -> Ended {
    let spawned = program(ffmpeg)
        .args([
            "-v",
            "error",
            "-nostats",
            "-probesize",
            "32",
            "-analyzeduration",
            "0",
        ])
        .args(["-fpsprobesize", "0", "-threads", "1", "-flags", "low_delay"])
        .args(["-skip_loop_filter", "all", "-f", "matroska", "-i", "pipe:0"])
        .args([
            "-vf",
            "select='not(mod(n\\,5))',scale=640:-2:flags=fast_bilinear",
        ])
        .args([
            "-fps_mode",
            "passthrough",
            "-c:v",
            "mjpeg",
            "-q:v",
            "6",
            "-threads",
            "1",
        ])
        .args(["-flush_packets", "1", "-f", "mpjpeg", "pipe:1"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn();
    let mut child = match spawned {
        Ok(child) => child,
        Err(error) => return Ended::Child(error.to_string()),
    };
    let mut run = FfmpegRun::of("preview");
    let (Some(stdin), Some(stdout)) = (child.stdin.take(), child.stdout.take()) else {
        return Ended::Child("its pipes are missing".into());
    };
    let ended = tokio::select! {
        ended = feed_child(reader, stdin) => ended,
        ended = read_pictures(stdout, sender) => ended,
    };
    let _ = child.start_kill();
    // Awaited, so that no zombie is left.
    let exit = child.wait().await;
    if let (Ended::Child(_), Ok(exit)) = (&ended, exit) {
        run.exited(exit);
    }
    ended
}

async fn feed_child(reader: &mut Reader, mut stdin: ChildStdin) -> Ended {
    let mut track = None;
    let mut output: Option<(Writer, i64)> = None;
    while let Some(item) = reader.next().await {
        let packet = match item {
            Item::Track(now) => {
                if output.is_some() && track.as_ref().is_some_and(|old: &Arc<_>| **old != *now) {
                    // Another size or codec: a new child, which begins with the next keyframe.
                    return Ended::OtherCodec;
                }
                track = Some(now);
                continue;
            }
            Item::Packet(packet) => packet,
            Item::Overflow | Item::Lost => continue,
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
        for piece in [&bytes[..], &packet.data] {
            if let Err(error) = stdin.write_all(piece).await {
                return Ended::Child(error.to_string());
            }
        }
    }
    Ended::Feed
}

async fn read_pictures(mut stdout: ChildStdout, sender: &watch::Sender<Option<Bytes>>) -> Ended {
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
                Ok(Some(jpeg)) => drop(sender.send_replace(Some(jpeg))),
                Ok(None) => break,
                Err(error) => return Ended::Child(error.to_string()),
            }
        }
    }
}
