//! Where a message begins and ends in the stream of an RTSP connection.
//!
//! Answers, requests of the camera and interleaved binary data (RFC 2326, section
//! 10.12) share it, and cameras leave stale bytes between them.

use padelvar_sdk::Headers;

/// A head longer than that is no head. Stops a camera that never ends its header.
const MAX_HEAD_BYTES: usize = 16 * 1024;

/// The longest first line of a request of the camera.
const MAX_LINE_BYTES: usize = 1024;

/// What stands at the start of the unread bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    /// More bytes are needed.
    Incomplete,
    /// Interleaved data: four bytes of header, then `len` bytes.
    Data {
        /// As agreed in SETUP, or anything.
        channel: u8,
        /// Without the header.
        len: usize,
    },
    /// The head of an answer or request; its body follows.
    Head(Head),
    /// Bytes that are none of these: at least one.
    Skip {
        /// How many to skip.
        count: usize,
        /// Not only empty lines.
        garbage: bool,
    },
}

/// The first line of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FirstLine {
    /// `RTSP/1.0 200 OK`
    Answer {
        /// Such as 200.
        status: u16,
        /// Whether it is HTTP that answers, as on a wrong port.
        http: bool,
    },
    /// `OPTIONS rtsp://… RTSP/1.0`
    Request {
        /// In upper case.
        method: String,
    },
}

/// A message without its body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// What it is.
    pub first: FirstLine,
    /// Its header.
    pub headers: Headers,
    /// Bytes up to and including the empty line.
    pub len: usize,
}

impl Head {
    /// `Content-Length`, where there is a number.
    pub fn content_length(&self) -> Option<usize> {
        self.headers.get("content-length")?.parse().ok()
    }

    /// Whether the body is a session description.
    pub fn is_description(&self) -> bool {
        let kind = self.headers.get("content-type").unwrap_or_default();
        kind.to_ascii_lowercase().contains("sdp")
    }
}

/// Looks at the start of the unread bytes. `channels` are the agreed ones: they are
/// what to look for when the place is lost.
pub fn next(bytes: &[u8], channels: &[u8]) -> Item {
    match bytes.first() {
        None => Item::Incomplete,
        Some(b'$') => data(bytes),
        Some(b'\r' | b'\n') => Item::Skip {
            count: bytes
                .iter()
                .take_while(|byte| matches!(byte, b'\r' | b'\n'))
                .count(),
            garbage: false,
        },
        Some(byte) if byte.is_ascii_uppercase() => match head(bytes) {
            Some(item) => item,
            None => lost(bytes, channels),
        },
        Some(_) => lost(bytes, channels),
    }
}

fn data(bytes: &[u8]) -> Item {
    let Some(&[_, channel, high, low]) = bytes.get(..4) else {
        return Item::Incomplete;
    };
    let len = usize::from(u16::from_be_bytes([high, low]));
    if bytes.len() < 4 + len {
        return Item::Incomplete;
    }
    Item::Data { channel, len }
}

/// A message that begins with a letter. None where it does not begin here at all.
fn head(bytes: &[u8]) -> Option<Item> {
    let line_end = bytes
        .iter()
        .take(MAX_LINE_BYTES)
        .position(|byte| *byte == b'\n');
    let Some(line_end) = line_end else {
        let printable = bytes.iter().all(|byte| matches!(byte, b'\r' | b' '..=b'~'));
        return (bytes.len() < MAX_LINE_BYTES && printable).then_some(Item::Incomplete);
    };
    let line = String::from_utf8_lossy(&bytes[..line_end]);
    let first = first_line(line.trim())?;
    let Some(len) = head_length(&bytes[..bytes.len().min(MAX_HEAD_BYTES)]) else {
        return (bytes.len() < MAX_HEAD_BYTES).then_some(Item::Incomplete);
    };
    let text = String::from_utf8_lossy(&bytes[(line_end + 1).min(len)..len]);
    let headers = Headers::parse(&text);
    Some(Item::Head(Head {
        first,
        headers,
        len,
    }))
}

fn first_line(line: &str) -> Option<FirstLine> {
    let mut words = line.split_ascii_whitespace();
    let word = words.next()?;
    if word.starts_with("RTSP/") || word.starts_with("HTTP/") {
        let http = word.starts_with("HTTP/");
        let status = words.next()?.parse().ok()?;
        return Some(FirstLine::Answer { status, http });
    }
    let known = word
        .bytes()
        .all(|byte| byte.is_ascii_uppercase() || byte == b'_');
    let method = word.to_owned();
    (known && words.last()?.starts_with("RTSP/")).then_some(FirstLine::Request { method })
}

/// Up to and including the first empty line; CRLF or LF alone.
fn head_length(bytes: &[u8]) -> Option<usize> {
    let mut line_start = 0;
    for (at, byte) in bytes.iter().enumerate() {
        if *byte == b'\n' {
            if bytes[line_start..at].iter().all(|byte| *byte == b'\r') {
                return Some(at + 1);
            }
            line_start = at + 1;
        }
    }
    None
}

/// Whether bytes look as if an answer, or data on one of these channels, began there.
pub fn begins(bytes: &[u8], channels: &[u8]) -> bool {
    match bytes {
        [b'$', channel, _, _, version, ..] => channels.contains(channel) && version >> 6 == 2,
        _ => bytes.starts_with(b"RTSP/1."),
    }
}

/// Looks for a place where a message is likely to begin.
fn lost(bytes: &[u8], channels: &[u8]) -> Item {
    let begins = |at: &usize| {
        let rest = &bytes[*at..];
        match rest {
            [b'$', _, _, _, _, ..] => self::begins(rest, channels),
            // Too short to tell: keep it.
            [b'$', channel, ..] => channels.contains(channel),
            [b'$'] => true,
            _ => {
                let prefix = &rest[..rest.len().min(7)];
                b"RTSP/1.".starts_with(prefix)
            }
        }
    };
    let count = (1..bytes.len()).find(begins).unwrap_or(bytes.len());
    Item::Skip {
        count,
        garbage: true,
    }
}

/// How long the session description at the start of `bytes` is, where the header does
/// not say it (or wrongly): as long as there are lines like `a=…`.
pub fn description_length(bytes: &[u8]) -> usize {
    let mut len = 0;
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        let described = matches!(line, [b'a'..=b'z', b'=', ..]);
        let empty = line.iter().all(|byte| matches!(byte, b'\r' | b'\n'));
        if !described && !empty {
            break;
        }
        len += line.len();
    }
    len
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head_of(text: &[u8]) -> Head {
        match next(text, &[0, 1]) {
            Item::Head(head) => head,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn answers_and_requests() {
        let head = head_of(b"RTSP/1.0 200 OK\r\nCseq: 2\r\nContent-Length: 3\r\n\r\nabc");
        assert_eq!(
            head.first,
            FirstLine::Answer {
                status: 200,
                http: false
            }
        );
        assert_eq!((head.len, head.content_length()), (47, Some(3)));
        let head = head_of(b"RTSP/1.0 401\nWWW-Authenticate: Basic\n\n");
        assert_eq!(
            head.first,
            FirstLine::Answer {
                status: 401,
                http: false
            }
        );
        let head = head_of(b"OPTIONS * RTSP/1.0\r\n\r\n");
        assert_eq!(
            head.first,
            FirstLine::Request {
                method: "OPTIONS".to_owned()
            }
        );
        assert_eq!(next(b"RTSP/1.0 200 OK\r\nCSeq:", &[]), Item::Incomplete);
        assert_eq!(next(b"RT", &[]), Item::Incomplete);
    }

    #[test]
    fn interleaved_data() {
        assert_eq!(
            next(b"$\x00\x00\x02ab", &[]),
            Item::Data { channel: 0, len: 2 }
        );
        assert_eq!(
            next(b"$\x07\x00\x00", &[]),
            Item::Data { channel: 7, len: 0 }
        );
        assert_eq!(next(b"$\x00\x00\x02a", &[]), Item::Incomplete);
        assert_eq!(next(b"$", &[]), Item::Incomplete);
    }

    #[test]
    fn finds_its_place_again() {
        let skip = |count, garbage| Item::Skip { count, garbage };
        assert_eq!(next(b"\r\n\r\nRTSP", &[]), skip(4, false));
        assert_eq!(next(b"xyRTSP/1.0", &[]), skip(2, true));
        assert_eq!(
            next(b"xy$\x02..\x80$\x00\x00\x01\x80", &[0, 1]),
            skip(7, true)
        );
        assert_eq!(next(b"xyz", &[]), skip(3, true));
        assert_eq!(next(b"xyzRT", &[]), skip(3, true));
        assert_eq!(next(b"BAD LINE\r\n", &[]), skip(10, true));
        let endless = [b"RTSP/1.0 200 OK\r\n".to_vec(), vec![b'a'; MAX_HEAD_BYTES]].concat();
        assert!(matches!(
            next(&endless, &[]),
            Item::Skip { garbage: true, .. }
        ));
    }

    #[test]
    fn descriptions_end_where_their_lines_end() {
        assert_eq!(description_length(b"v=0\r\na=x\r\n$\0\0\0"), 10);
        assert_eq!(description_length(b"v=0\nm=video\nRTSP/1.0"), 12);
        assert_eq!(description_length(b"v=0\r\na=contr"), 12);
        assert_eq!(description_length(b""), 0);
    }
}
