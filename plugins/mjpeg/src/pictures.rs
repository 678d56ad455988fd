//! Pictures out of a stream of bytes.

use padelvar_sdk::Microseconds;
use padelvar_sdk::buffer::Buffer;
use padelvar_sdk::jpeg::{
    MAX_PICTURE_BYTES, Walk, Walker, find_start, whole_picture, with_huffman_tables,
};

/// What a picture may lack at its end to be mended: more than `FF D9` cannot be.
const END: [u8; 2] = [0xff, 0xd9];

/// How far before the next picture's start the boundary line and the header of its
/// part may begin.
const MAX_HEADER_BYTES: usize = 2 * 1024;

/// Room for the Huffman tables that are put in where they are missing.
const TABLES_BYTES: usize = 512;

const TOO_LARGE: &str = "they are larger than 8 MiB";

/// A whole picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// From SOI to EOI, with Huffman tables.
    pub data: Vec<u8>,
    /// When its first byte arrived.
    pub arrived: Microseconds,
}

/// Finds JPEGs in a multipart body, or in JPEGs one after the other.
#[derive(Debug, Default)]
pub struct Pictures {
    buffer: Buffer,
    /// The walk along the picture at the buffer's start, if one starts there.
    walker: Option<Walker>,
    /// So much of that picture was looked through for the next part.
    searched: usize,
    /// What its part announced.
    announced: Option<usize>,
    /// Header text since the last picture, for its `Content-Length`.
    header: Vec<u8>,
    skipped: u64,
    damaged: u64,
    refused: Option<&'static str>,
}

impl Pictures {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Bytes since the last picture that belong to none.
    pub fn skipped(&self) -> u64 {
        self.skipped
    }

    /// Pictures that were cut short, too long, or no pictures.
    pub fn damaged(&self) -> u64 {
        self.damaged
    }

    /// Why the first of those was refused that were whole and yet cannot be recorded.
    pub fn refused(&self) -> Option<&'static str> {
        self.refused
    }

    /// Takes bytes as they came.
    pub fn push(&mut self, bytes: Vec<u8>, arrived: Microseconds) {
        self.buffer.push(bytes, arrived);
    }

    /// The next whole picture, if there is one by now.
    pub fn next_picture(&mut self) -> Option<Found> {
        loop {
            let Some(mut walker) = self.walker.take() else {
                if self.seek() {
                    continue;
                }
                return None;
            };
            let walk = walker.advance(self.buffer.bytes());
            let found = match walk {
                Walk::Whole { len } => self.whole(&walker, len),
                Walk::Broken { at } => self.broken(&walker, at),
                Walk::More => {
                    if let Some(len) = self.ends_as_announced() {
                        self.cut_short(&walker, len)
                    } else if let Some(part) = self.swallowed(&walker, self.buffer.len()) {
                        self.give_up(part)
                    } else if self.buffer.len() > MAX_PICTURE_BYTES {
                        // Whatever starts inside of it is no more trustworthy.
                        self.refuse(TOO_LARGE, self.buffer.len())
                    } else {
                        self.walker = Some(walker);
                        return None;
                    }
                }
            };
            if found.is_some() {
                return found;
            }
        }
    }

    /// Skips to the start of a picture. Whether there is one.
    fn seek(&mut self) -> bool {
        let bytes = self.buffer.bytes();
        let start = find_start(bytes);
        // The first bytes of a start may be there already.
        let end = start.unwrap_or(bytes.len().saturating_sub(2));
        let text = &bytes[..end];
        self.header
            .extend_from_slice(&text[text.len().saturating_sub(MAX_HEADER_BYTES)..]);
        let excess = self.header.len().saturating_sub(MAX_HEADER_BYTES);
        self.header.drain(..excess);
        self.skipped += end as u64;
        self.buffer.consume(end);
        if start.is_some() {
            self.announced = content_length(&self.header);
            self.header.clear();
            self.searched = 1;
            self.walker = Some(Walker::new());
        }
        start.is_some()
    }

    fn whole(&mut self, walker: &Walker, len: usize) -> Option<Found> {
        if let Some(part) = self.swallowed(walker, len) {
            return self.give_up(part);
        }
        if !walker.facts().is_picture() {
            return self.give_up(len);
        }
        if let Some(reason) = refusal(walker, len) {
            return self.refuse(reason, len);
        }
        self.skipped = 0;
        let chunk = self.buffer.take(len);
        Some(Found {
            data: with_huffman_tables(chunk.bytes, walker.facts()),
            arrived: chunk.arrived,
        })
    }

    /// The markers do not fit any more from `at` on. Most often the camera left out
    /// the end of the picture, and the next part begins.
    fn broken(&mut self, walker: &Walker, at: usize) -> Option<Found> {
        if let Some(part) = self.swallowed(walker, at) {
            return self.give_up(part);
        }
        let bytes = &self.buffer.bytes()[..at];
        let tail = at.saturating_sub(MAX_HEADER_BYTES);
        let boundary = bytes[tail..]
            .windows(3)
            .rposition(|window| window == b"\n--")
            .map(|found| tail + found);
        match boundary {
            Some(newline) => {
                let end = newline - usize::from(newline > 0 && bytes[newline - 1] == b'\r');
                self.cut_short(walker, end)
            }
            // At least the start that led here must go.
            None => self.give_up(at.max(2)),
        }
    }

    /// Where the boundary of a part stands that a segment of the picture is said to hold: the
    /// picture was cut short within its head, whose length then counts what follows. Scans need no
    /// such look, since the walk sees the start of a picture in them.
    fn swallowed(&mut self, walker: &Walker, end: usize) -> Option<usize> {
        let end = walker.facts().scan_at.map_or(end, |scan| scan.min(end));
        let bytes = &self.buffer.bytes()[..end];
        while let Some(found) = bytes.get(self.searched..).and_then(find_start) {
            let start = self.searched + found;
            self.searched = start + 1;
            let header = &bytes[start.saturating_sub(MAX_HEADER_BYTES)..start];
            // Not the thumbnail of an EXIF segment: a part begins after an empty line.
            let boundary = header.windows(2).rposition(|window| window == b"--");
            if let Some(boundary) = boundary
                && (header.ends_with(b"\n\r\n") || header.ends_with(b"\n\n"))
            {
                return Some(start - header.len() + boundary);
            }
        }
        // The first bytes of a start may be there already.
        self.searched = self.searched.max(end.saturating_sub(2));
        None
    }

    /// Where the announced length says that the picture is over, and a boundary
    /// stands there, although the walk found no end.
    fn ends_as_announced(&self) -> Option<usize> {
        let len = self.announced?;
        let after = self.buffer.bytes().get(len..)?;
        let boundary =
            after.starts_with(b"--") || after.starts_with(b"\r\n--") || after.starts_with(b"\n--");
        (len > 3 && boundary).then_some(len)
    }

    /// A picture without its end marker: mended where only that is missing.
    fn cut_short(&mut self, walker: &Walker, len: usize) -> Option<Found> {
        if !walker.facts().is_picture() {
            return self.give_up(len.max(2));
        }
        if let Some(reason) = refusal(walker, len) {
            return self.refuse(reason, len);
        }
        let mut chunk = self.buffer.take(len);
        chunk.bytes.extend(END);
        // The cut may lie within a segment, where no end helps.
        let Some(data) = whole_picture(chunk.bytes) else {
            self.damaged += 1;
            return None;
        };
        self.skipped = 0;
        let arrived = chunk.arrived;
        Some(Found { data, arrived })
    }

    fn refuse(&mut self, reason: &'static str, count: usize) -> Option<Found> {
        self.refused.get_or_insert(reason);
        self.give_up(count)
    }

    /// Looks for another start behind `count` bytes.
    fn give_up(&mut self, count: usize) -> Option<Found> {
        self.damaged += 1;
        self.skipped += count as u64;
        self.buffer.consume(count);
        None
    }
}

/// Why the host is not to have the picture of that many bytes.
fn refusal(walker: &Walker, len: usize) -> Option<&'static str> {
    let too_large = len > MAX_PICTURE_BYTES - TABLES_BYTES;
    walker.facts().refusal().or(too_large.then_some(TOO_LARGE))
}

/// The last `Content-Length` in a part's header.
fn content_length(header: &[u8]) -> Option<usize> {
    let text = String::from_utf8_lossy(header).to_ascii_lowercase();
    let (_, after) = text.rsplit_once("content-length")?;
    let value = after.trim_start().strip_prefix(':')?.trim_start();
    let end = value.find(|letter: char| !letter.is_ascii_digit());
    value[..end.unwrap_or(value.len())].parse().ok()
}
