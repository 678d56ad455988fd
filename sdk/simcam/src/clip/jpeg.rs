//! A run of JPEGs (ITU-T T.81 annex B) as pictures.

use std::ops::Range;

use bytes::Bytes;

use super::Picture;
use crate::error::Error;

/// Splits concatenated JPEGs.
pub(super) fn split(stream: &Bytes) -> Result<Vec<Picture>, Error> {
    let mut pictures = Vec::new();
    let mut at = 0;
    while at < stream.len() {
        let Some(length) = length(&stream[at..]) else {
            return Err(Error::Stream(format!("no whole JPEG at byte {at}")));
        };
        pictures.push(Picture {
            key: true,
            index: pictures.len() as u32,
            units: vec![stream.slice(at..at + length)],
        });
        at += length;
    }
    Ok(pictures)
}

/// Length of the JPEG that begins at the first byte. Segments are skipped by
/// their lengths, since a table may hold the bytes of an end marker.
fn length(data: &[u8]) -> Option<usize> {
    if data.get(..2)? != [0xFF, 0xD8] {
        return None;
    }
    let mut at = 2;
    loop {
        let marker = data.get(at..at + 2)?;
        if marker[0] != 0xFF {
            return None;
        }
        if marker[1] == 0xD9 {
            return Some(at + 2);
        }
        let size = u16::from_be_bytes(data.get(at + 2..at + 4)?.try_into().ok()?);
        at += 2 + usize::from(size);
        if marker[1] == 0xDA {
            // Entropy-coded data: 0xFF is followed by 0 or a restart marker.
            let rest = data.get(at..)?;
            let end = rest.windows(2).position(|w| {
                w[0] == 0xFF && w[1] != 0 && w[1] != 0xFF && !(0xD0..=0xD7).contains(&w[1])
            });
            at += end?;
        }
    }
}

/// What RTP says of a JPEG (RFC 2435 3.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Parts {
    /// 0: chroma at half the width; 1: at half of both sides.
    pub(crate) kind: u8,
    /// Pixels.
    pub(crate) width: u16,
    /// Pixels.
    pub(crate) height: u16,
    /// Quantisation of brightness, as in the file.
    pub(crate) luma: [u8; 64],
    /// Quantisation of colour.
    pub(crate) chroma: [u8; 64],
    /// Where the entropy-coded part is, without the end marker.
    pub(crate) scan: Range<usize>,
}

/// Takes a baseline JPEG apart; `None` where RTP has no form for it.
pub(crate) fn parts(data: &[u8]) -> Option<Parts> {
    let mut tables = [None; 4];
    let mut frame = None;
    let mut at = 2;
    loop {
        let marker = data.get(at..at + 2)?;
        let size = usize::from(u16::from_be_bytes(
            data.get(at + 2..at + 4)?.try_into().ok()?,
        ));
        let segment = data.get(at + 4..at + 2 + size)?;
        at += 2 + size;
        match marker[1] {
            // Tables of 8 bits, one after the other.
            0xDB => {
                for table in segment.chunks_exact(65) {
                    let values: [u8; 64] = table[1..].try_into().ok()?;
                    *tables.get_mut(usize::from(table[0]))? = Some(values);
                }
            }
            0xC0 => frame = Some(segment),
            // Restart intervals have a form of their own, which is not written here.
            0xDD => return None,
            0xDA => break,
            _ => {}
        }
    }
    let frame: [u8; 15] = frame?.try_into().ok()?;
    let kind = match (frame[7], frame[10], frame[13]) {
        (0x21, 0x11, 0x11) => 0,
        (0x22, 0x11, 0x11) => 1,
        _ => return None,
    };
    let table = |id: u8| tables.get(usize::from(id)).copied().flatten();
    Some(Parts {
        kind,
        width: u16::from_be_bytes([frame[3], frame[4]]),
        height: u16::from_be_bytes([frame[1], frame[2]]),
        luma: table(frame[8])?,
        chroma: table(frame[11])?,
        scan: at..data.len().checked_sub(2).filter(|end| *end > at)?,
    })
}

#[cfg(test)]
mod tests {
    use super::{length, parts, split};
    use bytes::Bytes;

    const ONE: &[u8] = &[
        0xFF, 0xD8, 0xFF, 0xDB, 0, 4, 0xFF, 0xD9, 0xFF, 0xDA, 0, 2, 1, 0xFF, 0, 0xFF, 0xD3, 2,
        0xFF, 0xD9,
    ];

    #[test]
    fn an_end_marker_inside_a_table_is_not_the_end() {
        assert_eq!(length(ONE), Some(ONE.len()));
    }

    #[test]
    fn splits_and_refuses_a_cut_picture() {
        let two = Bytes::from([ONE, ONE].concat());
        assert_eq!(split(&two).expect("two pictures").len(), 2);
        for cut in 1..ONE.len() {
            assert!(split(&two.slice(..ONE.len() + cut)).is_err(), "{cut}");
        }
    }

    #[test]
    fn parts_of_a_baseline_picture() {
        let mut jpeg = vec![0xFF, 0xD8, 0xFF, 0xDB, 0, 67, 0];
        jpeg.extend_from_slice(&[9; 64]);
        jpeg.extend_from_slice(&[0xFF, 0xC0, 0, 17, 8, 1, 104, 2, 128, 3]);
        jpeg.extend_from_slice(&[1, 0x22, 0, 2, 0x11, 0, 3, 0x11, 0]);
        jpeg.extend_from_slice(&[0xFF, 0xDA, 0, 2, 5, 6, 0xFF, 0xD9]);
        let found = parts(&jpeg).expect("baseline");
        assert_eq!((found.kind, found.width, found.height), (1, 640, 360));
        assert_eq!((found.luma, found.chroma), ([9; 64], [9; 64]));
        assert_eq!(jpeg[found.scan], [5, 6]);
        for cut in 0..jpeg.len() - 3 {
            assert_eq!(parts(&jpeg[..cut]), None, "{cut}");
        }
        assert_eq!(parts(ONE), None);
    }
}
