//! One picture, shared by all who are shown it.

use std::sync::OnceLock;

use bytes::Bytes;
use jiff::Timestamp;
use sha2::{Digest, Sha256};

use crate::clock::utc_of;

/// Bytes of the digest that are told: enough for no two pictures ever to have the same.
const DIGEST_BYTES: usize = 16;

/// A JPEG. What is made of it for answers is made once, whatever the number of viewers.
#[derive(Debug)]
pub struct Picture {
    /// The whole JPEG.
    pub jpeg: Bytes,
    /// When it was taken, as UTC was known when it was first shown.
    pub taken_at: Timestamp,
    framed: OnceLock<Bytes>,
    digest: OnceLock<String>,
}

impl Picture {
    /// A JPEG that was taken at a moment of the monotonic clock, microseconds.
    pub fn new(jpeg: Bytes, taken_us: i64) -> Self {
        Self {
            jpeg,
            taken_at: utc_of(taken_us),
            framed: OnceLock::new(),
            digest: OnceLock::new(),
        }
    }

    /// The picture in the frame of an answer. `frame` is called for the first viewer; the
    /// others get what it made. One kind of frame a host.
    pub fn framed(&self, frame: impl FnOnce(&Bytes) -> Bytes) -> Bytes {
        self.framed.get_or_init(|| frame(&self.jpeg)).clone()
    }

    /// The same for the same bytes and for no others, as hexadecimal digits.
    pub fn digest(&self) -> &str {
        let digest = || crate::hex::lower(&Sha256::digest(&self.jpeg)[..DIGEST_BYTES]);
        self.digest.get_or_init(digest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_made_once_and_shared() {
        let picture = Picture::new(Bytes::from_static(b"jpeg"), 0);
        let first = picture.framed(|jpeg| [b"<", &jpeg[..], b">"].concat().into());
        let second = picture.framed(|_| unreachable!());
        assert_eq!(first, "<jpeg>");
        assert_eq!(first.as_ptr(), second.as_ptr());
    }

    #[test]
    fn digests_tell_pictures_apart() {
        let of = |jpeg: &'static [u8]| Picture::new(Bytes::from_static(jpeg), 0);
        assert_eq!(of(b"a").digest(), of(b"a").digest());
        assert_ne!(of(b"a").digest(), of(b"b").digest());
        assert_eq!(of(b"a").digest().len(), 32);
    }
}
