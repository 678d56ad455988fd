//! The little of H.265's syntax that an adapter needs (ISO/IEC 23008-2, section 7.3).

use super::super::bits::{exp_golomb, unescaped};
use super::super::syntax::{Kind, SetName, Slice, Syntax};

const VPS: usize = 0;
const SPS: usize = 1;
const PPS: usize = 2;

/// Of an SPS up to its id: header, 16 bytes in front of the sub-layers, and 2 + 6 * 12
/// of these.
const SPS_HEAD_BYTES: usize = 96;

/// H.265.
#[derive(Debug, Default)]
pub struct Hevc;

/// Type of a NAL unit by its first byte.
pub fn kind_number(header: u8) -> u8 {
    header >> 1 & 0x3f
}

impl Syntax for Hevc {
    const RANKS: usize = 3;
    const START: usize = SPS;

    fn kind(nal: &[u8]) -> Kind {
        let [first, second, rest @ ..] = nal else {
            return Kind::Needless;
        };
        // Further layers (section F) are for decoders that nobody has.
        if first & 1 != 0 || second >> 3 != 0 {
            return Kind::Needless;
        }
        let set = |rank, id| Kind::Set(SetName { rank, id });
        match kind_number(*first) {
            // RASL: random access skipped leading pictures.
            8 | 9 => Kind::Slice(Slice::Leading),
            kind @ 16..=23 => Kind::Slice(Slice::Key {
                broken_link: kind <= 18,
            }),
            0..=31 => Kind::Slice(Slice::Plain),
            32 if !rest.is_empty() => set(VPS, u32::from(rest[0] >> 4)),
            33 if rest.len() > 13 => set(SPS, sps_id(nal).unwrap_or(0)),
            34 if !rest.is_empty() => set(PPS, exp_golomb(rest, 0).unwrap_or(0)),
            36 | 37 => Kind::End,
            39 | 40 => Kind::Other,
            _ => Kind::Needless,
        }
    }

    /// `first_slice_segment_in_pic_flag`.
    fn begins_picture(nal: &[u8]) -> bool {
        matches!(nal, [_, _, first, ..] if first & 0x80 != 0)
    }
}

/// `sps_seq_parameter_set_id`, which stands behind `profile_tier_level` (section 7.3.3).
fn sps_id(nal: &[u8]) -> Option<u32> {
    let sps = unescaped(nal, SPS_HEAD_BYTES);
    let sub_layers = usize::from(sps.get(2)? >> 1 & 7);
    let mut at = 15;
    if sub_layers > 0 {
        let flags = sps.get(at..at + 2)?;
        at += 2;
        for layer in 0..sub_layers.min(8) {
            let flags = flags[layer / 4] << (2 * (layer % 4));
            at += if flags & 0x80 == 0 { 0 } else { 11 };
            at += usize::from(flags & 0x40 != 0);
        }
    }
    exp_golomb(&sps, 8 * at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds() {
        let kind = |number: u8| Hevc::kind(&[number << 1, 1, 0x80]);
        assert_eq!(kind(1), Kind::Slice(Slice::Plain));
        assert_eq!(kind(7), Kind::Slice(Slice::Plain));
        assert_eq!(kind(9), Kind::Slice(Slice::Leading));
        assert_eq!(kind(16), Kind::Slice(Slice::Key { broken_link: true }));
        assert_eq!(kind(19), Kind::Slice(Slice::Key { broken_link: false }));
        assert_eq!(kind(23), Kind::Slice(Slice::Key { broken_link: false }));
        assert_eq!(kind(32), Kind::Set(SetName { rank: VPS, id: 8 }));
        assert_eq!(kind(34), Kind::Set(SetName { rank: PPS, id: 0 }));
        assert_eq!((kind(36), kind(39)), (Kind::End, Kind::Other));
        for needless in [33, 35, 38, 41, 48, 50, 63] {
            assert_eq!(kind(needless), Kind::Needless);
        }
        // Another layer.
        assert_eq!(Hevc::kind(&[0x26, 0x09, 0x80]), Kind::Needless);
        assert_eq!(Hevc::kind(&[0x27, 0x01, 0x80]), Kind::Needless);
        assert!(Hevc::begins_picture(&[0x26, 1, 0x80]) && !Hevc::begins_picture(&[0x26, 1, 0x40]));
    }

    #[test]
    fn ids_of_sps() {
        // One layer; emulation prevention within the profile.
        let mut sps = vec![
            0x42, 1, 1, 1, 0x60, 0, 0, 3, 0, 0xb0, 0, 0, 3, 0, 0, 3, 0, 0x5a,
        ];
        sps.push(0b0110_0000);
        assert_eq!(sps_id(&sps), Some(2));
        // Two sub-layers, the first with profile and level.
        let mut sps = vec![0x42, 1, 2 << 1];
        sps.extend([1; 12]);
        sps.extend([0b1100_0000, 0]);
        sps.extend([1; 12]);
        sps.push(0b0101_0000);
        assert_eq!(sps_id(&sps), Some(1));
        assert_eq!(sps_id(&[0x42, 1]), None);
        assert_eq!(sps_id(&[0x42, 1, 0xff, 0xff]), None);
    }
}
