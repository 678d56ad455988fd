//! What carries the conversation: one connection, or the two of an HTTP tunnel.

use padelvar_sdk::{Connection, Either, Error, Microseconds, Segment, select};

use super::tunnel::Up;

/// See the module.
pub struct Wire {
    down: Connection,
    /// Where to say something, if not on the same connection.
    up: Option<Up>,
}

impl Wire {
    /// Both ways on one connection.
    pub fn plain(connection: Connection) -> Self {
        let (down, up) = (connection, None);
        Self { down, up }
    }

    /// An HTTP tunnel.
    pub fn tunnel(down: Connection, up: Up) -> Self {
        let up = Some(up);
        Self { down, up }
    }

    /// Whether it is an HTTP tunnel.
    pub fn is_tunnel(&self) -> bool {
        self.up.is_some()
    }

    /// To be waited for before something is sent.
    pub async fn ready(&mut self) -> Result<(), Error> {
        match &mut self.up {
            Some(up) => up.ready().await,
            None => Ok(()),
        }
    }

    /// Sends.
    pub fn send(&mut self, segments: Vec<Segment>) {
        match &mut self.up {
            Some(up) => up.send(segments),
            None => self.down.send_segments(segments),
        }
    }

    /// Waits for more bytes.
    pub async fn fill(&mut self) -> Result<(), Error> {
        let Some(up) = &mut self.up else {
            return self.down.fill().await;
        };
        match select(self.down.fill(), up.refused()).await {
            Either::Left(filled) => filled,
            Either::Right(error) => Err(error),
        }
    }

    /// Whether the camera hung up.
    pub fn is_closed(&self) -> bool {
        self.down.is_closed()
    }

    /// Looks at all unread bytes.
    pub fn peek<T>(&self, look: impl FnOnce(&[u8]) -> T) -> T {
        self.down.peek(look)
    }

    /// Marks bytes as read.
    pub fn consume(&mut self, count: usize) {
        self.down.consume(count);
    }

    /// When the first unread byte arrived.
    pub fn arrived(&self) -> Microseconds {
        self.down.arrived()
    }
}
