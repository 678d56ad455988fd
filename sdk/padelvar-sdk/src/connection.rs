//! A TCP connection, read as a stream.

use core::future::poll_fn;
use core::task::Poll;
use std::cell::RefCell;
use std::rc::Rc;

use crate::buffer::Chunk;
use crate::error::Error;
use crate::io::Io;
use crate::runtime::{Core, Link};
use crate::wit::{Command, ConnectRequest, Microseconds, Segment, SendRequest};

/// A connection to the camera. Closed when it is dropped. What arrived before the
/// camera closed it can still be read.
#[derive(Debug)]
pub struct Connection {
    io: Io,
    id: u32,
    link: Rc<RefCell<Link>>,
}

impl Connection {
    pub(crate) async fn open(io: &Io, host: &str, port: u16, tls: bool) -> Result<Self, Error> {
        let (id, link) = io.with(Core::open_link);
        let connection = Self {
            io: io.clone(),
            id,
            link,
        };
        let host = host.to_owned();
        io.command(Command::Connect(ConnectRequest {
            id,
            host,
            port,
            tls,
        }));
        poll_fn(|_| {
            let link = connection.link.borrow();
            match &link.end {
                Some(error) if !link.open => Poll::Ready(Err(error.clone())),
                _ if link.open => Poll::Ready(Ok(())),
                _ => Poll::Pending,
            }
        })
        .await?;
        Ok(connection)
    }

    /// The number under which the host knows it.
    pub fn id(&self) -> u32 {
        self.id
    }

    /// Whether the camera closed it or it broke. Unread bytes may be left.
    pub fn is_closed(&self) -> bool {
        self.link.borrow().end.is_some()
    }

    /// Sends bytes, after everything sent before.
    pub fn send(&mut self, bytes: &[u8]) {
        self.send_segments(vec![Segment::Bytes(bytes.to_vec())]);
    }

    /// Sends bytes and secrets, after everything sent before.
    pub fn send_segments(&mut self, segments: Vec<Segment>) {
        self.write(segments, false);
    }

    /// Sends bytes and secrets as one Base64 text (RFC 4648, section 4).
    pub fn send_base64(&mut self, segments: Vec<Segment>) {
        self.write(segments, true);
    }

    fn write(&mut self, segments: Vec<Segment>, base64: bool) {
        if !self.is_closed() {
            let connection = self.id;
            self.io.command(Command::Send(SendRequest {
                connection,
                segments,
                base64,
            }));
        }
    }

    /// Waits until bytes are there that `fill` did not tell of yet.
    pub async fn fill(&mut self) -> Result<(), Error> {
        poll_fn(|_| {
            let mut link = self.link.borrow_mut();
            if link.received > link.reported {
                link.reported = link.received;
                return Poll::Ready(Ok(()));
            }
            match &link.end {
                Some(error) => Poll::Ready(Err(error.clone())),
                None => Poll::Pending,
            }
        })
        .await
    }

    /// Looks at all unread bytes. `look` must not use this connection.
    pub fn peek<T>(&self, look: impl FnOnce(&[u8]) -> T) -> T {
        look(self.link.borrow().buffer.bytes())
    }

    /// How many bytes are unread.
    pub fn unread(&self) -> usize {
        self.link.borrow().buffer.len()
    }

    /// When the first unread byte arrived.
    pub fn arrived(&self) -> Microseconds {
        self.link.borrow().buffer.arrived()
    }

    /// When the unread byte at `offset` arrived.
    pub fn arrived_at(&self, offset: usize) -> Microseconds {
        self.link.borrow().buffer.arrived_at(offset)
    }

    /// Marks bytes as read.
    pub fn consume(&mut self, count: usize) {
        self.link.borrow_mut().buffer.consume(count);
    }

    /// Everything unread, at least one byte.
    pub async fn read(&mut self) -> Result<Chunk, Error> {
        while self.unread() == 0 {
            self.fill().await?;
        }
        Ok(self.link.borrow_mut().buffer.take(usize::MAX))
    }

    /// Exactly `count` bytes.
    pub async fn read_exact(&mut self, count: usize) -> Result<Vec<u8>, Error> {
        while self.unread() < count {
            self.fill().await?;
        }
        Ok(self.link.borrow_mut().buffer.take(count).bytes)
    }

    /// Everything up to and including `delimiter`. An error of class `protocol` where
    /// it is not among the first `max` bytes.
    pub async fn read_until(&mut self, delimiter: &[u8], max: usize) -> Result<Vec<u8>, Error> {
        let mut searched = 0;
        loop {
            let found = self.peek(|bytes| {
                let window = &bytes[searched..bytes.len().min(max)];
                let found = window
                    .windows(delimiter.len().max(1))
                    .position(|part| part == delimiter)
                    .map(|at| searched + at + delimiter.len());
                // A delimiter may begin in what was searched already.
                searched = (searched + window.len()).saturating_sub(delimiter.len());
                found.ok_or(bytes.len() >= max)
            });
            match found {
                Ok(end) => return Ok(self.link.borrow_mut().buffer.take(end).bytes),
                Err(true) => {
                    let message = format!("no end of the message within {max} bytes");
                    return Err(Error::protocol(message));
                }
                Err(false) => self.fill().await?,
            }
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.io.with(|core| core.drop_link(self.id));
    }
}
