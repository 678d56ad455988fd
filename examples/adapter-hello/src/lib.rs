//! The smallest adapter: no camera, no network, a picture made here, five times a second.
#![forbid(unsafe_code)]

mod picture;

use padelvar_sdk::{Camera, Error, Io, Microseconds, Packet, Track};

pub use picture::{COLUMNS, ROWS, jpeg};

/// Pictures a second.
const RATE: u32 = 5;
const PERIOD_US: Microseconds = 1_000_000 / RATE as Microseconds;

/// One session. It goes on until the host wants no more and drops it.
pub async fn run(_camera: Camera, io: Io) -> Result<(), Error> {
    io.tracks(vec![Track {
        id: 0,
        codec: "mjpeg".to_owned(),
        clock_rate: RATE,
        config: Vec::new(),
        channels: 0,
    }]);
    let began = io.now();
    for number in 0_u64.. {
        io.sleep_until(began + number * PERIOD_US).await;
        io.emit(Packet {
            track: 0,
            timestamp: Some(number), // in ticks of the track's clock
            arrived: io.now(),
            keyframe: true,
            lost_before: 0,
            data: jpeg(|column, row| brightness(number, column, row)),
        });
    }
    Ok(())
}

/// A ball that crosses a court, and a net.
fn brightness(number: u64, column: u16, row: u16) -> u8 {
    let ball = number % u64::from(COLUMNS);
    // It rises and falls: |x| with a period of 16.
    let height = (number % 16).abs_diff(8) * 2 + 4;
    if u64::from(column) == ball && u64::from(row) == height {
        235
    } else if column == COLUMNS / 2 && row > ROWS / 2 {
        180
    } else {
        60
    }
}

padelvar_sdk::adapter! {
    title: "A generated picture",
    version: env!("CARGO_PKG_VERSION"),
    schemes: ["hello"],
    options: [],
    run: run,
}
