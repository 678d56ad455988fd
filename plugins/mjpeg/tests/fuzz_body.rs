//! Any body of an answer: no panic, bounded memory, and only whole pictures come out.
//!
//! `BOLERO_RANDOM_TEST_TIME_MS` and `BOLERO_RANDOM_ITERATIONS` make these run longer;
//! they are libFuzzer targets, too. The seeds in `__fuzz__` are always replayed.

mod common;

use common::assert_whole;
use mjpeg::Pictures;

/// The first byte chooses the size of the pieces.
#[test]
fn fuzz_multipart() {
    bolero::check!().for_each(|input: &[u8]| {
        let Some((size, body)) = input.split_first() else {
            return;
        };
        let mut pictures = Pictures::new();
        let mut bytes = 0;
        for piece in body.chunks(1 + usize::from(*size)) {
            pictures.push(piece.to_vec(), 1);
            while let Some(found) = pictures.next_picture() {
                assert_whole(&found.data);
                // At most an end and the Huffman tables are added.
                bytes += found.data.len().saturating_sub(2 + 420);
            }
        }
        assert!(bytes <= body.len());
    });
}

/// One JPEG, as the `snapshot` adapter takes it.
#[test]
fn fuzz_picture() {
    bolero::check!().for_each(|input: &[u8]| {
        if let Some(picture) = padelvar_sdk::jpeg::whole_picture(input.to_vec()) {
            assert_whole(&picture);
        }
    });
}
