//! The tags of a file (sections E.2 to E.4.1).

use padelvar_sdk::{Error, Microseconds};

use crate::video::MAX_PICTURE_BYTES;

/// `FLV`, version, flags, and the length of the header itself.
const HEADER_BYTES: usize = 9;
/// The longest header that is skipped; every encoder writes 9.
const MAX_HEADER_BYTES: usize = 1024;
/// Before each tag stands the length of the one before.
const LENGTH_BYTES: usize = 4;
const TAG_BYTES: usize = 11;
/// A frame of sound is some hundred bytes long.
const MAX_AUDIO_BYTES: usize = 64 * 1024;

/// What a tag holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Type 8.
    Audio,
    /// Type 9.
    Video,
}

/// One tag of a kind that is of use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tag<'a> {
    /// See there.
    pub kind: Kind,
    /// Milliseconds, a counter of 32 bits.
    pub timestamp: u32,
    /// When its first bytes arrived.
    pub arrived: Microseconds,
    /// Behind its header.
    pub data: &'a [u8],
}

/// Cuts a stream into tags.
#[derive(Debug, Default)]
pub struct Tags {
    buffer: Vec<u8>,
    begun: bool,
    /// When the first byte of the buffer arrived, or a little later.
    arrived: Microseconds,
    /// Bytes that belong to nothing of use.
    skip: usize,
    oversized: u32,
}

impl Tags {
    /// Tags that were too large, since the last call.
    pub fn take_oversized(&mut self) -> u32 {
        core::mem::take(&mut self.oversized)
    }

    /// Takes bytes and gives every tag that is whole now.
    pub fn push(
        &mut self,
        bytes: &[u8],
        arrived: Microseconds,
        mut tag: impl FnMut(Tag<'_>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let skipped = self.skip.min(bytes.len());
        self.skip -= skipped;
        if self.buffer.is_empty() {
            self.arrived = arrived;
        }
        self.buffer.extend_from_slice(&bytes[skipped..]);
        let mut at = 0;
        if !self.begun {
            let Some(header) = self.buffer.get(..HEADER_BYTES) else {
                return Ok(());
            };
            let len = header[5..]
                .iter()
                .fold(0, |sum, byte| sum << 8 | usize::from(*byte));
            if !header.starts_with(b"FLV") || !(HEADER_BYTES..=MAX_HEADER_BYTES).contains(&len) {
                return Err(Error::protocol("the camera's FLV begins with nonsense"));
            }
            self.begun = true;
            at = self.pass(0, len);
        }
        while let Some(header) = self.buffer.get(at..at + LENGTH_BYTES + TAG_BYTES) {
            let &[_, _, _, _, kind, s1, s2, s3, t1, t2, t3, t0, ..] = header else {
                break;
            };
            let size = usize::from(s1) << 16 | usize::from(s2) << 8 | usize::from(s3);
            let start = at + LENGTH_BYTES + TAG_BYTES;
            let (kind, most) = match kind {
                8 => (Kind::Audio, MAX_AUDIO_BYTES),
                9 => (Kind::Video, MAX_PICTURE_BYTES),
                // Names and numbers about the stream.
                18 | 15 => {
                    at = self.pass(start, size);
                    continue;
                }
                _ => {
                    let message = "the camera's FLV is damaged: a tag has no known type";
                    return Err(Error::protocol(message));
                }
            };
            if size > most {
                self.oversized += 1;
                at = self.pass(start, size);
                continue;
            }
            let Some(data) = self.buffer.get(start..start + size) else {
                break;
            };
            tag(Tag {
                kind,
                timestamp: u32::from_be_bytes([t0, t1, t2, t3]),
                arrived: self.arrived,
                data,
            })?;
            at = start + size;
            // What follows came with these bytes.
            self.arrived = arrived;
        }
        self.buffer.drain(..at);
        Ok(())
    }

    /// Where the buffer goes on behind `count` bytes from `at`; those that did not come yet are
    /// skipped when they do.
    fn pass(&mut self, at: usize, count: usize) -> usize {
        let there = (self.buffer.len() - at).min(count);
        self.skip = count - there;
        at + there
    }
}
