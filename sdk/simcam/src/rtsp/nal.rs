//! NAL units as RTP payloads: of H.264 after RFC 6184 5, of H.265 after RFC 7798 4.4.

use super::Packetization;
use super::rtp::{Frames, MTU, RTP_HEADER, Rtp};
use crate::clip::hevc;

const FU_A: u8 = 28;
const STAP_A: u8 = 24;
/// Types of H.265's fragments and aggregates.
const FU: u8 = 49;
const AP: u8 = 48;

/// Whose NAL units they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Syntax {
    H264,
    H265,
}

impl Syntax {
    /// The header of a packet that holds several units.
    fn aggregate(self) -> &'static [u8] {
        match self {
            Self::H264 => &[0x60 | STAP_A],
            // Layer 0, the lowest temporal id.
            Self::H265 => &[AP << 1, 1],
        }
    }

    /// Bytes of a unit's header.
    fn header_bytes(self) -> usize {
        match self {
            Self::H264 => 1,
            Self::H265 => 2,
        }
    }

    /// The headers of a fragment of this unit.
    fn fragment(self, nal: &[u8], start: bool, end: bool) -> Vec<u8> {
        let ends = u8::from(start) << 7 | u8::from(end) << 6;
        match self {
            Self::H264 => vec![(nal[0] & 0xE0) | FU_A, (nal[0] & 0x1F) | ends],
            Self::H265 => vec![(nal[0] & 0x81) | FU << 1, nal[1], hevc::kind(nal) | ends],
        }
    }
}

/// Appends the packets of one picture: the parameter sets, if it has any,
/// then its slices. The last packet carries the marker.
pub(super) fn picture<T: AsRef<[u8]>>(
    rtp: &mut Rtp,
    out: &mut Frames,
    (syntax, mode): (Syntax, Packetization),
    timestamp: u32,
    sets: &[T],
    slices: &[T],
) {
    let together = mode == Packetization::NonInterleaved { stap_a: true };
    if together && sets.len() > 1 {
        let mut payload = syntax.aggregate().to_vec();
        for set in sets.iter().map(AsRef::as_ref) {
            payload.extend_from_slice(&(set.len() as u16).to_be_bytes());
            payload.extend_from_slice(set);
        }
        rtp.packet(out, timestamp, false, &[&payload]);
    } else {
        for set in sets {
            unit(rtp, out, (syntax, mode), timestamp, false, set.as_ref());
        }
    }
    for (i, slice) in slices.iter().enumerate() {
        let last = i + 1 == slices.len();
        unit(rtp, out, (syntax, mode), timestamp, last, slice.as_ref());
    }
}

fn unit(
    rtp: &mut Rtp,
    out: &mut Frames,
    (syntax, mode): (Syntax, Packetization),
    timestamp: u32,
    last: bool,
    nal: &[u8],
) {
    let room = MTU - RTP_HEADER;
    if mode == Packetization::SingleNal || nal.len() <= room {
        rtp.packet(out, timestamp, last, &[nal]);
        return;
    }
    let header = syntax.header_bytes();
    let pieces = nal[header..].chunks(room - header - 1);
    let count = pieces.len();
    for (i, piece) in pieces.enumerate() {
        let end = i + 1 == count;
        let headers = syntax.fragment(nal, i == 0, end);
        rtp.packet(out, timestamp, last && end, &[&headers, piece]);
    }
}

#[cfg(test)]
mod tests {
    use super::{Syntax, picture};
    use crate::rtsp::Packetization;
    use crate::rtsp::rtp::{Frames, Rtp};

    fn packets(mode: Packetization, sets: &[Vec<u8>], slices: &[Vec<u8>]) -> Vec<Vec<u8>> {
        packets_of(Syntax::H264, mode, sets, slices)
    }

    fn packets_of(
        syntax: Syntax,
        mode: Packetization,
        sets: &[Vec<u8>],
        slices: &[Vec<u8>],
    ) -> Vec<Vec<u8>> {
        let (mut out, mut rtp) = (Frames::default(), Rtp::new(2, 96, 7, 0xFFFF));
        picture(&mut rtp, &mut out, (syntax, mode), 5, sets, slices);
        out.iter().map(<[u8]>::to_vec).collect()
    }

    #[test]
    fn fragments_join_to_the_unit() {
        let nal: Vec<u8> = (0..5000_u32)
            .map(|i| if i == 0 { 0x65 } else { i as u8 })
            .collect();
        let mode = Packetization::NonInterleaved { stap_a: false };
        let made = packets(mode, &[], std::slice::from_ref(&nal));
        let mut joined = vec![(made[0][16] & 0xE0) | (made[0][17] & 0x1F)];
        for (i, packet) in made.iter().enumerate() {
            let last = i + 1 == made.len();
            assert!(packet.len() <= 1404);
            assert_eq!(packet[..2], [b'$', 2]);
            assert_eq!(
                usize::from(u16::from_be_bytes([packet[2], packet[3]])),
                packet.len() - 4
            );
            assert_eq!(packet[5] & 0x80 != 0, last);
            let sequence = u16::from_be_bytes([packet[6], packet[7]]);
            assert_eq!(sequence, 0xFFFF_u16.wrapping_add(i as u16));
            assert_eq!(
                packet[17] & 0xC0,
                u8::from(i == 0) << 7 | u8::from(last) << 6
            );
            joined.extend_from_slice(&packet[18..]);
        }
        assert_eq!(joined, nal);
    }

    #[test]
    fn mode_0_and_stap_a() {
        let (sets, slices) = (
            [vec![0x67, 1], vec![0x68]],
            [vec![0x65; 3000], vec![0x65; 9]],
        );
        let made = packets(Packetization::SingleNal, &sets, &slices);
        let lengths: Vec<_> = made.iter().map(|p| p.len() - 16).collect();
        assert_eq!(lengths, [2, 1, 3000, 9]);
        let mode = Packetization::NonInterleaved { stap_a: true };
        let made = packets(mode, &sets, &slices[1..]);
        assert_eq!(made[0][16..], [0x78, 0, 2, 0x67, 1, 0, 1, 0x68]);
        assert_eq!(made.len(), 2);
    }

    #[test]
    fn h265_fragments_and_aggregates() {
        let mut nal: Vec<u8> = (0..3000_u32).map(|i| i as u8).collect();
        nal[..2].copy_from_slice(&[0x26, 0x01]);
        let mode = Packetization::NonInterleaved { stap_a: true };
        let sets = [vec![0x40, 1], vec![0x42, 1, 9], vec![0x44, 1]];
        let made = packets_of(Syntax::H265, mode, &sets, std::slice::from_ref(&nal));
        assert_eq!(
            made[0][16..],
            [0x60, 1, 0, 2, 0x40, 1, 0, 3, 0x42, 1, 9, 0, 2, 0x44, 1]
        );
        let mut joined = vec![0x26, 0x01];
        let fragments = &made[1..];
        for (i, packet) in fragments.iter().enumerate() {
            let last = i + 1 == fragments.len();
            // Type 49 with the unit's layer and temporal id (RFC 7798 4.4.3).
            assert_eq!(packet[16..18], [0x62, 0x01]);
            assert_eq!(
                packet[18],
                0x13 | u8::from(i == 0) << 7 | u8::from(last) << 6
            );
            assert_eq!(packet[5] & 0x80 != 0, last);
            assert!(packet.len() <= 1404);
            joined.extend_from_slice(&packet[19..]);
        }
        assert_eq!(joined, nal);
    }
}
