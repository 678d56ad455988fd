//! The one coding that some servers apply unasked (RFC 1952).

use miniz_oxide::inflate::{TINFLStatus, decompress_to_vec_with_limit};

/// Flags of a header: what stands between it and the data.
const HEADER_CRC: u8 = 0x02;
const EXTRA: u8 = 0x04;
const NAME: u8 = 0x08;
const COMMENT: u8 = 0x10;

/// Why nothing comes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flaw {
    /// It is not what it says.
    Damaged,
    /// More comes out than is wanted.
    TooLarge,
}

/// The content of the first member, of at most `max` bytes. Its checksum is not looked at: the
/// picture within shows whether it is whole.
pub fn unpacked(bytes: &[u8], max: usize) -> Result<Vec<u8>, Flaw> {
    let data = data(bytes).ok_or(Flaw::Damaged)?;
    decompress_to_vec_with_limit(data, max).map_err(|error| match error.status {
        TINFLStatus::HasMoreOutput => Flaw::TooLarge,
        _ => Flaw::Damaged,
    })
}

/// What follows the header (section 2.3).
fn data(bytes: &[u8]) -> Option<&[u8]> {
    let (&[0x1f, 0x8b, 8, flags, ..], mut rest) = bytes.split_first_chunk::<10>()? else {
        return None;
    };
    if flags & EXTRA != 0 {
        let (len, after) = rest.split_first_chunk::<2>()?;
        rest = after.get(usize::from(u16::from_le_bytes(*len))..)?;
    }
    for text in [NAME, COMMENT] {
        if flags & text != 0 {
            let end = rest.iter().position(|byte| *byte == 0)?;
            rest = &rest[end + 1..];
        }
    }
    if flags & HEADER_CRC != 0 {
        rest = rest.get(2..)?;
    }
    Some(rest)
}

#[cfg(test)]
mod tests {
    use padelvar_sdk::testing::{Edit, edited};

    use super::*;

    /// `hello`, stored, with that header.
    fn member(flags: u8, between: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0x1f, 0x8b, 8, flags, 0, 0, 0, 0, 0, 3];
        bytes.extend(between);
        bytes.extend([1, 5, 0, 0xfa, 0xff]);
        bytes.extend(b"hello");
        // The checksum and the length, which nobody looks at.
        bytes.extend([0; 8]);
        bytes
    }

    #[test]
    fn headers() {
        for (flags, between) in [
            (0, &b""[..]),
            (NAME, b"a.jpg\0"),
            (COMMENT | NAME, b"a\0b\0"),
            (EXTRA | HEADER_CRC, b"\x03\0abc\0\0"),
        ] {
            assert_eq!(unpacked(&member(flags, between), 5), Ok(b"hello".to_vec()));
        }
        assert_eq!(unpacked(&member(0, b""), 4), Err(Flaw::TooLarge));
        assert_eq!(unpacked(&member(0, b"")[..12], 5), Err(Flaw::Damaged));
        assert_eq!(unpacked(&member(NAME, b"")[..10], 5), Err(Flaw::Damaged));
        assert_eq!(unpacked(b"\xff\xd8\xff", 5), Err(Flaw::Damaged));
    }

    #[test]
    fn any_bytes_are_bounded() {
        let good = member(EXTRA | NAME | COMMENT | HEADER_CRC, b"\x03\0abcx\0y\0\0\0");
        bolero::check!().with_type::<Vec<Edit>>().for_each(|edits| {
            if let Ok(bytes) = unpacked(&edited(&good, edits), 100) {
                assert!(bytes.len() <= 100);
            }
        });
    }
}
