//! FFmpeg's `-f mpjpeg`: JPEGs behind small headers that tell their length. Pure.

use bytes::{Buf, Bytes, BytesMut};

/// A header is shorter than this.
const HEADER_BYTES: usize = 512;
/// A preview's JPEG is far smaller than this: stops a child that went mad.
const JPEG_BYTES: usize = 4 << 20;

/// Cuts the output into JPEGs as they become complete.
#[derive(Debug, Default)]
pub struct PartSplitter {
    buffer: BytesMut,
}

/// The output is not what FFmpeg writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("FFmpeg's preview output cannot be understood")]
pub struct Malformed;

impl PartSplitter {
    /// Adds output.
    pub fn push(&mut self, data: &[u8]) {
        self.buffer.extend_from_slice(data);
    }

    /// The next whole JPEG.
    pub fn next_jpeg(&mut self) -> Result<Option<Bytes>, Malformed> {
        let Some(end) = self.buffer.windows(4).position(|four| four == b"\r\n\r\n") else {
            return if self.buffer.len() > HEADER_BYTES {
                Err(Malformed)
            } else {
                Ok(None)
            };
        };
        let head = std::str::from_utf8(&self.buffer[..end]).map_err(|_| Malformed)?;
        let length = head.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.trim()
                .eq_ignore_ascii_case("content-length")
                .then(|| value.trim().parse())?
                .ok()
        });
        let length: usize = length
            .filter(|length| *length <= JPEG_BYTES)
            .ok_or(Malformed)?;
        if self.buffer.len() < end + 4 + length {
            return Ok(None);
        }
        self.buffer.advance(end + 4);
        Ok(Some(self.buffer.split_to(length).freeze()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_pictures_from_any_pieces() {
        let mut output = Vec::new();
        for body in ["one", "three"] {
            let length = body.len();
            output.extend(format!("--ffmpeg\r\nContent-type: image/jpeg\r\nContent-length: {length}\r\n\r\n{body}\r\n").into_bytes());
        }
        for size in 1..output.len() {
            let mut splitter = PartSplitter::default();
            let mut found = Vec::new();
            for piece in output.chunks(size) {
                splitter.push(piece);
                while let Some(jpeg) = splitter.next_jpeg().unwrap() {
                    found.push(jpeg);
                }
            }
            assert_eq!(found, ["one", "three"], "pieces of {size}");
        }
    }

    #[test]
    fn nonsense_is_an_error() {
        for bad in [
            vec![b'x'; 600],
            b"Content-length: 99999999\r\n\r\n".to_vec(),
            b"a: b\r\n\r\n".to_vec(),
        ] {
            let mut splitter = PartSplitter::default();
            splitter.push(&bad);
            assert_eq!(splitter.next_jpeg(), Err(Malformed));
        }
    }
}
