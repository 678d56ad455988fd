//! HTTP requests, served by the host.

use core::future::poll_fn;
use core::task::Poll;
use core::time::Duration;
use std::cell::RefCell;
use std::rc::Rc;

use crate::buffer::Chunk;
use crate::error::Error;
use crate::headers::Headers;
use crate::io::Io;
use crate::runtime::{Core, Pending};
use crate::wit::{Command, HttpRequest, RequestHeader, Segment};

/// A request in the making.
#[derive(Debug, Clone)]
pub struct Request {
    method: String,
    url: String,
    headers: Vec<RequestHeader>,
    body: Vec<Segment>,
    header_timeout_ms: u32,
    idle_timeout_ms: u32,
}

impl Request {
    /// Any method; `url` is an absolute `http:` or `https:` URL. The answer's header
    /// must come within 10 s, its body must not be silent for longer.
    pub fn new(method: &str, url: &str) -> Self {
        Self {
            method: method.to_owned(),
            url: url.to_owned(),
            headers: Vec::new(),
            body: Vec::new(),
            header_timeout_ms: 10_000,
            idle_timeout_ms: 10_000,
        }
    }

    /// A `GET`.
    pub fn get(url: &str) -> Self {
        Self::new("GET", url)
    }

    /// Adds a header field.
    #[must_use]
    pub fn header(self, name: &str, value: &str) -> Self {
        self.header_segments(name, vec![Segment::Bytes(value.as_bytes().to_vec())])
    }

    /// Adds a header field with secrets in it.
    #[must_use]
    pub fn header_segments(mut self, name: &str, value: Vec<Segment>) -> Self {
        let name = name.to_owned();
        self.headers.push(RequestHeader { name, value });
        self
    }

    /// Sets the body.
    #[must_use]
    pub fn body(mut self, body: Vec<Segment>) -> Self {
        self.body = body;
        self
    }

    /// How long the answer's header may take; the host allows at most 60 s.
    #[must_use]
    pub fn header_timeout(mut self, timeout: Duration) -> Self {
        self.header_timeout_ms = milliseconds(timeout);
        self
    }

    /// How long the body may be silent; the host allows at most 60 s.
    #[must_use]
    pub fn idle_timeout(mut self, timeout: Duration) -> Self {
        self.idle_timeout_ms = milliseconds(timeout);
        self
    }
}

fn milliseconds(duration: Duration) -> u32 {
    u32::try_from(duration.as_millis()).unwrap_or(u32::MAX)
}

/// An answer whose body is still coming.
#[derive(Debug)]
pub struct Response {
    /// Such as 200.
    pub status: u16,
    /// Header fields.
    pub headers: Headers,
    /// What follows.
    pub body: Body,
}

/// The body of an answer. Dropping it before its end gives up the request.
#[derive(Debug)]
pub struct Body {
    io: Io,
    id: u32,
    pending: Rc<RefCell<Pending>>,
    /// Bytes that are left out before the wanted ones.
    skip: u64,
    /// Wanted bytes that did not come yet; none where all are wanted.
    left: Option<u64>,
}

impl Body {
    /// Only these bytes of what is to come.
    pub(crate) fn narrow(&mut self, skip: u64, len: u64) {
        (self.skip, self.left) = (skip, Some(len));
    }

    /// The next bytes, or none at the body's end.
    pub async fn chunk(&mut self) -> Result<Option<Chunk>, Error> {
        loop {
            if self.left == Some(0) {
                return Ok(None);
            }
            let Some(mut chunk) = self.any_chunk().await? else {
                return match self.left {
                    None => Ok(None),
                    Some(_) => Err(Error::protocol("the answer is shorter than was asked for")),
                };
            };
            let skipped = self.skip.min(chunk.bytes.len() as u64);
            self.skip -= skipped;
            chunk.bytes.drain(..skipped as usize);
            if let Some(left) = &mut self.left {
                let len = (*left).min(chunk.bytes.len() as u64);
                chunk.bytes.truncate(len as usize);
                *left -= len;
            }
            if !chunk.bytes.is_empty() {
                return Ok(Some(chunk));
            }
        }
    }

    async fn any_chunk(&mut self) -> Result<Option<Chunk>, Error> {
        poll_fn(|_| {
            let mut pending = self.pending.borrow_mut();
            if let Some(chunk) = pending.parts.pop_front() {
                pending.unread -= chunk.bytes.len();
                return Poll::Ready(Ok(Some(chunk)));
            }
            match &pending.error {
                Some(error) => Poll::Ready(Err(error.clone())),
                None if pending.complete => Poll::Ready(Ok(None)),
                None => Poll::Pending,
            }
        })
        .await
    }

    /// The whole body, which must not be longer than `max` bytes.
    pub async fn read_to_end(&mut self, max: usize) -> Result<Vec<u8>, Error> {
        let mut bytes = Vec::new();
        while let Some(chunk) = self.chunk().await? {
            if bytes.len() + chunk.bytes.len() > max {
                let message = format!("the answer is longer than {max} bytes");
                return Err(Error::protocol(message));
            }
            bytes.extend_from_slice(&chunk.bytes);
        }
        Ok(bytes)
    }
}

impl Drop for Body {
    fn drop(&mut self) {
        self.io.with(|core| core.drop_request(self.id));
    }
}

pub(crate) async fn send(io: &Io, request: Request) -> Result<Response, Error> {
    let (id, pending) = io.with(Core::open_request);
    let body = Body {
        io: io.clone(),
        id,
        pending,
        skip: 0,
        left: None,
    };
    io.command(Command::Request(HttpRequest {
        id,
        method: request.method,
        url: request.url,
        headers: request.headers,
        body: request.body,
        header_timeout_ms: request.header_timeout_ms,
        idle_timeout_ms: request.idle_timeout_ms,
    }));
    let (status, headers) = poll_fn(|_| {
        let mut pending = body.pending.borrow_mut();
        match (pending.answer.take(), &pending.error) {
            (Some(answer), _) => Poll::Ready(Ok(answer)),
            (None, Some(error)) => Poll::Ready(Err(error.clone())),
            (None, None) => Poll::Pending,
        }
    })
    .await?;
    Ok(Response {
        status,
        headers,
        body,
    })
}
