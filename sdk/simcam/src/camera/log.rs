//! What happened, for a test to judge.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::Clock;

/// Bounds of what is remembered, so that a camera can run for days: about ten
/// hours of one client's frames, and a busy test's clients and requests.
const MAX_FRAMES: usize = 1_000_000;
const MAX_REQUESTS: usize = 10_000;
const MAX_CLIENTS: usize = 1_000;

/// One client's connection. Times count from the camera's start.
#[derive(Debug, Clone)]
pub struct ClientLog {
    /// Where the client came from.
    pub peer: SocketAddr,
    /// When it was accepted.
    pub connected: Duration,
    /// When its connection ended; `None` while it lasts.
    pub ended: Option<Duration>,
    /// What it asked, in order.
    pub requests: Vec<Request>,
    /// The frames that were sent to it, in order.
    pub frames: Vec<Sent>,
    /// RTCP receiver reports that came from it, over TCP or UDP.
    pub receiver_reports: u64,
    /// How its datagrams fared; all zero over TCP.
    pub udp: UdpLog,
}

/// Datagrams that the network treated badly (see [`Network`](crate::Network)).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct UdpLog {
    /// Lost on the way.
    pub lost: u64,
    /// Overtaken by others.
    pub reordered: u64,
    /// Sent twice.
    pub duplicated: u64,
    /// Refused by the system, for instance since nobody listens any longer.
    pub refused: u64,
}

/// A request and its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// When it was answered.
    pub at: Duration,
    /// `DESCRIBE`, `GET`, …
    pub method: String,
    /// As the client wrote it.
    pub uri: String,
    /// Status of the answer.
    pub status: u16,
}

/// A frame that went out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sent {
    /// Number in the camera's life, in display order.
    pub number: u64,
    /// What its strip says.
    pub index: u32,
    /// When it had been handed to the network.
    pub at: Duration,
    /// Whether decoding can start with it.
    pub key: bool,
    /// False where a fault took away a part of it or the whole.
    pub whole: bool,
    /// Its RTP timestamp; 0 over HTTP.
    pub rtp_timestamp: u32,
}

#[derive(Debug)]
pub(crate) struct Log {
    clock: Clock,
    clients: Mutex<Vec<Arc<Mutex<ClientLog>>>>,
}

impl Log {
    pub(crate) fn new(clock: Clock) -> Self {
        let clients = Mutex::default();
        Self { clock, clients }
    }

    /// Opens the log of a new client.
    pub(crate) fn client(&self, peer: SocketAddr) -> Client {
        let log = Arc::new(Mutex::new(ClientLog {
            peer,
            connected: self.clock.elapsed(),
            ended: None,
            requests: Vec::new(),
            frames: Vec::new(),
            receiver_reports: 0,
            udp: UdpLog::default(),
        }));
        let mut clients = lock(&self.clients);
        if clients.len() >= MAX_CLIENTS {
            clients.remove(0);
        }
        clients.push(log.clone());
        Client {
            clock: self.clock.clone(),
            log,
        }
    }

    pub(crate) fn clients(&self) -> Vec<ClientLog> {
        lock(&self.clients)
            .iter()
            .map(|log| lock(log).clone())
            .collect()
    }

    pub(crate) fn connected(&self) -> usize {
        let clients = lock(&self.clients);
        clients
            .iter()
            .filter(|log| lock(log).ended.is_none())
            .count()
    }
}

/// Writes one client's log; its end is noted on drop.
#[derive(Debug)]
pub(crate) struct Client {
    clock: Clock,
    log: Arc<Mutex<ClientLog>>,
}

impl Client {
    pub(crate) fn request(&self, method: &str, uri: &str, status: u16) {
        let mut log = lock(&self.log);
        if log.requests.len() < MAX_REQUESTS {
            log.requests.push(Request {
                at: self.clock.elapsed(),
                method: method.to_owned(),
                uri: uri.to_owned(),
                status,
            });
        }
    }

    /// Where the client came from.
    pub(crate) fn peer(&self) -> SocketAddr {
        lock(&self.log).peer
    }

    /// Adds receiver reports, and notes how the datagrams fared so far.
    pub(crate) fn reports(&self, reports: u64, udp: Option<UdpLog>) {
        let mut log = lock(&self.log);
        log.receiver_reports += reports;
        log.udp = udp.unwrap_or(log.udp);
    }

    pub(crate) fn frame(&self, sent: Sent) {
        let mut log = lock(&self.log);
        if log.frames.len() < MAX_FRAMES {
            log.frames.push(sent);
        }
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        lock(&self.log).ended = Some(self.clock.elapsed());
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
