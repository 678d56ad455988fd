//! JPEGs as RTP payloads (RFC 2435).

use super::rtp::{Frames, MTU, RTP_HEADER, Rtp};
use crate::clip::JpegParts;

/// The main header (3.1).
const HEADER: usize = 8;
/// Q from 128 on: the tables are in the stream; 255: in every picture (3.1.8).
const Q_IN_BAND: u8 = 255;

/// Whether a picture of that size in pixels has a form on RTP: both sides are told in blocks of 8
/// pixels, in a byte each.
pub(super) fn fits(width: u32, height: u32) -> bool {
    [width, height].iter().all(|n| n % 8 == 0 && *n <= 255 * 8)
}

/// Appends the packets of one picture; the last one carries the marker. `scan` is what is sent as
/// the entropy-coded part.
pub(super) fn picture(
    rtp: &mut Rtp,
    out: &mut Frames,
    timestamp: u32,
    parts: &JpegParts,
    scan: &[u8],
) {
    let blocks = |pixels: u16| (pixels / 8) as u8;
    // MBZ, precision of 8 bits, length (3.1.8).
    let mut tables = vec![0, 0, 0, 128];
    tables.extend_from_slice(&parts.luma);
    tables.extend_from_slice(&parts.chroma);
    let mut at = 0;
    loop {
        let head: &[u8] = if at == 0 { &tables } else { &[] };
        let room = MTU - RTP_HEADER - HEADER - head.len();
        let end = (at + room).min(scan.len());
        let [_, high, middle, low] = (at as u32).to_be_bytes();
        let header = [
            0,
            high,
            middle,
            low,
            parts.kind,
            Q_IN_BAND,
            blocks(parts.width),
            blocks(parts.height),
        ];
        let last = end == scan.len();
        rtp.packet(out, timestamp, last, &[&header, head, &scan[at..end]]);
        at = end;
        if last {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{fits, picture};
    use crate::clip::JpegParts;
    use crate::rtsp::rtp::{Frames, Rtp};

    #[test]
    fn fragments_join_to_the_scan() {
        let parts = JpegParts {
            kind: 1,
            width: 640,
            height: 360,
            luma: [1; 64],
            chroma: [2; 64],
            scan: 0..3000,
        };
        let scan: Vec<u8> = (0..3000_u32).map(|i| i as u8).collect();
        let (mut out, mut rtp) = (Frames::default(), Rtp::new(0, 26, 7, 1));
        picture(&mut rtp, &mut out, 5, &parts, &scan);
        let packets: Vec<&[u8]> = out.iter().collect();
        assert_eq!(
            packets[0][16..28],
            [0, 0, 0, 0, 1, 255, 80, 45, 0, 0, 0, 128]
        );
        let mut joined = packets[0][28 + 128..].to_vec();
        for packet in &packets[1..] {
            let at = u32::from_be_bytes([0, packet[17], packet[18], packet[19]]);
            assert_eq!(at as usize, joined.len());
            joined.extend_from_slice(&packet[24..]);
        }
        assert_eq!(joined, scan);
        assert!(packets.iter().all(|p| p.len() <= 1404));
        let markers: Vec<bool> = packets.iter().map(|p| p[5] & 0x80 != 0).collect();
        assert_eq!(markers, [false, false, true]);
    }

    #[test]
    fn sizes() {
        assert!(fits(640, 360) && fits(2040, 1080));
        assert!(!fits(320, 180) && !fits(2048, 1080));
    }
}
