//! One long answer, handed on as it arrives.

use core::time::Duration;

use padelvar_sdk::time::after;
use padelvar_sdk::{Body, Either, Error, Io, select};

use crate::output::Output;
use crate::run::Head;
use crate::sample::Demuxer;

/// Without a picture for that long the camera is taken for dead, whatever else it sends.
const SILENCE: Duration = Duration::from_secs(10);

/// Reads until the camera ends it, which it should not.
pub async fn run(
    io: &Io,
    mut demuxer: impl Demuxer,
    head: Head,
    mut body: Body,
) -> Result<(), Error> {
    let mut output = Output::new(io);
    let mut samples = Vec::new();
    let (mut bytes, mut arrived) = (head.bytes, head.arrived);
    let begun = io.now();
    let mut timer = io.timer();
    timer.set(after(begun, SILENCE));
    loop {
        let pushed = demuxer.push(&bytes, arrived, &mut samples);
        samples.drain(..).for_each(|sample| output.emit(sample));
        pushed?;
        loop {
            match select(body.chunk(), timer.rung()).await {
                Either::Left(chunk) => {
                    let chunk =
                        chunk?.ok_or_else(|| Error::protocol("the camera ended the stream"))?;
                    (bytes, arrived) = (chunk.bytes, chunk.arrived);
                    break;
                }
                Either::Right(()) => {
                    // The timer is set once in a while, not with each picture.
                    let deadline = after(output.last_picture().unwrap_or(begun), SILENCE);
                    if io.now() >= deadline {
                        return Err(Error::unreachable("no picture for 10 s"));
                    }
                    timer.set(deadline);
                }
            }
        }
    }
}
