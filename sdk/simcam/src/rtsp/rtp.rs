//! RTP packets of H.264 (RFC 3550 5.1, RFC 6184 5) in interleaved frames
//! (RFC 2326 10.12).

use super::Packetization;
use super::sdp::PAYLOAD_TYPE;

/// RTP header and payload of a packet in mode 1 together.
const MTU: usize = 1400;
const RTP_HEADER: usize = 12;
const FRAME_HEADER: usize = 4;
const FU_A: u8 = 28;
const STAP_A: u8 = 24;
/// The largest NAL unit of mode 0: the interleaved length has 16 bits.
pub(super) const MAX_SINGLE_NAL: usize = 0xFFFF - RTP_HEADER;

/// Interleaved frames, one after the other.
#[derive(Debug, Default)]
pub(super) struct Frames {
    data: Vec<u8>,
    starts: Vec<usize>,
}

impl Frames {
    pub(super) fn clear(&mut self) {
        self.data.clear();
        self.starts.clear();
    }

    pub(super) fn iter(&self) -> impl ExactSizeIterator<Item = &[u8]> {
        let start = |i: usize| self.starts.get(i).copied().unwrap_or(self.data.len());
        (0..self.starts.len()).map(move |i| &self.data[start(i)..start(i + 1)])
    }
}

/// Makes packets of pictures and counts them.
#[derive(Debug)]
pub(super) struct Packetizer {
    pub(super) channel: u8,
    pub(super) ssrc: u32,
    pub(super) sequence: u16,
    pub(super) packets: u32,
    pub(super) octets: u32,
    mode: Packetization,
}

impl Packetizer {
    pub(super) fn new(mode: Packetization, channel: u8, ssrc: u32, sequence: u16) -> Self {
        Self {
            channel,
            ssrc,
            sequence,
            packets: 0,
            octets: 0,
            mode,
        }
    }

    /// Appends the packets of one picture: the parameter sets, if it has any,
    /// then its slices. The last packet carries the marker.
    pub(super) fn picture<T: AsRef<[u8]>>(
        &mut self,
        out: &mut Frames,
        timestamp: u32,
        sets: &[T],
        slices: &[T],
    ) {
        let stap_a = self.mode == Packetization::NonInterleaved { stap_a: true };
        if stap_a && sets.len() > 1 {
            let mut payload = vec![0x60 | STAP_A];
            for set in sets.iter().map(AsRef::as_ref) {
                payload.extend_from_slice(&(set.len() as u16).to_be_bytes());
                payload.extend_from_slice(set);
            }
            self.packet(out, timestamp, false, &[&payload]);
        } else {
            for set in sets {
                self.unit(out, timestamp, false, set.as_ref());
            }
        }
        for (i, slice) in slices.iter().enumerate() {
            self.unit(out, timestamp, i + 1 == slices.len(), slice.as_ref());
        }
    }

    fn unit(&mut self, out: &mut Frames, timestamp: u32, last: bool, nal: &[u8]) {
        let room = MTU - RTP_HEADER;
        if self.mode == Packetization::SingleNal || nal.len() <= room {
            self.packet(out, timestamp, last, &[nal]);
            return;
        }
        let indicator = (nal[0] & 0xE0) | FU_A;
        let pieces = nal[1..].chunks(room - 2);
        let count = pieces.len();
        for (i, piece) in pieces.enumerate() {
            let (start, end) = (i == 0, i + 1 == count);
            let header = (nal[0] & 0x1F) | u8::from(start) << 7 | u8::from(end) << 6;
            self.packet(out, timestamp, last && end, &[&[indicator, header], piece]);
        }
    }

    fn packet(&mut self, out: &mut Frames, timestamp: u32, marker: bool, payload: &[&[u8]]) {
        let length: usize = payload.iter().map(|part| part.len()).sum();
        out.starts.push(out.data.len());
        out.data.reserve(FRAME_HEADER + RTP_HEADER + length);
        out.data.extend_from_slice(&[b'$', self.channel]);
        let size = (RTP_HEADER + length).min(0xFFFF) as u16;
        out.data.extend_from_slice(&size.to_be_bytes());
        out.data
            .extend_from_slice(&[0x80, PAYLOAD_TYPE | u8::from(marker) << 7]);
        out.data.extend_from_slice(&self.sequence.to_be_bytes());
        out.data.extend_from_slice(&timestamp.to_be_bytes());
        out.data.extend_from_slice(&self.ssrc.to_be_bytes());
        for part in payload {
            out.data.extend_from_slice(part);
        }
        self.sequence = self.sequence.wrapping_add(1);
        self.packets = self.packets.wrapping_add(1);
        self.octets = self.octets.wrapping_add(length as u32);
    }
}

#[cfg(test)]
mod tests {
    use super::{Frames, Packetizer};
    use crate::rtsp::Packetization;

    fn packets(mode: Packetization, sets: &[Vec<u8>], slices: &[Vec<u8>]) -> Vec<Vec<u8>> {
        let mut out = Frames::default();
        Packetizer::new(mode, 2, 7, 0xFFFF).picture(&mut out, 5, sets, slices);
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
}
