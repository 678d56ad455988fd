//! An H.264 byte stream (ITU-T H.264 annex B) as access units.

use bytes::Bytes;

use super::Picture;
use crate::error::Error;

const SLICE: u8 = 1;
const SLICE_IDR: u8 = 5;
const SPS: u8 = 7;
const PPS: u8 = 8;

/// Splits the stream into pictures, and the parameter sets apart (each once:
/// the encoder repeats them). Other units (SEI, delimiters) are left out.
pub(super) fn split(stream: &Bytes) -> Result<(Vec<Picture>, Vec<Bytes>), Error> {
    let mut pictures: Vec<Picture> = Vec::new();
    let mut slice_types = Vec::new();
    let mut sets: Vec<Bytes> = Vec::new();
    for nal in units(stream) {
        match nal[0] & 0x1F {
            SPS | PPS if !sets.contains(&nal) => sets.push(nal),
            kind @ (SLICE | SLICE_IDR) => {
                let (first_mb, slice_type) = slice_header(&nal)
                    .ok_or_else(|| Error::Stream("a slice without a header".into()))?;
                if first_mb == 0 {
                    slice_types.push(slice_type);
                    pictures.push(Picture {
                        key: kind == SLICE_IDR,
                        index: 0,
                        units: Vec::new(),
                    });
                }
                match pictures.last_mut() {
                    Some(picture) => picture.units.push(nal),
                    None => return Err(Error::Stream("it begins inside a picture".into())),
                }
            }
            _ => {}
        }
    }
    if sets.len() != 2 {
        return Err(Error::Stream(format!(
            "{} parameter sets, not 2",
            sets.len()
        )));
    }
    sets.sort_by_key(|nal| nal[0] & 0x1F);
    for (picture, index) in pictures.iter_mut().zip(display_order(&slice_types)) {
        picture.index = index;
    }
    Ok((pictures, sets))
}

/// Places in display order. Without pyramid the B-pictures that follow a
/// picture in the stream are shown before it.
fn display_order(slice_types: &[u32]) -> Vec<u32> {
    let is_b = |t: &u32| t % 5 == 1;
    let mut order = vec![0; slice_types.len()];
    let (mut shown, mut i) = (0, 0);
    while i < order.len() {
        let b = slice_types[i + 1..].iter().take_while(|t| is_b(t)).count();
        for place in (i + 1..=i + b).chain([i]) {
            order[place] = shown;
            shown += 1;
        }
        i += b + 1;
    }
    order
}

/// The NAL units of a byte stream without start codes and trailing zeros.
fn units(stream: &Bytes) -> Vec<Bytes> {
    let mut starts = Vec::new();
    let mut i = 0;
    while i + 3 <= stream.len() {
        if stream[i + 2] > 1 {
            i += 3;
        } else if stream[i..i + 3] == [0, 0, 1] {
            starts.push(i);
            i += 3;
        } else {
            i += 1;
        }
    }
    let ends = starts.iter().copied().skip(1).chain([stream.len()]);
    let mut out = Vec::with_capacity(starts.len());
    for (start, end) in starts.iter().map(|s| s + 3).zip(ends) {
        let zeros = stream[start..end].iter().rev().take_while(|b| **b == 0);
        let end = end - zeros.count();
        if end > start {
            out.push(stream.slice(start..end));
        }
    }
    out
}

/// `first_mb_in_slice` and `slice_type` (H.264 7.3.3). Both lie in the first
/// bytes, in which an emulation prevention byte can stand only after zeros
/// that these two small numbers do not have.
fn slice_header(nal: &[u8]) -> Option<(u32, u32)> {
    let mut bits = nal
        .get(1..)?
        .iter()
        .flat_map(|b| (0..8).rev().map(move |i| b >> i & 1));
    let mut exp_golomb = || {
        let mut zeros = 0;
        while bits.next()? == 0 {
            zeros += 1;
        }
        if zeros > 24 {
            return None;
        }
        let mut value = 1_u32;
        for _ in 0..zeros {
            value = (value << 1) | u32::from(bits.next()?);
        }
        Some(value - 1)
    };
    Some((exp_golomb()?, exp_golomb()?))
}

#[cfg(test)]
mod tests {
    use super::{display_order, slice_header, split, units};
    use bytes::Bytes;

    #[test]
    fn start_codes_of_both_lengths() {
        let stream = Bytes::from_static(&[0, 0, 0, 1, 0x67, 1, 0, 0, 1, 0x68, 2, 0, 0, 0, 1, 0x65]);
        let found = units(&stream);
        assert_eq!(found, [&[0x67, 1][..], &[0x68, 2], &[0x65]]);
        assert!(units(&Bytes::from_static(&[0, 0, 1])).is_empty());
    }

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
    fn b_pictures_are_shown_before_their_reference() {
        // I P b b P b b, in decoding order.
        assert_eq!(display_order(&[7, 5, 6, 6, 5, 6, 6]), [0, 3, 1, 2, 6, 4, 5]);
        assert_eq!(display_order(&[7, 5, 5]), [0, 1, 2]);
    }

    #[test]
    fn a_stream_without_sets_is_refused() {
        let stream = Bytes::from_static(&[0, 0, 1, 0x65, 0b1001_1000]);
        assert!(split(&stream).is_err());
    }
}
