//! Bytes that arrived and were not read yet, with the times of their arrival.

use std::collections::VecDeque;

use crate::wit::Microseconds;

/// Bytes with the time when the first of them arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chunk {
    /// At least one byte.
    pub bytes: Vec<u8>,
    /// Host clock.
    pub arrived: Microseconds,
}

/// A first-in first-out byte buffer that lies in one piece, so that parsers can look
/// at it as a slice. Appending and consuming cost a constant number of copies a byte,
/// however small the pieces are.
#[derive(Debug, Default)]
pub struct Buffer {
    data: Vec<u8>,
    /// Index of the first unread byte.
    start: usize,
    /// Stream position of `data[0]`.
    base: u64,
    /// Stream position of the end of a piece, and when that piece arrived.
    marks: VecDeque<(u64, Microseconds)>,
}

impl Buffer {
    /// An empty one.
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends a piece that arrived at `arrived`.
    pub fn push(&mut self, bytes: Vec<u8>, arrived: Microseconds) {
        if bytes.is_empty() {
            return;
        }
        if self.is_empty() {
            // The common case of a stream whose messages end where a read ends:
            // the piece becomes the buffer, nothing is copied.
            self.base += self.data.len() as u64;
            self.start = 0;
            self.data = bytes;
        } else {
            if self.start >= self.len() {
                self.data.drain(..self.start);
                self.base += self.start as u64;
                self.start = 0;
            }
            self.data.extend_from_slice(&bytes);
        }
        let end = self.base + self.data.len() as u64;
        match self.marks.back_mut() {
            Some((last, at)) if *at == arrived => *last = end,
            _ => self.marks.push_back((end, arrived)),
        }
    }

    /// All unread bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.data[self.start..]
    }

    /// How many bytes are unread.
    pub fn len(&self) -> usize {
        self.data.len() - self.start
    }

    /// Whether everything was read.
    pub fn is_empty(&self) -> bool {
        self.start == self.data.len()
    }

    /// When the unread byte at `offset` arrived; the newest arrival where there is no
    /// such byte, 0 where nothing ever arrived.
    pub fn arrived_at(&self, offset: usize) -> Microseconds {
        let position = self.base + (self.start + offset) as u64;
        self.marks
            .iter()
            .find(|(end, _)| *end > position)
            .or(self.marks.back())
            .map_or(0, |(_, at)| *at)
    }

    /// When the first unread byte arrived.
    pub fn arrived(&self) -> Microseconds {
        self.arrived_at(0)
    }

    /// Marks `count` bytes as read; more than there are means all.
    pub fn consume(&mut self, count: usize) {
        self.start = (self.start + count).min(self.data.len());
        let position = self.base + self.start as u64;
        // The newest mark stays: it answers `arrived` of an empty buffer.
        while self.marks.len() > 1 && self.marks.front().is_some_and(|(end, _)| *end <= position) {
            self.marks.pop_front();
        }
    }

    /// Takes `count` bytes out (all, if there are fewer).
    pub fn take(&mut self, count: usize) -> Chunk {
        let arrived = self.arrived();
        let count = count.min(self.len());
        let bytes = if self.start == 0 && count == self.data.len() {
            let bytes = core::mem::take(&mut self.data);
            self.base += bytes.len() as u64;
            self.consume(0);
            bytes
        } else {
            let bytes = self.data[self.start..self.start + count].to_vec();
            self.consume(count);
            bytes
        };
        Chunk { bytes, arrived }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_arrival_times_of_what_is_left() {
        let mut buffer = Buffer::new();
        buffer.push(b"abc".to_vec(), 10);
        buffer.push(b"def".to_vec(), 20);
        buffer.push(b"g".to_vec(), 20);
        assert_eq!((buffer.arrived(), buffer.arrived_at(3)), (10, 20));
        buffer.consume(2);
        assert_eq!((buffer.bytes(), buffer.arrived()), (&b"cdefg"[..], 10));
        buffer.consume(1);
        assert_eq!(buffer.arrived(), 20);
        buffer.consume(9);
        assert_eq!((buffer.len(), buffer.arrived()), (0, 20));
        buffer.push(b"h".to_vec(), 30);
        assert_eq!((buffer.bytes(), buffer.arrived()), (&b"h"[..], 30));
        assert_eq!(
            buffer.take(5),
            Chunk {
                bytes: b"h".to_vec(),
                arrived: 30
            }
        );
        assert!(buffer.is_empty());
        buffer.push(b"ij".to_vec(), 40);
        assert_eq!(buffer.take(1).bytes, b"i");
        assert_eq!((buffer.bytes(), buffer.arrived()), (&b"j"[..], 40));
    }

    #[test]
    fn any_mix_of_pushes_and_reads_is_the_same_stream() {
        bolero::check!()
            .with_type::<Vec<(u8, u8)>>()
            .for_each(|steps| {
                let mut buffer = Buffer::new();
                let (mut written, mut read) = (0u64, 0u64);
                for (step, (push, consume)) in steps.iter().enumerate() {
                    let piece = (0..u64::from(*push))
                        .map(|at| (written + at) as u8)
                        .collect();
                    buffer.push(piece, step as u64 + 1);
                    written += u64::from(*push);
                    let taken = buffer.take(usize::from(*consume));
                    for byte in &taken.bytes {
                        assert_eq!(*byte, read as u8);
                        read += 1;
                    }
                    assert_eq!(buffer.len() as u64, written - read);
                }
            });
    }
}
