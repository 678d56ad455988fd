//! The little of H.264's syntax that an adapter needs (ISO/IEC 14496-10, section 7.3).

use super::super::bits::exp_golomb;
use super::super::syntax::{Kind, SetName, Slice, Syntax};

const SPS: usize = 0;
const PPS: usize = 1;

/// H.264.
#[derive(Debug, Default)]
pub struct Avc;

impl Syntax for Avc {
    const RANKS: usize = 2;
    const START: usize = SPS;

    fn kind(nal: &[u8]) -> Kind {
        let id = |at: usize| exp_golomb(nal.get(at..).unwrap_or_default(), 0).unwrap_or(0);
        match nal.first().map_or(0, |header| header & 0x1f) {
            1..=4 => Kind::Slice(Slice::Plain),
            5 => Kind::Slice(Slice::Key { broken_link: false }),
            // Profile, constraints and level come before the id.
            7 if nal.len() > 4 => Kind::Set(SetName {
                rank: SPS,
                id: id(4),
            }),
            8 if nal.len() > 1 => Kind::Set(SetName {
                rank: PPS,
                id: id(1),
            }),
            // Among them ends of sequence: an IDR picture follows anyway.
            0 | 7..=12 | 24.. => Kind::Needless,
            _ => Kind::Other,
        }
    }

    /// `first_mb_in_slice` is 0. Partitions B and C (types 3 and 4) have no such field
    /// and never are.
    fn begins_picture(nal: &[u8]) -> bool {
        matches!(nal, [header, first, ..] if !matches!(header & 0x1f, 3 | 4) && first & 0x80 != 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds() {
        let kind = Avc::kind;
        assert_eq!(
            kind(&[0x65]),
            Kind::Slice(Slice::Key { broken_link: false })
        );
        assert_eq!(kind(&[0x41]), Kind::Slice(Slice::Plain));
        assert_eq!(
            kind(&[0x67, 0x64, 0, 0x33, 0xac]),
            Kind::Set(SetName { rank: SPS, id: 0 })
        );
        assert_eq!(
            kind(&[0x68, 0b0110_0000]),
            Kind::Set(SetName { rank: PPS, id: 2 })
        );
        for needless in [&[0x67, 1][..], &[0x68], &[0x09, 0xf0], &[0x0c], &[]] {
            assert_eq!(kind(needless), Kind::Needless);
        }
        assert_eq!(kind(&[0x06]), Kind::Other);
        assert!(Avc::begins_picture(&[0x65, 0x88]));
        for not in [&[0x65, 0x08][..], &[0x43, 0x88], &[0x65]] {
            assert!(!Avc::begins_picture(not));
        }
    }
}
