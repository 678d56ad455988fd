//! Where a JPEG ends, and what it lacks (ISO/IEC 10918-1).

mod frame;
mod tables;
mod walk;

pub use self::frame::Frame;
pub use self::tables::with_huffman_tables;
pub use self::walk::{Facts, Walk, Walker};

/// The largest picture that may be handed to the host (`packet.data` in the WIT).
pub const MAX_PICTURE_BYTES: usize = 8 * 1024 * 1024;

/// Looks for the start of a JPEG: SOI and the first byte of the marker after it.
pub fn find_start(bytes: &[u8]) -> Option<usize> {
    bytes
        .windows(3)
        .position(|window| window == [0xff, 0xd8, 0xff])
}

/// The one whole picture at the start of `bytes`, with its Huffman tables, ready to
/// be handed to the host. What follows its end is dropped. None where it is cut short,
/// is not a picture, or is one that is refused ([`Frame::refusal`]).
pub fn whole_picture(mut bytes: Vec<u8>) -> Option<Vec<u8>> {
    let mut walker = Walker::new();
    let Walk::Whole { len } = walker.advance(&bytes) else {
        return None;
    };
    bytes.truncate(len);
    let facts = walker.facts();
    (facts.is_picture() && facts.refusal().is_none()).then(|| with_huffman_tables(bytes, facts))
}
