//! One session.

use core::time::Duration;

use padelvar_sdk::fetch::{Fetcher, content_coding};
use padelvar_sdk::time::after;
use padelvar_sdk::{Body, Camera, Chunk, Either, Error, Io, Packet, Track, select};

use crate::kind::{Kind, kind};
use crate::pictures::Pictures;

/// The one track of this adapter.
const VIDEO_TRACK: u32 = 0;

/// Without a whole picture for that long the camera is taken for dead, whatever else
/// it sends.
const SILENCE: Duration = Duration::from_secs(10);

/// So much without a picture, right from the start, is no MJPEG at all.
const MAX_PROLOGUE_BYTES: u64 = 1024 * 1024;

const SINGLE: &str = "a single picture, not a stream";

/// The adapter.
pub async fn run(camera: Camera, io: Io) -> Result<(), Error> {
    let response = Fetcher::new(&camera, &io)?.get().await?;
    let kind = kind(response.headers.get("content-type"));
    match kind {
        Kind::SinglePicture => return Err(Error::unsupported(SINGLE)),
        Kind::Text => {
            let message = "the camera answers with a text or a web page, not with pictures";
            return Err(Error::unsupported(message));
        }
        Kind::Stream | Kind::Unknown => {}
    }
    if let Some(coding) = content_coding(&response.headers) {
        let message = format!("the camera compresses its stream unasked ({coding})");
        return Err(Error::unsupported(message));
    }
    let mut body = response.body;
    let mut pictures = Pictures::new();
    let mut count = 0u64;
    let mut damaged = 0;
    let mut timer = io.timer();
    timer.set(after(io.now(), SILENCE));
    let mut deadline = after(io.now(), SILENCE);
    while let Some(chunk) = next_chunk(&mut body, &timer).await? {
        let Some(chunk) = chunk else {
            // The timer is set once in a while, not with each picture.
            if io.now() >= deadline {
                return Err(Error::unreachable("no picture for 10 s"));
            }
            timer.set(deadline);
            continue;
        };
        pictures.push(chunk.bytes, chunk.arrived);
        while let Some(picture) = pictures.next_picture() {
            if count == 0 {
                announce(&io);
            }
            count += 1;
            deadline = after(io.now(), SILENCE);
            io.emit(Packet {
                track: VIDEO_TRACK,
                timestamp: None,
                arrived: picture.arrived,
                keyframe: true,
                lost_before: 0,
                data: picture.data,
            });
        }
        if count == 0
            && let Some(reason) = pictures.refused()
        {
            let message = format!("the camera's pictures cannot be recorded: {reason}");
            return Err(Error::unsupported(message));
        }
        if count == 0 && pictures.skipped() > MAX_PROLOGUE_BYTES {
            return Err(Error::unsupported(
                "the camera's answer holds no JPEG pictures",
            ));
        }
        if pictures.damaged() > damaged && damaged == 0 {
            io.warn(match pictures.refused() {
                None => "the camera sends damaged pictures; they are skipped".to_owned(),
                Some(reason) => format!("some of the camera's pictures are skipped: {reason}"),
            });
            damaged = pictures.damaged();
        }
    }
    Err(match (kind, count) {
        (Kind::Unknown, 1) => Error::unsupported(SINGLE),
        (Kind::Unknown, 0) => Error::unsupported("the camera's answer holds no JPEG pictures"),
        _ => Error::protocol("the camera ended the stream"),
    })
}

/// Bytes, or none when the timer rang first; nothing at the end of the body.
async fn next_chunk(
    body: &mut Body,
    timer: &padelvar_sdk::Timer,
) -> Result<Option<Option<Chunk>>, Error> {
    match select(body.chunk(), timer.rung()).await {
        Either::Left(chunk) => Ok(chunk?.map(Some)),
        Either::Right(()) => Ok(Some(None)),
    }
}

fn announce(io: &Io) {
    io.tracks(vec![Track {
        id: VIDEO_TRACK,
        codec: "mjpeg".to_owned(),
        clock_rate: 90_000,
        config: Vec::new(),
        channels: 0,
    }]);
}
