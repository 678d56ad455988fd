//! The outermost boxes of an MP4 (ISO 14496-12).

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

/// The types of a file's outermost boxes, in order.
///
/// # Panics
/// Where the file does not consist of whole boxes.
pub fn outermost(path: &Path) -> Vec<String> {
    let mut file = File::open(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let end = file.metadata().expect("its length is known").len();
    let mut found = Vec::new();
    let mut at = 0;
    while at < end {
        let mut header = [0; 16];
        let length = 16.min(end - at) as usize;
        file.seek(SeekFrom::Start(at)).expect("it can be read");
        file.read_exact(&mut header[..length])
            .expect("it can be read");
        assert!(length >= 8, "{length} bytes are left at {at}: {found:?}");
        let short = u32::from_be_bytes([header[0], header[1], header[2], header[3]]);
        let size = match short {
            0 => end - at,
            1 => u64::from_be_bytes(header[8..].try_into().expect("these are 8")),
            _ => u64::from(short),
        };
        found.push(String::from_utf8_lossy(&header[4..8]).into_owned());
        assert!(size >= 8, "a box of {size} bytes at {at}: {found:?}");
        at += size;
    }
    assert_eq!(at, end, "the last box is not whole: {found:?}");
    found
}
