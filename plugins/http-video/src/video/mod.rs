//! From NAL units to pictures as the host wants them, for H.264 and H.265 alike.

mod annexb;
pub mod config;
mod nal;
mod sets;

pub use annexb::nal_units;
pub use nal::Codec;

use std::rc::Rc;

use padelvar_sdk::Microseconds;

use crate::sample::{Format, TICKS};
use nal::{Kind, kind};
use sets::Sets;

/// Larger pictures are dropped: the host takes none above 8 MiB, and the parameter sets come on
/// top. Stops a camera that never ends its picture.
pub const MAX_PICTURE_BYTES: usize = 8 * 1024 * 1024 - 256 * 1024;

/// After so long without a picture to start from, one with parameter sets before it counts as
/// such. Some encoders refresh their picture row by row and never send an IDR.
const NO_KEY_US: Microseconds = 10_000_000;

/// One access unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// NAL units, each behind its length as four bytes; a keyframe begins with the parameter
    /// sets.
    pub data: Vec<u8>,
    /// Decoding can start here.
    pub keyframe: bool,
}

/// What is known of one stream of pictures.
#[derive(Debug)]
pub struct Pictures {
    codec: Codec,
    sets: Sets,
    format: Option<(u32, Rc<Format>)>,
    last_key: Option<Microseconds>,
}

impl Pictures {
    /// Nothing yet.
    pub fn new(codec: Codec) -> Self {
        Self {
            codec,
            sets: Sets::new(codec),
            format: None,
            last_key: None,
        }
    }

    /// Which codec.
    pub fn codec(&self) -> Codec {
        self.codec
    }

    /// A parameter set that came outside of the pictures. Others are ignored.
    pub fn parameter_set(&mut self, nal: &[u8]) {
        self.sets.insert(nal);
    }

    /// The format in force; none before a decoder could start.
    pub fn format(&mut self) -> Option<Rc<Format>> {
        let generation = self.sets.generation();
        if let Some((known, format)) = &self.format
            && *known == generation
        {
            return Some(Rc::clone(format));
        }
        if !self.sets.is_complete() {
            return None;
        }
        let format = Rc::new(Format {
            codec: self.codec.name(),
            config: self.sets.config(),
            channels: 0,
            clock_rate: TICKS,
        });
        self.format = Some((generation, Rc::clone(&format)));
        Some(format)
    }

    /// A picture of the NAL units of one access unit; none where no slice is among them or
    /// where it is too large.
    pub fn picture<'a>(
        &mut self,
        nals: impl Iterator<Item = &'a [u8]>,
        arrived: Microseconds,
    ) -> Option<Picture> {
        let (mut slices, mut key, mut refresh, mut with_sets) = (false, false, false, false);
        let mut data = Vec::new();
        self.sets.next_unit();
        for nal in nals {
            match kind(self.codec, nal) {
                Kind::Set => {
                    self.sets.insert(nal);
                    with_sets = true;
                    continue;
                }
                Kind::Needless => continue,
                Kind::Key => {
                    slices = true;
                    key = true;
                }
                Kind::Slice => slices = true,
                Kind::Refresh => refresh = true,
                Kind::Other => {}
            }
            append(&mut data, nal);
            if data.len() > MAX_PICTURE_BYTES {
                return None;
            }
        }
        if !slices {
            return None;
        }
        let last_key = *self.last_key.get_or_insert(arrived);
        let starved = arrived.saturating_sub(last_key) >= NO_KEY_US;
        let keyframe = (key || with_sets && (refresh || starved)) && self.sets.is_complete();
        if keyframe {
            if key || refresh {
                self.last_key = Some(arrived);
            }
            self.sets.forget_others();
            let mut whole = self.sets.config();
            whole.extend_from_slice(&data);
            data = whole;
        }
        Some(Picture { data, keyframe })
    }
}

/// Appends a NAL unit behind its length.
fn append(data: &mut Vec<u8>, nal: &[u8]) {
    if let Ok(len) = u32::try_from(nal.len()) {
        data.extend(len.to_be_bytes());
        data.extend_from_slice(nal);
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
