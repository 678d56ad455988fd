//! The box that begins a part of a recording.

use bytes::BufMut;

use super::boxes::{Fields, Head, put_box};

/// Bytes of a part marker: it has room for the head of an `mdat` with a 64-bit size.
pub const MARKER_BYTES: usize = 48;

/// Names the host's own boxes (ISO/IEC 14496-12, 11.1); a random version 4 UUID.
pub(crate) const UUID: [u8; 16] = [
    0x8e, 0x1f, 0x5b, 0x3a, 0x67, 0xc4, 0x4d, 0x92, 0xa0, 0x7d, 0x14, 0xe9, 0x3c, 0x58, 0xb2, 0x6f,
];

const VERSION: u8 = 1;

/// The `uuid` box before a part. `start_us`: where on the recording's clock the
/// first picture of this part is shown, in microseconds.
pub fn part_marker(start_us: i64) -> Vec<u8> {
    let mut out = Vec::with_capacity(MARKER_BYTES);
    put_box(&mut out, b"uuid", |out| {
        out.put_slice(&UUID);
        out.put_slice(&[VERSION, 0, 0, 0]);
        out.put_i64(start_us);
        out.put_bytes(0, 12);
    });
    out
}

/// The start, in microseconds, that a whole marker tells; `None` if `data` does
/// not begin with one.
pub fn parse_part_marker(data: &[u8]) -> Option<i64> {
    let head = Head::parse(data).ok()??;
    if head.kind != *b"uuid" || head.bytes != MARKER_BYTES as u64 {
        return None;
    }
    let mut fields = Fields::new(data.get(8..MARKER_BYTES)?, "part marker");
    let ours = fields.take(16).ok()? == UUID && fields.take(4).ok()?[0] == VERSION;
    let start_us = fields.u64().ok()? as i64;
    ours.then_some(start_us)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn goes_both_ways() {
        for start_us in [0, 1, -1, i64::MAX, 5_400_000_000] {
            let mut marker = part_marker(start_us);
            assert_eq!(marker.len(), MARKER_BYTES);
            assert_eq!(parse_part_marker(&marker), Some(start_us));
            assert_eq!(parse_part_marker(&marker[..47]), None);
            marker[9] ^= 1;
            assert_eq!(parse_part_marker(&marker), None);
        }
    }
}
