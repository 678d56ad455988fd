//! JPEGs as answers: single ones, and the parts of a stream.

use std::time::Duration;

use reqwest::Response;
use tokio::time::timeout;

/// Bound of the wait for a picture, on a machine that is busy.
const PATIENCE: Duration = Duration::from_secs(20);

/// Width and height of a whole JPEG, by its frame header (ITU T.81 B.2.2).
///
/// # Panics
/// Where it is none.
pub fn size(jpeg: &[u8]) -> (u32, u32) {
    let ends = jpeg.starts_with(&[0xFF, 0xD8]) && jpeg.ends_with(&[0xFF, 0xD9]);
    assert!(ends, "no whole JPEG: {} bytes", jpeg.len());
    let mut at = 2;
    while let Some(&[0xFF, kind, high, low]) = jpeg.get(at..at + 4) {
        if matches!(kind, 0xC0..=0xC2) {
            let side = |from: usize| u32::from(jpeg[from]) << 8 | u32::from(jpeg[from + 1]);
            return (side(at + 7), side(at + 5));
        }
        at += 2 + (usize::from(high) << 8 | usize::from(low));
    }
    panic!("a JPEG without a frame header");
}

/// The parts of a `multipart/x-mixed-replace` answer.
#[derive(Debug)]
pub struct Parts {
    answer: Response,
    delimiter: Vec<u8>,
    buffer: Vec<u8>,
}

impl Parts {
    /// Of an answer with such a body.
    pub fn of(answer: Response) -> Self {
        assert_eq!(answer.status(), 200);
        let kind = answer.headers()["content-type"].to_str().expect("text");
        let boundary = kind.strip_prefix("multipart/x-mixed-replace; boundary=");
        let boundary = boundary.unwrap_or_else(|| panic!("{kind}"));
        Self {
            delimiter: format!("--{boundary}\r\n").into_bytes(),
            buffer: Vec::new(),
            answer,
        }
    }

    /// The next picture.
    ///
    /// # Panics
    /// Where none comes, or the part is not well formed.
    pub async fn next(&mut self) -> Vec<u8> {
        let next = timeout(PATIENCE, self.part());
        next.await.expect("a picture comes in time")
    }

    async fn part(&mut self) -> Vec<u8> {
        let end = loop {
            let end = self.buffer.windows(4).position(|w| w == b"\r\n\r\n");
            match end {
                Some(end) => break end + 4,
                None => self.more().await,
            }
        };
        let start: Vec<u8> = self.buffer.drain(..end).collect();
        let (delimiter, head) = start.split_at(self.delimiter.len().min(start.len()));
        let head = String::from_utf8_lossy(head).to_ascii_lowercase();
        assert_eq!(delimiter, self.delimiter, "{head}");
        assert!(head.contains("content-type: image/jpeg\r\n"), "{head}");
        let length = head
            .lines()
            .find_map(|l| l.strip_prefix("content-length: "));
        let length: usize = length.and_then(|l| l.parse().ok()).expect("a length");
        while self.buffer.len() < length + 2 {
            self.more().await;
        }
        let jpeg = self.buffer.drain(..length).collect();
        assert_eq!(self.buffer.drain(..2).as_slice(), b"\r\n");
        jpeg
    }

    async fn more(&mut self) {
        let chunk = self.answer.chunk().await.expect("the answer goes on");
        self.buffer
            .extend_from_slice(&chunk.expect("it has not ended"));
    }
}
