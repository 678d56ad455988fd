//! What comes in on the connection: answers for the caller, media for the tracks,
//! questions of the camera answered here.

use padelvar_sdk::{Either, Error, Headers, Io, Segment, select};

use super::delivery::Delivery;
use super::wire::Wire;
use crate::message::{self, FirstLine, Head, Item};

/// Bytes that are nothing, in a row. More is not RTSP.
const MAX_GARBAGE_BYTES: usize = 1024 * 1024;

/// The longest body of an answer.
const MAX_BODY_BYTES: usize = 256 * 1024;

/// Those that video is asked for on.
const DEFAULT_CHANNELS: [u8; 2] = [0, 1];

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

/// What a camera may ask for that ends a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wish {
    /// REDIRECT (RFC 2326, section 10.10): go on there, or here again where it is empty.
    Redirect(String),
    /// TEARDOWN: it is over.
    End,
}

/// See the module.
pub struct Stream {
    io: Io,
    wire: Wire,
    /// Takes the media once streams are agreed on.
    pub delivery: Option<Delivery>,
    /// What the camera wants, once it said so.
    pub wish: Option<Wish>,
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
    pub fn new(io: &Io, wire: Wire) -> Self {
        Self {
            io: io.clone(),
            wire,
            delivery: None,
            wish: None,
            garbage: 0,
            partial: false,
        }
    }

    /// Waits for more bytes or datagrams.
    pub async fn fill(&mut self) -> Result<(), Error> {
        let Some(delivery) = &mut self.delivery else {
            return self.wire.fill().await;
        };
        match select(self.wire.fill(), delivery.fill()).await {
            Either::Left(filled) | Either::Right(filled) => filled,
        }
    }

    /// Whether it goes through HTTP.
    pub fn is_tunnel(&self) -> bool {
        self.wire.is_tunnel()
    }

    /// To be waited for before something is sent.
    pub async fn ready(&mut self) -> Result<(), Error> {
        self.wire.ready().await
    }

    /// Writes interleaved data.
    pub fn send_data(&mut self, channel: u8, bytes: &[u8]) {
        // Reports have some dozens of bytes.
        let [high, low] = (bytes.len() as u16).to_be_bytes();
        let framed = [&[b'$', channel, high, low], bytes].concat();
        self.send(vec![Segment::Bytes(framed)]);
    }

    /// Whether the camera hung up.
    pub fn is_closed(&self) -> bool {
        self.wire.is_closed()
    }

    /// Writes.
    pub fn send(&mut self, segments: Vec<Segment>) {
        self.wire.send(segments);
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
        if let Some(delivery) = &mut self.delivery {
            delivery.pump();
        }
        loop {
            let channels = self.channels();
            match self.wire.peek(|bytes| message::next(bytes, channels)) {
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

    /// Those that data is looked for on where the place is lost.
    fn channels(&self) -> &[u8] {
        let delivery = self.delivery.as_ref();
        delivery.map_or(&DEFAULT_CHANNELS, Delivery::channels)
    }

    fn skip(&mut self, count: usize, garbage: bool) -> Result<(), Error> {
        self.wire.consume(count);
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
        let arrived = self.wire.arrived();
        let known = match &mut self.delivery {
            Some(delivery) => self.wire.peek(|bytes| {
                let packet = bytes.get(4..4 + len).unwrap_or_default();
                delivery.interleaved(channel, packet, arrived)
            }),
            None => DEFAULT_CHANNELS.contains(&channel),
        };
        if known {
            self.garbage = 0;
        }
        self.wire.consume(4 + len);
    }

    fn body(&mut self, head: &Head, lenient: bool) -> Result<Body, Error> {
        let announced = head.content_length();
        if announced.is_some_and(|len| len > MAX_BODY_BYTES) {
            return Err(Error::protocol(
                "the camera announces an answer that is too long",
            ));
        }
        let description = head.is_description();
        let channels = self.channels();
        let body = self.wire.peek(|bytes| {
            let bytes = &bytes[head.len..];
            if !description && message::begins(bytes, channels) {
                // It announces a body and sends none.
                Body::Whole(0)
            } else if description {
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
            .wire
            .peek(|bytes| bytes[head_len..head_len + len].to_vec());
        self.wire.consume(head_len + len);
        body
    }

    /// A camera may ask, too (RFC 2326, section 10). It must hear that we live, and may
    /// send us away.
    fn answer(&mut self, method: &str, headers: &Headers) {
        let status = match method {
            "OPTIONS" | "GET_PARAMETER" | "SET_PARAMETER" | "ANNOUNCE" => "200 OK",
            "REDIRECT" => {
                let location = headers.get("location").unwrap_or_default();
                self.wish.get_or_insert(Wish::Redirect(location.to_owned()));
                "200 OK"
            }
            "TEARDOWN" => {
                self.wish = Some(Wish::End);
                "200 OK"
            }
            _ => "501 Not Implemented",
        };
        let number: u32 = headers
            .get("cseq")
            .and_then(|number| number.parse().ok())
            .unwrap_or(0);
        let text = format!("RTSP/1.0 {status}\r\nCSeq: {number}\r\n\r\n");
        self.send(vec![Segment::Bytes(text.into_bytes())]);
    }
}

/// How long the session description at the start of `bytes` is. Its announced length
/// may be missing, too long or too short.
fn description_body(bytes: &[u8], announced: Option<usize>, lenient: bool) -> Body {
    let real = message::description_length(bytes);
    let ends_within = real < bytes.len();
    match announced {
        Some(len) if len <= bytes.len() => {
            let line_cut = real > len
                || bytes[..len]
                    .last()
                    .is_some_and(|last| !matches!(last, b'\r' | b'\n'));
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
        assert_eq!(length(b"v=0\ra=x\r", Some(8), false), Some(8));
        assert_eq!(length(b"v=0\r\nodd\r\na=x\r\n", Some(15), false), Some(15));
    }
}
