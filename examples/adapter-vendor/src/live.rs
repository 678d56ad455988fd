//! The stream: pictures with a head each.

use padelvar_sdk::buffer::Buffer;
use padelvar_sdk::jpeg::{MAX_PICTURE_BYTES, whole_picture};
use padelvar_sdk::{Body, Error, Packet};

/// The one track.
pub const VIDEO: u32 = 0;
/// `VC`, length, clock.
const HEAD: usize = 2 + 4 + 8;

/// Reads pictures out of a body.
pub struct Live {
    body: Body,
    buffer: Buffer,
}

impl Live {
    /// Nothing read yet.
    pub fn new(body: Body) -> Self {
        let buffer = Buffer::new();
        Self { body, buffer }
    }

    /// The next picture; none at the stream's end.
    pub async fn next(&mut self) -> Result<Option<Packet>, Error> {
        loop {
            if let Some((length, clock)) = head(self.buffer.bytes())?
                && self.buffer.len() >= HEAD + length
            {
                let arrived = self.buffer.arrived();
                self.buffer.consume(HEAD);
                let data = whole_picture(self.buffer.take(length).bytes)
                    .ok_or_else(|| Error::protocol("the camera sends what is no JPEG"))?;
                return Ok(Some(Packet {
                    track: VIDEO,
                    timestamp: Some(clock),
                    arrived,
                    keyframe: true,
                    lost_before: 0,
                    data,
                }));
            }
            match self.body.chunk().await? {
                Some(chunk) => self.buffer.push(chunk.bytes, chunk.arrived),
                None => return Ok(None),
            }
        }
    }
}

/// Length and clock, once the head is there. A length is not believed beyond what the host
/// would take, so that a camera cannot make us collect without end.
fn head(bytes: &[u8]) -> Result<Option<(usize, u64)>, Error> {
    let Some(head) = bytes.first_chunk::<HEAD>() else {
        return Ok(None);
    };
    let [v, c, l0, l1, l2, l3, clock @ ..] = *head;
    let length = u32::from_be_bytes([l0, l1, l2, l3]) as usize;
    if [v, c] != *b"VC" || length > MAX_PICTURE_BYTES {
        return Err(Error::protocol("the camera's stream is out of step"));
    }
    Ok(Some((length, u64::from_be_bytes(clock))))
}
