//! What comes in on the connection: answers for the caller, media for the tracks,
//! questions of the camera answered here.

use padelvar_sdk::{Connection, Error, Headers, Io, Segment};

use crate::media::Media;
use crate::message::{self, FirstLine, Head, Item};

/// Bytes that are nothing, in a row. More is not RTSP.
const MAX_GARBAGE_BYTES: usize = 1024 * 1024;

/// The longest body of an answer.
const MAX_BODY_BYTES: usize = 256 * 1024;

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// Such as 200.
    pub status: u16,
    /// Its header.
    pub headers: Headers,
    /// Its body.
    pub body: Vec<u8>,
}

impl Reply {
    /// `CSeq`, where there is a number.
    pub fn sequence(&self) -> Option<u32> {
        self.headers.get("cseq")?.parse().ok()
    }
}

/// See the module.
pub struct Stream {
    io: Io,
    connection: Connection,
    /// Takes interleaved data once a stream is agreed on.
    pub media: Option<Media>,
    /// Interleaved channels of RTP and RTCP, two a stream of `media`.
    channels: Vec<u8>,
    garbage: usize,
    partial: bool,
}

/// What the head of an answer says about its body.
enum Body {
    /// Not all of it is there.
    Partial,
    /// That many bytes.
    Whole(usize),
}

impl Stream {
    /// Of a new connection.
    pub fn new(io: &Io, connection: Connection) -> Self {
        Self {
            io: io.clone(),
            connection,
            media: None,
            channels: vec![0, 1],
            garbage: 0,
            partial: false,
        }
    }

    /// From now on interleaved data goes to `media`. `channels` are those of RTP and
    /// RTCP of each of its streams.
    pub fn start_media(&mut self, media: Media, channels: &[[u8; 2]]) {
        self.media = Some(media);
        self.channels = channels.as_flattened().to_vec();
    }

    /// Waits for more bytes.
    pub async fn fill(&mut self) -> Result<(), Error> {
        self.connection.fill().await
    }

    /// Whether the camera hung up.
    pub fn is_closed(&self) -> bool {
        self.connection.is_closed()
    }

    /// Writes.
    pub fn send(&mut self, segments: Vec<Segment>) {
        self.connection.send_segments(segments);
    }

    /// Whether the last call of `next_reply` saw a session description that is not
    /// whole, or whose length is unknown.
    pub fn has_partial_description(&self) -> bool {
        self.partial
    }

    /// Takes everything that is there up to the next answer. `lenient`: nothing more is
    /// coming, so an incomplete description is whole.
    pub fn next_reply(&mut self, lenient: bool) -> Result<Option<Reply>, Error> {
        self.partial = false;
        loop {
            let channels = &self.channels;
            match self.connection.peek(|bytes| message::next(bytes, channels)) {
                Item::Incomplete => return Ok(None),
                Item::Skip { count, garbage } => self.skip(count, garbage)?,
                Item::Data { channel, len } => self.data(channel, len),
                Item::Head(head) => {
                    let body = match self.body(&head, lenient)? {
                        Body::Partial => return Ok(None),
                        Body::Whole(len) => self.take(head.len, len),
                    };
                    self.garbage = 0;
                    match head.first {
                        FirstLine::Answer { http: true, .. } => {
                            let message = "an HTTP server answers, not an RTSP camera";
                            return Err(Error::unsupported(message));
                        }
                        FirstLine::Answer {
                            status,
                            http: false,
                        } => {
                            let headers = head.headers;
                            return Ok(Some(Reply {
                                status,
                                headers,
                                body,
                            }));
                        }
                        FirstLine::Request { method } => self.answer(&method, &head.headers),
                    }
                }
            }
        }
    }

    fn skip(&mut self, count: usize, garbage: bool) -> Result<(), Error> {
        self.connection.consume(count);
        if garbage {
            if self.garbage == 0 {
                self.io
                    .debug("bytes between the messages; looking for the next one");
            }
            self.garbage += count;
            if self.garbage > MAX_GARBAGE_BYTES {
                return Err(Error::protocol("what the camera sends is not RTSP"));
            }
        }
        Ok(())
    }

    fn data(&mut self, channel: u8, len: usize) {
        let place = self.channels.iter().position(|agreed| *agreed == channel);
        if place.is_some() {
            self.garbage = 0;
        }
        // Else stale data of an older session, or a stream that nobody asked for.
        if let (Some(media), Some(place)) = (&mut self.media, place) {
            let arrived = self.connection.arrived();
            self.connection.peek(|bytes| {
                let packet = &bytes[4..4 + len];
                match place % 2 {
                    0 => media.rtp(place / 2, packet, arrived),
                    _ => media.rtcp(place / 2, packet, arrived),
                }
            });
        }
        self.connection.consume(4 + len);
    }

    fn body(&mut self, head: &Head, lenient: bool) -> Result<Body, Error> {
        let announced = head.content_length();
        if announced.is_some_and(|len| len > MAX_BODY_BYTES) {
            return Err(Error::protocol(
                "the camera announces an answer that is too long",
            ));
        }
        let description = head.is_description();
        let body = self.connection.peek(|bytes| {
            let bytes = &bytes[head.len..];
            if description {
                description_body(bytes, announced, lenient)
            } else {
                match announced.unwrap_or(0) {
                    len if len <= bytes.len() => Body::Whole(len),
                    _ => Body::Partial,
                }
            }
        });
        self.partial = description && matches!(body, Body::Partial);
        if let Body::Whole(len) = body
            && len > MAX_BODY_BYTES
        {
            return Err(Error::protocol(
                "the camera sends an answer that is too long",
            ));
        }
        Ok(body)
    }

    fn take(&mut self, head_len: usize, len: usize) -> Vec<u8> {
        let body = self
            .connection
            .peek(|bytes| bytes[head_len..head_len + len].to_vec());
        self.connection.consume(head_len + len);
        body
    }

    /// A camera may ask, too (RFC 2326, section 10). It must only hear that we live.
    fn answer(&mut self, method: &str, headers: &Headers) {
        let status = match method {
            "OPTIONS" | "GET_PARAMETER" | "SET_PARAMETER" => "200 OK",
            _ => "501 Not Implemented",
        };
        let number: u32 = headers
            .get("cseq")
            .and_then(|number| number.parse().ok())
            .unwrap_or(0);
        let text = format!("RTSP/1.0 {status}\r\nCSeq: {number}\r\n\r\n");
        self.connection.send(text.as_bytes());
    }
}

/// How long the session description at the start of `bytes` is. Its announced length
/// may be missing, too long or too short.
fn description_body(bytes: &[u8], announced: Option<usize>, lenient: bool) -> Body {
    let real = message::description_length(bytes);
    let ends_within = real < bytes.len();
    match announced {
        Some(len) if len <= bytes.len() => {
            let line_cut = real > len || bytes[..len].last().is_some_and(|last| *last != b'\n');
            // Mostly it is right, and mostly it ends with a line.
            if !line_cut {
                Body::Whole(len)
            } else if ends_within || lenient {
                Body::Whole(len.max(real))
            } else {
                Body::Partial
            }
        }
        // Too short to be whole, yet something else follows.
        _ if lenient || (announced.is_none() && ends_within) => Body::Whole(real),
        _ => Body::Partial,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn length(bytes: &[u8], announced: Option<usize>, lenient: bool) -> Option<usize> {
        match description_body(bytes, announced, lenient) {
            Body::Whole(len) => Some(len),
            Body::Partial => None,
        }
    }

    #[test]
    fn lengths_of_descriptions() {
        let sdp = b"v=0\r\na=x\r\n";
        assert_eq!(length(sdp, Some(10), false), Some(10));
        assert_eq!(length(sdp, Some(99), false), None);
        assert_eq!(length(sdp, Some(99), true), Some(10));
        assert_eq!(length(sdp, Some(5), true), Some(10));
        assert_eq!(length(sdp, None, false), None);
        assert_eq!(length(sdp, None, true), Some(10));
        assert_eq!(length(b"v=0\r\na=x\r\n$\0", None, false), Some(10));
        assert_eq!(length(b"v=0\r\na=x\r\n$\0", Some(7), false), Some(10));
        assert_eq!(length(b"v=0\r\na=x", Some(8), false), None);
        assert_eq!(length(b"v=0\r\na=x", Some(8), true), Some(8));
        assert_eq!(length(b"v=0\r\nodd\r\na=x\r\n", Some(15), false), Some(15));
    }
}
