//! The head of a JPEG, by a walk over its markers (ITU-T T.81, annex B).

/// What the host wants to know of a JPEG.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Info {
    /// Width in pixels, at least 1.
    pub width: u32,
    /// Height in pixels, at least 1.
    pub height: u32,
    /// Refined scan by scan (SOF2): some players of MJPEG cannot show it.
    pub progressive: bool,
}

/// Why data is not one whole JPEG.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The first two bytes are not FF D8.
    #[error("the picture does not begin as a JPEG")]
    NoStart,
    /// The last marker is not FF D9.
    #[error("the JPEG has no end")]
    NoEnd,
    /// A segment is missing or points past the end.
    #[error("the JPEG is malformed at byte {at}")]
    Malformed {
        /// Where the walk could not go on.
        at: usize,
    },
    /// A side of 0 pixels.
    #[error("the JPEG has no size")]
    NoSize,
}

/// Whether the data begins with SOI and ends with EOI. Cheap: for every picture.
/// Zero bytes behind the EOI are let pass: some cameras pad.
pub fn is_whole(data: &[u8]) -> bool {
    let end = data.iter().rposition(|&byte| byte != 0).unwrap_or(0);
    data.starts_with(&[0xff, 0xd8])
        && data
            .get(..=end)
            .is_some_and(|d| d.len() >= 4 && d.ends_with(&[0xff, 0xd9]))
}

/// Reads the size of a JPEG that [`is_whole`].
pub fn info(data: &[u8]) -> Result<Info, Error> {
    if !data.starts_with(&[0xff, 0xd8]) {
        return Err(Error::NoStart);
    }
    if !is_whole(data) {
        return Err(Error::NoEnd);
    }
    let mut at = 2;
    loop {
        let malformed = Error::Malformed { at };
        if data.get(at) != Some(&0xff) {
            return Err(malformed);
        }
        // Any number of FF may stand before a marker (B.1.1.2).
        let fill = data[at..].iter().take_while(|&&byte| byte == 0xff).count();
        let marker = *data.get(at + fill).ok_or(malformed)?;
        at += fill + 1;
        match marker {
            // TEM and restarts stand alone.
            0x01 | 0xd0..=0xd7 => continue,
            // The pixels, or the end, without a frame header before.
            0x00 | 0xd8..=0xda => return Err(malformed),
            _ => {}
        }
        let segment = segment(data, at).ok_or(malformed)?;
        // SOF0 to SOF15 without DHT, JPG and DAC, which lie among them.
        if matches!(marker, 0xc0..=0xcf) && !matches!(marker, 0xc4 | 0xc8 | 0xcc) {
            let &[_, h1, h0, w1, w0, ..] = segment else {
                return Err(malformed);
            };
            let (height, width) = (u16::from_be_bytes([h1, h0]), u16::from_be_bytes([w1, w0]));
            if width == 0 || height == 0 {
                return Err(Error::NoSize);
            }
            return Ok(Info {
                width: width.into(),
                height: height.into(),
                progressive: matches!(marker, 0xc2 | 0xc6 | 0xca | 0xce),
            });
        }
        at += 2 + segment.len();
    }
}

/// The content of the segment whose length stands at `at`.
fn segment(data: &[u8], at: usize) -> Option<&[u8]> {
    let (length, behind) = data.get(at..)?.split_first_chunk::<2>()?;
    let length = usize::from(u16::from_be_bytes(*length)).checked_sub(2)?;
    behind.get(..length)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::media::testing;

    #[test]
    fn reads_a_real_one() {
        let jpeg = testing::jpeg("321x123");
        let wanted = Info {
            width: 321,
            height: 123,
            progressive: false,
        };
        assert_eq!(info(&jpeg), Ok(wanted));
        assert!(is_whole(&jpeg));
        let mut padded = jpeg.clone();
        padded.extend([0; 7]);
        assert_eq!(info(&padded), Ok(wanted));
        for cut in 0..jpeg.len() {
            assert!(info(&jpeg[..cut]).is_err());
        }
    }

    #[test]
    fn markers_are_told_apart() {
        let frame = |marker| {
            vec![
                0xff, 0xd8, 0xff, 0xff, marker, 0, 9, 8, 0, 2, 0, 3, 1, 0, 0xff, 0xd9,
            ]
        };
        let read = info(&frame(0xc2)).unwrap();
        assert_eq!((read.width, read.height, read.progressive), (3, 2, true));
        assert!(!info(&frame(0xc1)).unwrap().progressive);
        assert!(info(&frame(0xc4)).is_err());
        assert_eq!(
            info(&[0xff, 0xd8, 0xff, 0xd9]),
            Err(Error::Malformed { at: 2 })
        );
        assert_eq!(info(b"GIF89a"), Err(Error::NoStart));
        assert_eq!(info(&[]), Err(Error::NoStart));
        let mut flat = frame(0xc0);
        flat[9] = 0;
        assert_eq!(info(&flat), Err(Error::NoSize));
    }

    proptest! {
        #[test]
        fn any_bytes_are_taken(mut data in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = info(&data);
            data.splice(0..0, [0xff, 0xd8, 0xff]);
            data.extend([0xff, 0xd9]);
            let _ = info(&data);
        }
    }
}
