//! Requests and answers as RTSP (RFC 2326) and HTTP (RFC 9112) share them.
//!
//! Written by hand: a camera's deviations are the point of this crate, and a
//! library that keeps to the rules could not show them.

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt};

/// Bound of a request's lines, against a client that never ends them.
const MAX_HEAD_BYTES: usize = 16 * 1024;
/// Bound of a request's body. No request that is understood has one.
const MAX_BODY_BYTES: usize = 64 * 1024;

/// RTCP's packet type of a receiver report.
const RECEIVER_REPORT: u8 = 201;

/// What a client asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) uri: String,
    pub(crate) version: String,
    headers: Vec<(String, String)>,
}

impl Request {
    /// The first header of that name.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut all = self.headers.iter();
        all.find(|(n, _)| n.eq_ignore_ascii_case(name))
            .map(|(_, v)| v.as_str())
    }
}

/// Why no further request comes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// The client closed the connection.
    Closed,
    /// What the client sent is not a request.
    Malformed,
}

/// Cuts requests out of what a client sends.
pub(crate) struct Requests<R> {
    read: R,
    buffer: BytesMut,
    /// Receiver reports among the interleaved frames so far.
    reports: u64,
}

impl<R: AsyncRead + Unpin> Requests<R> {
    pub(crate) fn new(read: R) -> Self {
        Self {
            read,
            buffer: BytesMut::new(),
            reports: 0,
        }
    }

    /// What was read and is no request yet, and where more comes from.
    pub(crate) fn into_rest(self) -> (BytesMut, R) {
        (self.buffer, self.read)
    }

    /// How many receiver reports came interleaved since this was asked last.
    pub(crate) fn take_reports(&mut self) -> u64 {
        std::mem::take(&mut self.reports)
    }

    /// The next request. Interleaved frames (a client's receiver reports) are
    /// passed over. Can be dropped and called again without a loss.
    pub(crate) async fn next(&mut self) -> Result<Request, End> {
        loop {
            if let Some(request) = cut(&mut self.buffer, &mut self.reports)? {
                return Ok(request);
            }
            self.buffer.reserve(2048);
            match self.read.read_buf(&mut self.buffer).await {
                Ok(0) | Err(_) => return Err(End::Closed),
                Ok(_) => {}
            }
        }
    }
}

/// Takes a whole request from the front, `None` while there is none.
fn cut(buffer: &mut BytesMut, reports: &mut u64) -> Result<Option<Request>, End> {
    loop {
        match buffer.first() {
            // Empty lines before a request are allowed (RFC 9112 2.2).
            Some(b'\r' | b'\n') => buffer.advance(1),
            Some(b'$') => {
                let Some(head) = buffer.get(..4) else {
                    return Ok(None);
                };
                let length = 4 + usize::from(u16::from_be_bytes([head[2], head[3]]));
                if buffer.len() < length {
                    return Ok(None);
                }
                *reports += u64::from(is_receiver_report(&buffer[4..length]));
                buffer.advance(length);
            }
            _ => break,
        }
    }
    let Some(end) = buffer.windows(4).position(|w| w == b"\r\n\r\n") else {
        let too_long = buffer.len() > MAX_HEAD_BYTES;
        return if too_long {
            Err(End::Malformed)
        } else {
            Ok(None)
        };
    };
    if end > MAX_HEAD_BYTES {
        return Err(End::Malformed);
    }
    let request = parse(&buffer[..end]).ok_or(End::Malformed)?;
    // A tunnel's POST has a length that it never keeps to.
    let length = request
        .header("Content-Length")
        .filter(|_| request.method != "POST" || request.header("x-sessioncookie").is_none());
    let body = length.map_or(Ok(0), str::parse::<usize>);
    let body = body
        .ok()
        .filter(|n| *n <= MAX_BODY_BYTES)
        .ok_or(End::Malformed)?;
    if buffer.len() < end + 4 + body {
        return Ok(None);
    }
    buffer.advance(end + 4 + body);
    Ok(Some(request))
}

/// Whether a compound RTCP packet begins with a receiver report (RFC 3550 6.4.2).
pub(crate) fn is_receiver_report(packet: &[u8]) -> bool {
    packet.len() >= 8 && packet[0] >> 6 == 2 && packet[1] == RECEIVER_REPORT
}

fn parse(head: &[u8]) -> Option<Request> {
    let text = std::str::from_utf8(head).ok()?;
    let mut lines = text.split("\r\n");
    let mut first = lines.next()?.split(' ');
    let (method, uri, version) = (first.next()?, first.next()?, first.next()?);
    if first.next().is_some() || method.is_empty() || uri.is_empty() {
        return None;
    }
    let header = |line: &str| {
        let (name, value) = line.split_once(':')?;
        Some((name.trim().to_owned(), value.trim().to_owned()))
    };
    Some(Request {
        method: method.to_owned(),
        uri: uri.to_owned(),
        version: version.to_owned(),
        headers: lines.map(header).collect::<Option<_>>()?,
    })
}

/// What the camera answers.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn new(status: u16) -> Self {
        let (headers, body) = (Vec::new(), Vec::new());
        Self {
            status,
            headers,
            body,
        }
    }

    pub(crate) fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// Whether there is such a header.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.headers
            .iter()
            .any(|(n, _)| n.eq_ignore_ascii_case(name))
    }

    /// The bytes to send, `version` being `RTSP/1.0` or `HTTP/1.1`.
    pub(crate) fn bytes(&self, version: &str) -> Vec<u8> {
        let mut head = format!("{version} {} {}\r\n", self.status, reason(self.status));
        for (name, value) in &self.headers {
            head.push_str(name);
            head.push_str(": ");
            head.push_str(value);
            head.push_str("\r\n");
        }
        head.push_str("\r\n");
        let mut out = head.into_bytes();
        out.extend_from_slice(&self.body);
        out
    }
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        302 => "Found",
        400 => "Bad Request",
        401 => "Unauthorized",
        404 => "Not Found",
        405 => "Method Not Allowed",
        454 => "Session Not Found",
        455 => "Method Not Valid in This State",
        461 => "Unsupported Transport",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        _ => "Error",
    }
}

#[cfg(test)]
mod tests {
    use super::{End, is_receiver_report};
    use bytes::BytesMut;

    fn cut(buffer: &mut BytesMut) -> Result<Option<super::Request>, End> {
        super::cut(buffer, &mut 0)
    }

    #[test]
    fn reports_are_recognised() {
        assert!(is_receiver_report(&[0x81, 201, 0, 7, 0, 0, 0, 1]));
        assert!(!is_receiver_report(&[0x80, 200, 0, 6, 0, 0, 0, 1]));
        assert!(!is_receiver_report(&[0x81, 201]));
    }

    fn try_cut(text: &[u8]) -> Result<Option<String>, End> {
        let mut buffer = BytesMut::from(text);
        Ok(cut(&mut buffer)?.map(|r| format!("{} {}", r.method, r.uri)))
    }

    #[test]
    fn passes_over_interleaved_frames_and_bodies() {
        let mut buffer =
            BytesMut::from(&b"$\x01\x00\x03abc\r\nOPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n"[..]);
        buffer.extend_from_slice(
            b"SET u RTSP/1.0\r\nContent-length: 2\r\n\r\nxyGET / HTTP/1.1\r\n\r\n",
        );
        let mut next = || cut(&mut buffer).expect("well formed").map(|r| r.method);
        assert_eq!(next().as_deref(), Some("OPTIONS"));
        assert_eq!(next().as_deref(), Some("SET"));
        assert_eq!(next().as_deref(), Some("GET"));
        assert_eq!(next(), None);
    }

    #[test]
    fn waits_for_the_rest() {
        let whole = b"$\x00\x00\x01xPLAY u RTSP/1.0\r\nContent-Length: 1\r\n\r\nb";
        for cut in 0..whole.len() {
            assert_eq!(try_cut(&whole[..cut]), Ok(None), "{cut}");
        }
        assert_eq!(try_cut(whole), Ok(Some("PLAY u".into())));
    }

    #[test]
    fn refuses_nonsense_and_endless_heads() {
        for bad in [
            &b"GET /\r\n\r\n"[..],
            b"GET / HTTP/1.1 x\r\n\r\n",
            b"GET / HTTP/1.1\r\nno colon\r\n\r\n",
            b"GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
            b"GET / HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n",
            b"\xFF\xFE\r\n\r\n",
            &b"a".repeat(20_000),
        ] {
            assert_eq!(try_cut(bad), Err(End::Malformed));
        }
    }
}
