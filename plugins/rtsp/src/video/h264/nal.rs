//! The little of H.264's syntax that an adapter needs (ISO/IEC 14496-10, section 7.3).

/// What a NAL unit is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A part of a picture: types 1 to 5.
    Slice {
        /// Of an instantaneous decoder refresh picture.
        idr: bool,
    },
    /// Sequence parameter set.
    Sps,
    /// Picture parameter set.
    Pps,
    /// Says nothing that the length of a packet and its timestamp do not say
    /// (delimiters, ends of sequence, filler), or is no NAL unit outside of RTP.
    Needless,
    /// Anything else that belongs to the picture, such as SEI.
    Other,
}

/// The kind of a NAL unit by its first byte.
pub fn kind(header: u8) -> Kind {
    match header & 0x1f {
        1..=4 => Kind::Slice { idr: false },
        5 => Kind::Slice { idr: true },
        7 => Kind::Sps,
        8 => Kind::Pps,
        0 | 9..=12 | 24.. => Kind::Needless,
        _ => Kind::Other,
    }
}

/// Whether a slice is the first of its picture: `first_mb_in_slice` is 0. Partitions B
/// and C (types 3 and 4) have no such field and never are.
pub fn begins_picture(nal: &[u8]) -> bool {
    matches!(nal, [header, first, ..] if !matches!(header & 0x1f, 3 | 4) && first & 0x80 != 0)
}

/// `seq_parameter_set_id` of an SPS.
pub fn sps_id(nal: &[u8]) -> u32 {
    exp_golomb(nal.get(4..).unwrap_or_default()).unwrap_or(0)
}

/// `pic_parameter_set_id` of a PPS.
pub fn pps_id(nal: &[u8]) -> u32 {
    exp_golomb(nal.get(1..).unwrap_or_default()).unwrap_or(0)
}

/// The unsigned Exp-Golomb number at the start of `bytes` (section 9.1), up to 2^16.
fn exp_golomb(bytes: &[u8]) -> Option<u32> {
    let bit = |index: usize| Some(u32::from(bytes.get(index / 8)? >> (7 - index % 8) & 1));
    let zeros = (0..).map_while(bit).take_while(|bit| *bit == 0).count();
    if zeros > 16 {
        return None;
    }
    let mut value = 0;
    for index in zeros..=2 * zeros {
        value = value << 1 | bit(index)?;
    }
    Some(value - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        assert_eq!(exp_golomb(&[0b1000_0000]), Some(0));
        assert_eq!(exp_golomb(&[0b0100_0000]), Some(1));
        assert_eq!(exp_golomb(&[0b0010_1000]), Some(4));
        assert_eq!(exp_golomb(&[0, 0b1000_0000]), None);
        assert_eq!(exp_golomb(&[0, 0, 0]), None);
        assert_eq!(exp_golomb(&[]), None);
        assert_eq!(sps_id(&[0x67, 0x64, 0, 0x33, 0xac]), 0);
        assert_eq!(pps_id(&[0x68, 0b0110_0000]), 2);
    }

    #[test]
    fn kinds() {
        assert_eq!(kind(0x65), Kind::Slice { idr: true });
        assert_eq!(kind(0x41), Kind::Slice { idr: false });
        assert_eq!((kind(0x67), kind(0x68)), (Kind::Sps, Kind::Pps));
        assert_eq!(
            (kind(0x09), kind(0x0c), kind(0x06)),
            (Kind::Needless, Kind::Needless, Kind::Other)
        );
        assert!(begins_picture(&[0x65, 0x88]));
        assert!(
            !begins_picture(&[0x65, 0x08])
                && !begins_picture(&[0x43, 0x88])
                && !begins_picture(&[0x65])
        );
    }
}
