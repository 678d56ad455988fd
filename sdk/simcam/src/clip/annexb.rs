//! A byte stream (annex B of ITU-T H.264 and of H.265) as NAL units, and what both codecs' slices
//! have in common.

use bytes::Bytes;

use super::Picture;
use crate::error::Error;

/// Bits from the highest of each byte on, as slice headers are written.
pub(super) struct Bits<'a> {
    data: &'a [u8],
    at: usize,
}

impl<'a> Bits<'a> {
    pub(super) fn new(data: &'a [u8]) -> Self {
        Self { data, at: 0 }
    }

    pub(super) fn bit(&mut self) -> Option<bool> {
        let byte = self.data.get(self.at / 8)?;
        let bit = byte >> (7 - self.at % 8) & 1 == 1;
        self.at += 1;
        Some(bit)
    }

    /// An unsigned Exp-Golomb number (H.264 9.1, H.265 9.2).
    pub(super) fn exp_golomb(&mut self) -> Option<u32> {
        let mut zeros = 0;
        while !self.bit()? {
            zeros += 1;
        }
        if zeros > 24 {
            return None;
        }
        let mut value = 1_u32;
        for _ in 0..zeros {
            value = (value << 1) | u32::from(self.bit()?);
        }
        Some(value - 1)
    }
}

/// A slice as its codec's reader found it.
pub(super) struct Slice {
    /// Whether a picture begins with it.
    pub(super) first: bool,
    /// Whether decoding can start with its picture.
    pub(super) key: bool,
    /// Whether its picture is shown before the one that was sent before it.
    pub(super) bidirectional: bool,
}

/// Gathers slices into pictures.
#[derive(Default)]
pub(super) struct Pictures {
    pictures: Vec<Picture>,
    bidirectional: Vec<bool>,
}

impl Pictures {
    pub(super) fn slice(&mut self, nal: Bytes, slice: &Slice) -> Result<(), Error> {
        if slice.first {
            self.bidirectional.push(slice.bidirectional);
            self.pictures.push(Picture {
                key: slice.key,
                index: 0,
                units: Vec::new(),
            });
        }
        match self.pictures.last_mut() {
            Some(picture) => picture.units.push(nal),
            None => return Err(Error::Stream("it begins inside a picture".into())),
        }
        Ok(())
    }

    /// The pictures with their places in display order.
    pub(super) fn end(mut self) -> Vec<Picture> {
        let order = display_order(&self.bidirectional);
        for (picture, index) in self.pictures.iter_mut().zip(order) {
            picture.index = index;
        }
        self.pictures
    }
}

/// Checks that there are as many sets as the codec has kinds.
pub(super) fn sets_are(sets: &[Bytes], wanted: usize) -> Result<(), Error> {
    let got = sets.len();
    if got == wanted {
        return Ok(());
    }
    Err(Error::Stream(format!("{got} parameter sets, not {wanted}")))
}

/// Places in display order. Without pyramid the B-pictures that follow a
/// picture in the stream are shown before it.
fn display_order(bidirectional: &[bool]) -> Vec<u32> {
    let mut order = vec![0; bidirectional.len()];
    let (mut shown, mut i) = (0, 0);
    while i < order.len() {
        let b = bidirectional[i + 1..].iter().take_while(|b| **b).count();
        for place in (i + 1..=i + b).chain([i]) {
            order[place] = shown;
            shown += 1;
        }
        i += b + 1;
    }
    order
}

/// The NAL units of a byte stream without start codes and trailing zeros.
pub(super) fn units(stream: &Bytes) -> Vec<Bytes> {
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

#[cfg(test)]
mod tests {
    use super::{display_order, units};
    use bytes::Bytes;

    #[test]
    fn start_codes_of_both_lengths() {
        let stream = Bytes::from_static(&[0, 0, 0, 1, 0x67, 1, 0, 0, 1, 0x68, 2, 0, 0, 0, 1, 0x65]);
        let found = units(&stream);
        assert_eq!(found, [&[0x67, 1][..], &[0x68, 2], &[0x65]]);
        assert!(units(&Bytes::from_static(&[0, 0, 1])).is_empty());
    }

    #[test]
    fn b_pictures_are_shown_before_their_reference() {
        // I P b b P b b, in decoding order.
        let (f, t) = (false, true);
        assert_eq!(display_order(&[f, f, t, t, f, t, t]), [0, 3, 1, 2, 6, 4, 5]);
        assert_eq!(display_order(&[f, f, f]), [0, 1, 2]);
    }
}
