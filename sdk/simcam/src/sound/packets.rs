//! Cuts what FFmpeg wrote into what a packet carries.

use bytes::Bytes;

/// Pieces of that many bytes; a rest is left out.
pub(super) fn even(stream: &Bytes, bytes: usize) -> Vec<Bytes> {
    let pieces = 0..stream.len() / bytes;
    pieces
        .map(|i| stream.slice(i * bytes..(i + 1) * bytes))
        .collect()
}

/// The raw frames of an ADTS stream (ISO/IEC 13818-7 6.2).
pub(super) fn adts(stream: &Bytes) -> Option<Vec<Bytes>> {
    let mut out = Vec::new();
    let mut at = 0;
    while at < stream.len() {
        let header = stream.get(at..at + 7)?;
        if header[0] != 0xFF || header[1] & 0xF6 != 0xF0 {
            return None;
        }
        let checked = header[1] & 1 == 0;
        let length = usize::from(header[3] & 3) << 11
            | usize::from(header[4]) << 3
            | usize::from(header[5] >> 5);
        let start = at + if checked { 9 } else { 7 };
        at += length;
        if start >= at || at > stream.len() {
            return None;
        }
        out.push(stream.slice(start..at));
    }
    Some(out)
}

/// The packets of the one Opus stream in an Ogg file, without its two headers (RFC 3533 6,
/// RFC 7845 3).
pub(super) fn ogg(stream: &Bytes) -> Option<Vec<Bytes>> {
    let (mut packets, mut packet) = (Vec::new(), Vec::new());
    let mut at = 0;
    while at < stream.len() {
        let header = stream.get(at..at + 27)?;
        if !header.starts_with(b"OggS") {
            return None;
        }
        let segments = usize::from(header[26]);
        let lengths = stream.get(at + 27..at + 27 + segments)?;
        at += 27 + segments;
        for &length in lengths {
            packet.extend_from_slice(stream.get(at..at + usize::from(length))?);
            at += usize::from(length);
            // A packet goes on in the next segment as long as they are full.
            if length < 255 {
                packets.push(Bytes::from(std::mem::take(&mut packet)));
            }
        }
    }
    packets.get(2..).map(<[Bytes]>::to_vec)
}

#[cfg(test)]
mod tests {
    use super::{adts, even, ogg};
    use bytes::Bytes;

    #[test]
    fn adts_frames() {
        let one = [0xFF, 0xF1, 0x4C, 0x40, 0x01, 0x3F, 0xFC, 7, 8];
        let two = Bytes::from([one, one].concat());
        assert_eq!(adts(&two), Some(vec![Bytes::from_static(&[7, 8]); 2]));
        for cut in 1..9 {
            assert_eq!(adts(&two.slice(..9 + cut)), None, "{cut}");
        }
        assert_eq!(adts(&Bytes::from_static(&[0; 7])), None);
    }

    #[test]
    fn ogg_packets_over_segments() {
        let mut page = b"OggS".to_vec();
        page.resize(26, 0);
        page.extend_from_slice(&[5, 1, 1, 255, 2, 3]);
        page.extend_from_slice(&[0; 2 + 257 + 3]);
        let found = ogg(&Bytes::from(page.clone())).expect("packets");
        let lengths: Vec<_> = found.iter().map(Bytes::len).collect();
        assert_eq!(lengths, [257, 3]);
        page.truncate(100);
        assert_eq!(ogg(&Bytes::from(page)), None);
        assert_eq!(even(&Bytes::from_static(&[0; 7]), 3).len(), 2);
    }
}
