//! An H.265 byte stream as access units.

use bytes::Bytes;

use super::Picture;
use super::annexb::{Bits, Pictures, Slice, sets_are, units};
use crate::error::Error;

/// The last type of a slice (H.265 table 7-1).
const LAST_SLICE: u8 = 31;
/// Types of pictures at which decoding can start.
const IRAP: std::ops::RangeInclusive<u8> = 16..=23;
/// VPS, SPS, PPS.
const SETS: std::ops::RangeInclusive<u8> = 32..=34;
/// `slice_type` of a B-slice (H.265 table 7-7).
const B: u32 = 0;

/// The type of a NAL unit with the two-byte header of H.265 (7.3.1.2).
pub(crate) fn kind(nal: &[u8]) -> u8 {
    nal.first().map_or(u8::MAX, |header| header >> 1 & 0x3F)
}

/// Whether a NAL unit is a slice.
pub(crate) fn is_slice(nal: &[u8]) -> bool {
    kind(nal) <= LAST_SLICE
}

/// Splits the stream into pictures, and VPS, SPS and PPS apart (each once: the encoder repeats
/// them). Other units are left out.
pub(super) fn split(stream: &Bytes) -> Result<(Vec<Picture>, Vec<Bytes>), Error> {
    let mut pictures = Pictures::default();
    let mut sets: Vec<Bytes> = Vec::new();
    for nal in units(stream) {
        let kind = kind(&nal);
        if SETS.contains(&kind) {
            if !sets.contains(&nal) {
                sets.push(nal);
            }
        } else if kind <= LAST_SLICE {
            let slice = slice(&nal, IRAP.contains(&kind))
                .ok_or_else(|| Error::Stream("a slice without a header".into()))?;
            pictures.slice(nal, &slice)?;
        }
    }
    sets_are(&sets, SETS.count())?;
    sets.sort_by_key(|nal| self::kind(nal));
    Ok((pictures.end(), sets))
}

/// The beginning of a slice's header (H.265 7.3.6.1). Only a picture's first slice is read on, in
/// which no address and no dependent slice stand between; the encoder writes no extra bits.
fn slice(nal: &[u8], key: bool) -> Option<Slice> {
    let mut bits = Bits::new(nal.get(2..)?);
    let first = bits.bit()?;
    if !first {
        return Some(Slice {
            first,
            key,
            bidirectional: false,
        });
    }
    if key {
        // no_output_of_prior_pics_flag
        bits.bit()?;
    }
    // slice_pic_parameter_set_id
    bits.exp_golomb()?;
    let slice_type = bits.exp_golomb()?;
    Some(Slice {
        first,
        key,
        bidirectional: slice_type == B,
    })
}

#[cfg(test)]
mod tests {
    use super::{is_slice, slice, split};
    use bytes::Bytes;

    #[test]
    fn reads_slice_headers() {
        // first, no_output = 0, ue(0), ue(2): an I-slice of a keyframe.
        let i = slice(&[0x26, 1, 0b1010_1100], true).expect("a header");
        assert!(i.first && i.key && !i.bidirectional);
        // first, ue(0), ue(0): a B-slice.
        let b = slice(&[0x02, 1, 0b1110_0000], false).expect("a header");
        assert!(b.first && b.bidirectional);
        assert!(!slice(&[0x02, 1, 0], false).expect("a header").first);
        assert!(slice(&[0x02, 1], false).is_none());
        assert!(is_slice(&[0x26, 1]) && !is_slice(&[0x42, 1]) && !is_slice(&[]));
    }

    #[test]
    fn a_stream_without_sets_is_refused() {
        assert!(split(&Bytes::from_static(&[0, 0, 1, 0x26, 1, 0b1010_1100])).is_err());
    }
}
