//! What the tests share.
#![allow(dead_code, reason = "each test file uses a part of it")]

use padelvar_sdk::jpeg::{Walk, Walker};

/// A little picture with a thumbnail's end in its EXIF segment; `tag` tells pictures
/// apart.
pub fn picture(tag: u8) -> Vec<u8> {
    let mut bytes = vec![
        0xff, 0xd8, 0xff, 0xe1, 0, 8, 0xff, 0xd8, 0xff, 0xd9, tag, tag,
    ];
    bytes.extend([
        0xff, 0xc4, 0, 3, 1, 0xff, 0xc0, 0, 8, 8, 0, 16, 0, 16, 1, 0xff, 0xda, 0, 3, 9,
    ]);
    bytes.extend([
        tag & 0x7f,
        0xff,
        0x00,
        b'\r',
        b'\n',
        b'-',
        b'-',
        7,
        0xff,
        0xd9,
    ]);
    bytes
}

/// Whether that may be handed to the host.
pub fn assert_whole(data: &[u8]) {
    let mut walker = Walker::new();
    assert_eq!(walker.advance(data), Walk::Whole { len: data.len() });
    assert!(walker.facts().is_picture() && walker.facts().has_tables);
    assert_eq!(walker.facts().refusal(), None);
    assert!(data.len() <= padelvar_sdk::jpeg::MAX_PICTURE_BYTES);
}
