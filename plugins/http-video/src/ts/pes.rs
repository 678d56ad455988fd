//! PES packets (section 2.4.3.6), joined to access units.

use padelvar_sdk::Microseconds;

use crate::video::MAX_PICTURE_BYTES;

/// The fixed fields and the longest optional ones.
const MAX_HEADER_BYTES: usize = 9 + 255;

/// A packet that is nearly as long as its length can say may be continued in the next one.
const NEARLY_FULL: usize = 60_000;

/// What stood under one time stamp.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unit {
    /// 33 bits of 90 kHz.
    pub pts: Option<u64>,
    /// The same; none where it is the PTS.
    pub dts: Option<u64>,
    /// When its first packet arrived.
    pub arrived: Microseconds,
    /// A part of it is missing.
    pub damaged: bool,
    /// The elementary stream.
    pub data: Vec<u8>,
}

/// Puts the units of one stream together.
#[derive(Debug, Default)]
pub struct Assembler {
    header: Option<Vec<u8>>,
    unit: Option<Unit>,
    /// Bytes to the end of a packet that says its length.
    left: Option<usize>,
    /// How long that packet is as a whole.
    length: usize,
}

impl Assembler {
    /// Packets are missing: what is being put together cannot become whole, and the rest of a
    /// packet whose beginning was lost is of no use.
    pub fn interrupt(&mut self) {
        self.header = None;
        if let Some(unit) = &mut self.unit {
            unit.damaged = true;
            unit.data = Vec::new();
        }
    }

    /// Takes a packet's payload; units that are complete now go to `done`.
    pub fn push(
        &mut self,
        payload: &[u8],
        start: bool,
        arrived: Microseconds,
        done: &mut Vec<Unit>,
    ) {
        if start {
            self.header = Some(Vec::new());
        }
        let Some(header) = &mut self.header else {
            return self.body(payload, done);
        };
        // Bytes of the header that came with earlier packets.
        let before = header.len();
        header.extend_from_slice(&payload[..payload.len().min(MAX_HEADER_BYTES)]);
        match Header::parse(header) {
            Parsed::More => {}
            Parsed::Wrong => self.finish(done),
            Parsed::Header(fields) => {
                self.header = None;
                self.begin(&fields, arrived, done);
                let rest = payload.get(fields.bytes.saturating_sub(before)..);
                self.body(rest.unwrap_or_default(), done);
            }
        }
    }

    /// The stream ends, or another one follows.
    pub fn finish(&mut self, done: &mut Vec<Unit>) {
        done.extend(self.unit.take());
        self.header = None;
        self.left = None;
    }

    fn begin(&mut self, header: &Header, arrived: Microseconds, done: &mut Vec<Unit>) {
        let continues = |unit: &Unit| header.pts.is_none() || header.pts == unit.pts;
        if !self.unit.as_ref().is_some_and(continues) {
            self.finish(done);
            self.unit = Some(Unit {
                pts: header.pts,
                dts: header.dts,
                arrived,
                damaged: false,
                data: Vec::new(),
            });
        }
        self.left = header.left;
        self.length = header.left.unwrap_or(0);
    }

    fn body(&mut self, bytes: &[u8], done: &mut Vec<Unit>) {
        let Some(unit) = &mut self.unit else {
            return;
        };
        let bytes = match &mut self.left {
            // Stuffing behind the end.
            Some(left) => {
                let bytes = &bytes[..bytes.len().min(*left)];
                *left -= bytes.len();
                bytes
            }
            None => bytes,
        };
        if unit.data.len() + bytes.len() > MAX_PICTURE_BYTES {
            unit.damaged = true;
            unit.data = Vec::new();
        }
        if !unit.damaged {
            unit.data.extend_from_slice(bytes);
        }
        if self.left == Some(0) && self.length < NEARLY_FULL {
            self.finish(done);
        }
    }
}

struct Header {
    pts: Option<u64>,
    dts: Option<u64>,
    /// Of the header itself.
    bytes: usize,
    /// Bytes behind it, where the packet says so.
    left: Option<usize>,
}

enum Parsed {
    More,
    Wrong,
    Header(Header),
}

impl Header {
    fn parse(bytes: &[u8]) -> Parsed {
        let &[0, 0, 1, _, l1, l2, marks, flags, optional, ref rest @ ..] = bytes else {
            let begin = [0, 0, 1];
            let len = bytes.len().min(3);
            return if bytes[..len] == begin[..len] && bytes.len() < 9 {
                Parsed::More
            } else {
                Parsed::Wrong
            };
        };
        if marks & 0xc0 != 0x80 {
            return Parsed::Wrong;
        }
        let Some(fields) = rest.get(..usize::from(optional)) else {
            return Parsed::More;
        };
        let pts = fields.get(..5).filter(|_| flags & 0x80 != 0).map(stamp);
        let dts = fields
            .get(5..10)
            .filter(|_| flags & 0xc0 == 0xc0)
            .map(stamp);
        let length = usize::from(l1) << 8 | usize::from(l2);
        let left = (length > 0).then(|| length.saturating_sub(3 + fields.len()));
        Parsed::Header(Self {
            pts,
            dts,
            bytes: 9 + fields.len(),
            left,
        })
    }
}

/// 33 bits in five bytes, with marker bits between them.
fn stamp(bytes: &[u8]) -> u64 {
    let byte = |at: usize| bytes.get(at).copied().map_or(0, u64::from);
    (byte(0) >> 1 & 7) << 30 | byte(1) << 22 | (byte(2) >> 1) << 15 | byte(3) << 7 | byte(4) >> 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(pts: Option<u64>, length: usize, body: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0, 0, 1, 0xe0, (length >> 8) as u8, length as u8, 0x80];
        match pts {
            None => bytes.extend([0, 0]),
            Some(pts) => bytes.extend([
                0x80,
                5,
                0x21 | (pts >> 29) as u8 & 0xe,
                (pts >> 22) as u8,
                (pts >> 14) as u8 | 1,
                (pts >> 7) as u8,
                (pts << 1) as u8 | 1,
            ]),
        }
        bytes.extend(body);
        bytes
    }

    #[test]
    fn a_unit_ends_where_the_next_one_begins_or_as_it_says() {
        let mut assembler = Assembler::default();
        let mut done = Vec::new();
        let pts = 0x1_2345_6789;
        let first = packet(Some(pts), 0, b"abc");
        // The header itself comes in two packets.
        assembler.push(&first[..10], true, 5, &mut done);
        assembler.push(&first[10..], false, 6, &mut done);
        assembler.push(b"def", false, 7, &mut done);
        // Without a time: goes on.
        assembler.push(&packet(None, 0, b"ghi"), true, 8, &mut done);
        assert!(done.is_empty());
        assembler.push(&packet(Some(1), 8 + 2, b"xy\xff\xff"), true, 9, &mut done);
        assert_eq!(done.len(), 2);
        assert_eq!(
            (done[0].pts, done[0].data.as_slice()),
            (Some(pts), &b"abcdefghi"[..])
        );
        assert_eq!(
            (done[1].pts, done[1].data.as_slice(), done[1].arrived),
            (Some(1), &b"xy"[..], 9)
        );
    }

    #[test]
    fn losses_and_giants() {
        let mut assembler = Assembler::default();
        let mut done = Vec::new();
        assembler.push(&packet(Some(1), 0, b"abc"), true, 1, &mut done);
        assembler.interrupt();
        assembler.push(b"def", false, 1, &mut done);
        assembler.push(&packet(Some(2), 0, b"abc"), true, 1, &mut done);
        for _ in 0..9 {
            assembler.push(&vec![1; 1024 * 1024], false, 1, &mut done);
        }
        assembler.finish(&mut done);
        assert!(done.iter().all(|unit| unit.damaged && unit.data.is_empty()));
        assert_eq!(done.len(), 2);
        assembler.push(b"not a packet", true, 1, &mut done);
        assembler.push(b"x", false, 1, &mut done);
        assembler.finish(&mut done);
        assert_eq!(done.len(), 2);
    }
}
