//! How sockets tell the driver what happened: one bounded channel for all of a session's
//! sources, so that an adapter that is slow slows its camera and fills no memory.

use tokio::sync::mpsc;

use crate::plugins::types::{Event, FailureClass, IoError};

/// Events that may wait for the adapter, over all its sources.
const DEPTH: usize = 4;

/// Which source an event comes from. An adapter may use a number again; what an older source
/// of that number still had under way is told apart by `generation` and dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Source {
    /// A TCP or TLS connection.
    Connection(u32),
    /// A pair of UDP ports.
    Port(u32),
    /// An HTTP request.
    Request(u32),
}

/// Sending side, one a source.
#[derive(Clone)]
pub struct Post {
    source: Source,
    generation: u64,
    sender: mpsc::Sender<(Source, u64, Event)>,
}

impl Post {
    /// Waits for room; false when the session is over.
    pub async fn send(&self, event: Event) -> bool {
        self.sender
            .send((self.source, self.generation, event))
            .await
            .is_ok()
    }
}

/// Receiving side.
pub struct Inbox {
    sender: mpsc::Sender<(Source, u64, Event)>,
    receiver: mpsc::Receiver<(Source, u64, Event)>,
    generation: u64,
}

impl Inbox {
    pub fn new() -> Self {
        let (sender, receiver) = mpsc::channel(DEPTH);
        Self {
            sender,
            receiver,
            generation: 0,
        }
    }

    /// A sender for a new source, with the generation that its events will bear.
    pub fn post(&mut self, source: Source) -> (Post, u64) {
        self.generation += 1;
        let post = Post {
            source,
            generation: self.generation,
            sender: self.sender.clone(),
        };
        (post, self.generation)
    }

    /// The next event. Never ends, since the inbox holds a sender itself.
    pub async fn next(&mut self) -> (Source, u64, Event) {
        match self.receiver.recv().await {
            Some(item) => item,
            None => std::future::pending().await,
        }
    }
}

/// An error as adapters see it.
pub fn io_error(class: FailureClass, message: impl Into<String>) -> IoError {
    IoError {
        class,
        message: message.into(),
    }
}
