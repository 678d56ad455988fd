//! The head of an H.264 slice: as much of it as tells the kind of its picture.

use super::nal::{self, h264_type, h264_type_of};
use super::sps::{Bits, Error, unescape};

/// Bytes of a slice that are looked at: both numbers lie in the first eight.
const HEAD_BYTES: usize = 16;
/// `slice_type` goes to 9 (ITU-T H.264, table 7-6).
const MOST_TYPE: u32 = 9;

/// What a slice is predicted from (ITU-T H.264, table 7-6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// From earlier pictures (P, SP).
    Predicted,
    /// From pictures before and after it (B): what it is shown before was decoded first.
    Bidirectional,
    /// From nothing else (I, SI).
    Intra,
}

/// The kind of a slice, header byte included (7.3.3): types 1 and 5.
pub fn kind(unit: &[u8]) -> Result<Kind, Error> {
    let payload = unescape(unit.get(1..).unwrap_or_default(), HEAD_BYTES);
    let mut bits = Bits::new(&payload);
    bits.golomb("first_mb_in_slice")?;
    Ok(match bits.golomb_to(MOST_TYPE, "slice_type")? % 5 {
        1 => Kind::Bidirectional,
        2 | 4 => Kind::Intra,
        _ => Kind::Predicted,
    })
}

/// Whether a picture (its NAL units behind lengths) has a slice of type B. What cannot be read
/// has none.
pub fn is_bidirectional(picture: &[u8]) -> bool {
    nal::units(picture).is_ok_and(|mut units| {
        units.any(|unit| {
            h264_type_of(unit) == h264_type::SLICE && kind(unit) == Ok(Kind::Bidirectional)
        })
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::media::testing;

    #[test]
    fn reads_the_kind() {
        // ue(0) = 1, ue(5) = 00110, ue(6) = 00111, ue(7) = 0001000.
        assert_eq!(kind(&[0x41, 0b1001_1000]), Ok(Kind::Predicted));
        assert_eq!(kind(&[0x01, 0b1001_1100]), Ok(Kind::Bidirectional));
        assert_eq!(kind(&[0x65, 0b1000_1000]), Ok(Kind::Intra));
        // ue(10) = 0001011.
        assert!(kind(&[0x41, 0b1000_1011]).is_err());
        assert!(kind(&[0x41]).is_err() && kind(&[]).is_err());
    }

    #[test]
    fn pictures_with_b_slices_are_told_from_others() {
        let pictures = |options: &[&str]| -> Vec<bool> {
            let units = testing::access_units(&testing::h264(options, 10));
            units
                .iter()
                .map(|(_, data)| is_bidirectional(data))
                .collect()
        };
        let none = pictures(&["-x264-params", "slices=1"]);
        assert_eq!(none, [false; 10]);
        let some = pictures(&["-bf", "2", "-x264-params", "slices=1:b-adapt=0"]);
        let b = [
            false, false, true, true, false, true, true, false, true, true,
        ];
        assert_eq!(some, b);
        assert!(!is_bidirectional(&[1, 2, 3]));
    }

    proptest! {
        #[test]
        fn any_bytes_are_taken(data in prop::collection::vec(any::<u8>(), 0..60)) {
            let _ = (kind(&data), is_bidirectional(&data));
        }
    }
}
