//! From marker to marker.
//!
//! The end of a JPEG is not the first `FF D9`: EXIF segments hold thumbnails with an
//! end of their own. So segments are stepped over by their length, and only
//! entropy-coded data is searched (ISO/IEC 10918-1, annex B).

use super::frame::Frame;

const SOI: u8 = 0xd8;
const EOI: u8 = 0xd9;
const SOS: u8 = 0xda;
const DHT: u8 = 0xc4;

/// Length of a scan header with four components, the most (B.2.3).
const MAX_SCAN_HEADER_BYTES: usize = 14;

/// What a walk found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Walk {
    /// The end is not there yet; go on when more bytes have come.
    More,
    /// The picture is the first `len` bytes.
    Whole {
        /// Up to and including EOI.
        len: usize,
    },
    /// This is not a JPEG any more at that offset: damaged, or cut short with the
    /// next picture behind it. Look for another start from there on.
    Broken {
        /// Offset of the first byte that does not fit.
        at: usize,
    },
}

/// What a walk saw on its way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Facts {
    /// Offset of the first scan's marker.
    pub scan_at: Option<usize>,
    /// The first frame header.
    pub frame: Option<Frame>,
    /// Whether a Huffman table was defined.
    pub has_tables: bool,
    /// Whether the walk is inside entropy-coded data.
    pub in_scan: bool,
}

impl Facts {
    /// Whether there is a frame and a scan of it: anything to decode.
    pub fn is_picture(&self) -> bool {
        self.frame.is_some() && self.scan_at.is_some()
    }

    /// Why this picture is not to be handed to the host, see [`Frame::refusal`].
    pub fn refusal(&self) -> Option<&'static str> {
        self.frame.and_then(|frame| frame.refusal())
    }
}

/// A walk that can pause. Every byte is looked at once, however many calls it takes.
#[derive(Debug, Clone, Default)]
pub struct Walker {
    at: usize,
    facts: Facts,
}

impl Walker {
    /// At the start of a picture.
    pub fn new() -> Self {
        Self::default()
    }

    /// What was seen so far.
    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    /// Goes on as far as `bytes` reach. They must begin with the picture's first byte
    /// and hold at least what they held before.
    pub fn advance(&mut self, bytes: &[u8]) -> Walk {
        loop {
            let step = if self.facts.in_scan {
                self.scan(bytes)
            } else {
                self.segment(bytes)
            };
            if let Some(walk) = step {
                return walk;
            }
        }
    }

    /// One marker with its segment.
    fn segment(&mut self, bytes: &[u8]) -> Option<Walk> {
        let rest = bytes.get(self.at..).unwrap_or_default();
        let Some(&first) = rest.first() else {
            return Some(Walk::More);
        };
        if first != 0xff {
            return Some(Walk::Broken { at: self.at });
        }
        let Some(&marker) = rest.get(1) else {
            return Some(Walk::More);
        };
        if (self.at == 0) != (marker == SOI) {
            return Some(Walk::Broken { at: self.at });
        }
        match marker {
            // A fill byte (B.1.1.2).
            0xff => self.at += 1,
            EOI => return Some(Walk::Whole { len: self.at + 2 }),
            // Markers without a segment.
            SOI | 0x01 | 0xd0..=0xd7 => self.at += 2,
            // A zero is no marker, and those of text are reserved (table B.1).
            0x00 | 0x02..=0xbf => return Some(Walk::Broken { at: self.at }),
            _ => return self.sized_segment(marker, rest),
        }
        None
    }

    fn sized_segment(&mut self, marker: u8, rest: &[u8]) -> Option<Walk> {
        let Some(&[high, low]) = rest.get(2..4) else {
            return Some(Walk::More);
        };
        let length = usize::from(u16::from_be_bytes([high, low]));
        if length < 2 {
            return Some(Walk::Broken { at: self.at });
        }
        match marker {
            // Cut short here, its length would be that of whatever follows.
            SOS if length > MAX_SCAN_HEADER_BYTES => return Some(Walk::Broken { at: self.at }),
            SOS => {
                self.facts.scan_at.get_or_insert(self.at);
                self.facts.in_scan = true;
            }
            DHT => self.facts.has_tables = true,
            // SOFn, without DHT, JPG and DAC, which lie among them (table B.1).
            0xc0..=0xcf if marker != 0xc8 && marker != 0xcc => {
                if length < 2 + Frame::BYTES {
                    return Some(Walk::Broken { at: self.at });
                }
                let Some(content) = rest[4..].first_chunk() else {
                    return Some(Walk::More);
                };
                let frame = Frame::new(marker & 0x0f, *content);
                self.facts.frame.get_or_insert(frame);
            }
            _ => {}
        }
        // May lie beyond what is there; the next step then waits.
        self.at += 2 + length;
        None
    }

    /// Entropy-coded data up to the next marker that is neither a stuffed zero nor a
    /// restart.
    fn scan(&mut self, bytes: &[u8]) -> Option<Walk> {
        loop {
            let rest = bytes.get(self.at..).unwrap_or_default();
            let Some(found) = rest.iter().position(|byte| *byte == 0xff) else {
                self.at = self.at.max(bytes.len());
                return Some(Walk::More);
            };
            self.at += found;
            match bytes.get(self.at + 1) {
                None => return Some(Walk::More),
                Some(0x00 | 0xd0..=0xd7) => self.at += 2,
                Some(0xff) => self.at += 1,
                Some(_) => {
                    self.facts.in_scan = false;
                    return None;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Edit, edited};

    /// SOI, an APP1 whose content holds an EOI, SOF0, SOS, data, EOI.
    fn sample() -> Vec<u8> {
        let mut bytes = vec![0xff, 0xd8, 0xff, 0xe1, 0, 6, 0xff, 0xd8, 0xff, 0xd9];
        bytes.extend([0xff, 0xc0, 0, 8, 8, 0, 16, 0, 32, 1, 0xff, 0xda, 0, 3, 9]);
        bytes.extend([1, 0xff, 0x00, 2, 0xff, 0xd0, 3, 0xff, 0xff, 0xd9]);
        bytes
    }

    #[test]
    fn finds_the_end_behind_a_thumbnail() {
        let mut bytes = sample();
        let len = bytes.len();
        bytes.extend(b"\r\n--boundary");
        let mut walker = Walker::new();
        assert_eq!(walker.advance(&bytes), Walk::Whole { len });
        assert_eq!(walker.facts().scan_at, Some(20));
        let frame = walker.facts().frame.unwrap();
        assert_eq!((frame.coding, frame.width, frame.height), (0, 32, 16));
        assert!(walker.facts().is_picture() && !walker.facts().has_tables);
    }

    #[test]
    fn byte_by_byte_is_the_same() {
        let bytes = sample();
        let mut walker = Walker::new();
        for len in 0..bytes.len() {
            assert_eq!(walker.advance(&bytes[..len]), Walk::More, "{len}");
        }
        assert_eq!(walker.advance(&bytes), Walk::Whole { len: bytes.len() });
    }

    #[test]
    fn sees_what_is_broken() {
        let broken = |bytes: &[u8]| Walker::new().advance(bytes);
        assert_eq!(broken(b"GIF"), Walk::Broken { at: 0 });
        assert_eq!(broken(&[0xff, 0xd9]), Walk::Broken { at: 0 });
        assert_eq!(broken(&[0xff, 0xd8, 0]), Walk::Broken { at: 2 });
        assert_eq!(broken(b"\xff\xd8\xff\r\n--"), Walk::Broken { at: 2 });
        assert_eq!(
            broken(&[0xff, 0xd8, 0xff, 0xe0, 0, 1]),
            Walk::Broken { at: 2 }
        );
        assert_eq!(
            broken(&[0xff, 0xd8, 0xff, 0xc0, 0, 7]),
            Walk::Broken { at: 2 }
        );
        assert_eq!(broken(b"\xff\xd8\xff\xda\r\n--"), Walk::Broken { at: 2 });
        // The next picture begins inside the scan.
        let mut cut = sample();
        cut.truncate(26);
        cut.extend(sample());
        assert_eq!(broken(&cut), Walk::Broken { at: 26 });
    }

    #[test]
    fn any_bytes_in_any_pieces_walk_alike() {
        bolero::check!()
            .with_type::<(Vec<Edit>, u8)>()
            .for_each(|(edits, cut)| {
                let bytes = edited(&[sample(), sample()].concat(), edits);
                let mut whole = Walker::new();
                let result = whole.advance(&bytes);
                match result {
                    Walk::Whole { len } => assert!(len <= bytes.len()),
                    Walk::Broken { at } => assert!(at < bytes.len()),
                    Walk::More => {}
                }
                let mut pieces = Walker::new();
                let first = pieces.advance(&bytes[..usize::from(*cut).min(bytes.len())]);
                let last = if first == Walk::More {
                    pieces.advance(&bytes)
                } else {
                    first
                };
                assert_eq!(last, result);
            });
    }
}
