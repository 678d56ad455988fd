//! One session.

use core::time::Duration;

use padelvar_sdk::fetch::Fetcher;
use padelvar_sdk::{Body, Camera, Chunk, Error, FailureClass, Io, Microseconds, Packet, Track};

use crate::picture::Picture;
use crate::schedule::{Schedule, period};

/// The one track of this adapter.
const VIDEO_TRACK: u32 = 0;

/// How long one answer may take as a whole.
const ANSWER: Duration = Duration::from_secs(10);

/// So many failures in a row, or this long without a picture, and the camera is taken
/// for dead.
const MAX_FAILURES: u32 = 10;
const SILENCE_US: Microseconds = 10_000_000;

/// How long the end of an answer is waited for whose picture is whole.
const REST: Duration = Duration::from_millis(300);

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
    let mut picture = Picture::new(&response.headers)?;
    let mut arrived = None;
    let mut is_whole = false;
    // Once the picture is whole, its end is waited for only so that the connection can be used
    // again: some cameras announce more than they send.
    while let Some(chunk) = match next_chunk(io, &mut response.body, is_whole).await {
        Err(_) if is_whole => None,
        chunk => chunk?,
    } {
        arrived.get_or_insert(chunk.arrived);
        is_whole = picture.push(chunk.bytes)?;
    }
    Ok(Packet {
        track: VIDEO_TRACK,
        timestamp: None,
        arrived: arrived.unwrap_or(io.now()),
        keyframe: true,
        lost_before: 0,
        data: picture.finish()?,
    })
}

async fn next_chunk(io: &Io, body: &mut Body, is_whole: bool) -> Result<Option<Chunk>, Error> {
    if is_whole {
        io.timeout(REST, body.chunk()).await?
    } else {
        body.chunk().await
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
