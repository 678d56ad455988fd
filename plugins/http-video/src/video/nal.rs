//! What a NAL unit is for (ITU-T H.264, table 7-1; H.265, table 7-1).

use crate::bits::Bits;

/// The two codecs that differ by little here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Codec {
    /// AVC.
    H264,
    /// HEVC.
    H265,
}

impl Codec {
    /// As in `track.codec`.
    pub fn name(self) -> &'static str {
        match self {
            Self::H264 => "h264",
            Self::H265 => "h265",
        }
    }
}

/// See the module.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A slice of a picture where decoding can start: IDR, or any IRAP of H.265.
    Key,
    /// A slice of another picture.
    Slice,
    /// A parameter set.
    Set,
    /// SEI that says: right from the picture that follows everything is right (recovery point
    /// with a count of 0), as encoders with open groups of pictures write it.
    Refresh,
    /// Delimiters, filler, ends of sequence, and types that nobody needs.
    Needless,
    /// Anything else that belongs to the picture.
    Other,
}

/// The kind of a NAL unit.
pub fn kind(codec: Codec, nal: &[u8]) -> Kind {
    match (codec, nal) {
        (Codec::H264, [header, ..]) => match header & 0x1f {
            1..=4 => Kind::Slice,
            5 => Kind::Key,
            6 if is_recovery_point(nal) => Kind::Refresh,
            7 | 8 => Kind::Set,
            0 | 9..=12 | 24.. => Kind::Needless,
            _ => Kind::Other,
        },
        (Codec::H265, [header, _, _, ..]) => match header >> 1 & 0x3f {
            16..=21 => Kind::Key,
            0..=15 => Kind::Slice,
            32..=34 => Kind::Set,
            39..=40 => Kind::Other,
            _ => Kind::Needless,
        },
        _ => Kind::Needless,
    }
}

/// Kind and id of a parameter set: sets of one kind and id replace each other. The ids of
/// H.265's SPS stand behind much else, and no camera has two: they are all taken as 0.
pub fn set_id(codec: Codec, nal: &[u8]) -> Option<(u8, u32)> {
    let id = |skip: usize| Bits::new(nal.get(skip..).unwrap_or_default()).exp_golomb();
    match codec {
        Codec::H264 => match nal.first()? & 0x1f {
            7 => Some((1, id(4)?)),
            8 => Some((2, id(1)?)),
            _ => None,
        },
        Codec::H265 => match nal.first()? >> 1 & 0x3f {
            32 => Some((0, Bits::new(nal.get(2..)?).number(4)?)),
            33 => Some((1, 0)),
            34 => Some((2, id(2)?)),
            _ => None,
        },
    }
}

/// An SEI message of type 6 with `recovery_frame_cnt` 0 (H.264, section D.1.8).
fn is_recovery_point(nal: &[u8]) -> bool {
    let mut rest = nal.get(1..).unwrap_or_default();
    // Type and size: bytes of 255 add up with the last one.
    let number = |rest: &mut &[u8]| {
        let mut sum = 0usize;
        loop {
            let (byte, after) = rest.split_first()?;
            *rest = after;
            sum += usize::from(*byte);
            if *byte != 255 {
                return Some(sum);
            }
        }
    };
    while rest.len() > 2 {
        let (Some(kind), Some(size)) = (number(&mut rest), number(&mut rest)) else {
            return false;
        };
        if kind == 6 {
            return Bits::new(rest).exp_golomb() == Some(0);
        }
        rest = rest.get(size..).unwrap_or_default();
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds() {
        let h264 = |nal: &[u8]| kind(Codec::H264, nal);
        assert_eq!(
            (h264(&[0x65, 1]), h264(&[0x41, 1])),
            (Kind::Key, Kind::Slice)
        );
        assert_eq!(
            (h264(&[0x67]), h264(&[0x09, 0xf0])),
            (Kind::Set, Kind::Needless)
        );
        assert_eq!(h264(&[0x06, 6, 1, 0xc4, 0x80]), Kind::Refresh);
        assert_eq!(h264(&[0x06, 6, 1, 0x24, 0x80]), Kind::Other);
        assert_eq!(h264(&[0x06, 5, 1, 0, 6, 1, 0x84, 0x80]), Kind::Refresh);
        assert_eq!(h264(&[0x06, 255, 255]), Kind::Other);
        let h265 = |kind_: u8| kind(Codec::H265, &[kind_ << 1, 1, 2]);
        assert_eq!(
            (h265(19), h265(21), h265(1)),
            (Kind::Key, Kind::Key, Kind::Slice)
        );
        assert_eq!(
            (h265(32), h265(35), h265(39)),
            (Kind::Set, Kind::Needless, Kind::Other)
        );
        assert_eq!(kind(Codec::H265, &[0x26]), Kind::Needless);
    }

    #[test]
    fn ids() {
        assert_eq!(
            set_id(Codec::H264, &[0x67, 0x64, 0, 0x33, 0xac]),
            Some((1, 0))
        );
        assert_eq!(set_id(Codec::H264, &[0x68, 0b0110_0000]), Some((2, 2)));
        assert_eq!(set_id(Codec::H265, &[0x40, 1, 0x1c]), Some((0, 1)));
        assert_eq!(set_id(Codec::H265, &[0x44, 1, 0xc0]), Some((2, 0)));
        assert_eq!(set_id(Codec::H264, &[]), None);
    }
}
