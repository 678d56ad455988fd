//! An H.264 byte stream as access units.

use bytes::Bytes;

use super::Picture;
use super::annexb::{Bits, Pictures, Slice, sets_are, units};
use crate::error::Error;

const SLICE: u8 = 1;
const SLICE_IDR: u8 = 5;
const SPS: u8 = 7;
const PPS: u8 = 8;

/// Splits the stream into pictures, and the parameter sets apart (each once:
/// the encoder repeats them). Other units (SEI, delimiters) are left out.
pub(super) fn split(stream: &Bytes) -> Result<(Vec<Picture>, Vec<Bytes>), Error> {
    let mut pictures = Pictures::default();
    let mut sets: Vec<Bytes> = Vec::new();
    for nal in units(stream) {
        match nal[0] & 0x1F {
            SPS | PPS if !sets.contains(&nal) => sets.push(nal),
            kind @ (SLICE | SLICE_IDR) => {
                let (first_mb, slice_type) = slice_header(&nal)
                    .ok_or_else(|| Error::Stream("a slice without a header".into()))?;
                let slice = Slice {
                    first: first_mb == 0,
                    key: kind == SLICE_IDR,
                    bidirectional: slice_type % 5 == 1,
                };
                pictures.slice(nal, &slice)?;
            }
            _ => {}
        }
    }
    sets_are(&sets, 2)?;
    sets.sort_by_key(|nal| nal[0] & 0x1F);
    Ok((pictures.end(), sets))
}

/// `first_mb_in_slice` and `slice_type` (H.264 7.3.3). Both lie in the first
/// bytes, in which an emulation prevention byte can stand only after zeros
/// that these two small numbers do not have.
fn slice_header(nal: &[u8]) -> Option<(u32, u32)> {
    let mut bits = Bits::new(nal.get(1..)?);
    Some((bits.exp_golomb()?, bits.exp_golomb()?))
}

#[cfg(test)]
mod tests {
    use super::{slice_header, split};
    use bytes::Bytes;

    #[test]
    fn reads_slice_headers() {
        // ue(0) = 1, ue(5) = 00110: P slice; ue(3) = 00100, ue(7) = 0001000.
        assert_eq!(slice_header(&[0x41, 0b1001_1000]), Some((0, 5)));
        assert_eq!(
            slice_header(&[0x65, 0b0010_0000, 0b1000_0000]),
            Some((3, 7))
        );
        assert_eq!(slice_header(&[0x65]), None);
    }

    #[test]
    fn a_stream_without_sets_is_refused() {
        let stream = Bytes::from_static(&[0, 0, 1, 0x65, 0b1001_1000]);
        assert!(split(&stream).is_err());
    }
}
