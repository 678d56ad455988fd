//! A run of JPEGs (ITU-T T.81 annex B) as pictures.

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

#[cfg(test)]
mod tests {
    use super::{length, split};
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
}
