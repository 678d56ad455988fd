//! One session.

use core::time::Duration;

use padelvar_sdk::fetch::Fetcher;
use padelvar_sdk::jpeg::{MAX_PICTURE_BYTES, whole_picture};
use padelvar_sdk::{Camera, Error, FailureClass, Io, Microseconds, Packet, Track};

use crate::schedule::{Schedule, period};

/// The one track of this adapter.
const VIDEO_TRACK: u32 = 0;

/// How long one answer may take as a whole.
const ANSWER: Duration = Duration::from_secs(10);

/// So many failures in a row, or this long without a picture, and the camera is taken
/// for dead.
const MAX_FAILURES: u32 = 10;
const SILENCE_US: Microseconds = 10_000_000;

/// Room for the Huffman tables that are put in where they are missing.
const TABLES_BYTES: usize = 512;

/// The adapter.
pub async fn run(camera: Camera, io: Io) -> Result<(), Error> {
    let period = period(&camera.options)?;
    let mut fetcher = Fetcher::new(&camera, &io)?;
    let mut schedule = Schedule::new(io.now(), period);
    let patience = SILENCE_US.max(3 * period);
    let mut last_picture = None;
    let mut failures = 0;
    loop {
        io.sleep_until(schedule.next(io.now())).await;
        let error = match io.timeout(ANSWER, poll(&io, &mut fetcher)).await {
            Ok(Ok(packet)) => {
                if last_picture.is_none() {
                    announce(&io);
                }
                io.emit(packet);
                last_picture = Some(io.now());
                failures = 0;
                continue;
            }
            Ok(Err(error)) => error,
            Err(elapsed) => elapsed.into(),
        };
        failures += 1;
        let Some(last) = last_picture else {
            // Nothing ever came: the reason should be seen at once.
            return Err(error);
        };
        if error.class == FailureClass::Auth {
            return Err(error);
        }
        if failures >= MAX_FAILURES || io.now().saturating_sub(last) >= patience {
            return Err(Error::unreachable(format!(
                "{failures} times no picture: {error}"
            )));
        }
        if failures == 1 {
            io.debug(format_args!("no picture this time: {error}"));
        }
    }
}

/// Asks once.
async fn poll(io: &Io, fetcher: &mut Fetcher) -> Result<Packet, Error> {
    let mut response = fetcher.get().await?;
    let kind = response.headers.get("content-type").unwrap_or_default();
    if kind.to_ascii_lowercase().starts_with("multipart/") {
        return Err(Error::unsupported("a stream, not a single picture"));
    }
    let mut arrived = None;
    let mut bytes = Vec::new();
    while let Some(chunk) = response.body.chunk().await? {
        arrived.get_or_insert(chunk.arrived);
        if bytes.is_empty() {
            bytes = chunk.bytes;
        } else {
            bytes.extend_from_slice(&chunk.bytes);
        }
        if bytes.len() > MAX_PICTURE_BYTES - TABLES_BYTES {
            return Err(Error::unsupported(
                "the camera's picture is larger than 8 MiB",
            ));
        }
    }
    if !bytes.starts_with(&[0xff, 0xd8]) {
        return Err(Error::unsupported(
            "the camera's answer is not a JPEG picture",
        ));
    }
    let data = whole_picture(bytes).ok_or_else(|| Error::protocol("the picture is damaged"))?;
    Ok(Packet {
        track: VIDEO_TRACK,
        timestamp: None,
        arrived: arrived.unwrap_or(io.now()),
        keyframe: true,
        lost_before: 0,
        data,
    })
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
