//! A host for tests: scripted events, virtual time, no wasm.

use core::fmt::Write as _;
use core::future::Future;
use core::time::Duration;
use std::collections::BTreeMap;

use crate::error::Error;
use crate::io::Io;
use crate::runtime::Driver;
use crate::time::after;
use crate::wit::{
    BodyPart, BoundPorts, Camera, Command, Component, ConnectRequest, ConnectionFailure,
    Credential, Datagram, DatagramToSend, Event, FailureClass, Header, HttpRequest, HttpResponse,
    IoError, Microseconds, MulticastRequest, Packet, PortFailure, ReceivedBytes, ReceivedDatagrams,
    Recipe, RequestFailure, Segment, Track,
};

/// A camera with credentials, without options, without sound.
pub fn camera(url: &str) -> Camera {
    Camera {
        url: url.to_owned(),
        has_credentials: true,
        options: Vec::new(),
        audio: false,
        user_agent: "harness".to_owned(),
        memory: Vec::new(),
    }
}

/// Segments as text: bytes as they are, secrets as `<basic or digest METHOD URI>`,
/// `<username>`, `<password>`, `<hash>` or `<token>`.
pub fn render(segments: &[Segment]) -> String {
    let mut text = String::new();
    for segment in segments {
        // Writing to a string cannot fail.
        let _ = match segment {
            Segment::Bytes(bytes) => write!(text, "{}", String::from_utf8_lossy(bytes)),
            Segment::Secret(Recipe::Credential(recipe)) => match recipe.which {
                Credential::Username => write!(text, "<username>"),
                Credential::Password => write!(text, "<password>"),
            },
            Segment::Secret(Recipe::Authorization(recipe)) => {
                write!(text, "<authorization {} {}>", recipe.method, recipe.uri)
            }
            Segment::Secret(Recipe::Hash(_)) => write!(text, "<hash>"),
            Segment::Secret(Recipe::WsUsernameToken(_)) => write!(text, "<token>"),
        };
    }
    text
}

/// A change to good bytes: where (modulo their number), what (modulo 4: a byte is set, a bit is
/// turned, a piece is left out, a piece is said twice), and how much. For fuzz targets, whose
/// inputs get far only where they are mostly right.
pub type Edit = (u32, u8, u16);

/// The bytes with the first 20 of these changes made one after the other. A piece is at most
/// 2,000 bytes long.
pub fn edited(bytes: &[u8], edits: &[Edit]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for (at, what, much) in edits.iter().take(20) {
        if bytes.is_empty() {
            break;
        }
        let at = *at as usize % bytes.len();
        let end = (at + usize::from(*much) % 2000).min(bytes.len());
        match what % 4 {
            0 => bytes[at] = *much as u8,
            1 => bytes[at] ^= 1 << (much % 8),
            2 => drop(bytes.drain(at..end)),
            _ => {
                let piece = bytes[at..end].to_vec();
                bytes.splice(at..at, piece);
            }
        }
    }
    bytes
}

/// Plays the host for one session of an adapter.
pub struct Harness {
    driver: Driver,
    now: Microseconds,
    timers: BTreeMap<u32, Microseconds>,
    commands: Vec<Command>,
    outcome: Option<Result<(), IoError>>,
}

impl Harness {
    /// A session that has not started, at second 1 of the clock.
    pub fn new<F, R>(camera: Camera, run: F) -> Self
    where
        F: FnOnce(Camera, Io) -> R,
        R: Future<Output = Result<(), Error>> + 'static,
    {
        Self {
            driver: Driver::new(camera, &[], run),
            now: 1_000_000,
            timers: BTreeMap::new(),
            commands: Vec::new(),
            outcome: None,
        }
    }

    /// The virtual clock.
    pub fn now(&self) -> Microseconds {
        self.now
    }

    /// Hands over any event.
    pub fn event(&mut self, event: Event) {
        for command in self.driver.handle(self.now, event) {
            match &command {
                Command::SetTimer(timer) => {
                    self.timers.insert(timer.id, timer.at);
                }
                Command::ClearTimer(id) => {
                    self.timers.remove(id);
                }
                Command::Fail(error) => self.outcome = Some(Err(error.clone())),
                Command::Finished => self.outcome = Some(Ok(())),
                _ => {}
            }
            self.commands.push(command);
        }
    }

    /// The first event.
    pub fn start(&mut self) {
        self.event(Event::Start);
    }

    /// The host wants no more.
    pub fn stop(&mut self) {
        self.event(Event::Stop);
    }

    /// A connection is open.
    pub fn connected(&mut self, connection: u32) {
        self.event(Event::Connected(connection));
    }

    /// Bytes came, just now.
    pub fn received(&mut self, connection: u32, bytes: &[u8]) {
        self.event(Event::Received(ReceivedBytes {
            connection,
            bytes: bytes.to_vec(),
            arrived: self.now,
        }));
    }

    /// The camera closed a connection.
    pub fn closed(&mut self, connection: u32) {
        self.event(Event::Closed(connection));
    }

    /// A connection could not be opened, or broke.
    pub fn failed(&mut self, connection: u32, class: FailureClass, message: &str) {
        let message = message.to_owned();
        self.event(Event::Failed(ConnectionFailure {
            connection,
            error: IoError { class, message },
        }));
    }

    /// The header of an HTTP answer came.
    pub fn response(&mut self, id: u32, status: u16, headers: &[(&str, &str)]) {
        let header = |(name, value): &(&str, &str)| Header {
            name: (*name).to_owned(),
            value: (*value).to_owned(),
        };
        self.event(Event::Response(HttpResponse {
            id,
            status,
            headers: headers.iter().map(header).collect(),
        }));
    }

    /// A part of an answer's body came, just now.
    pub fn body(&mut self, id: u32, bytes: &[u8], last: bool) {
        self.event(Event::Body(BodyPart {
            id,
            bytes: bytes.to_vec(),
            arrived: self.now,
            last,
        }));
    }

    /// A request failed.
    pub fn request_failed(&mut self, id: u32, class: FailureClass, message: &str) {
        let message = message.to_owned();
        self.event(Event::RequestFailed(RequestFailure {
            id,
            error: IoError { class, message },
        }));
    }

    /// A pair of UDP ports was bound, or a group joined.
    pub fn bound(&mut self, port: u32, rtp_port: u16) {
        self.event(Event::Bound(BoundPorts {
            port,
            rtp_port,
            rtcp_port: rtp_port + 1,
        }));
    }

    /// A datagram came, just now.
    pub fn datagram(&mut self, port: u32, component: Component, from: (&str, u16), bytes: Vec<u8>) {
        let datagram = self.came(component, from, bytes);
        self.datagrams(port, vec![datagram]);
    }

    /// A datagram for [`Harness::datagrams`].
    pub fn came(&self, component: Component, from: (&str, u16), bytes: Vec<u8>) -> Datagram {
        Datagram {
            component,
            arrived: self.now,
            host: from.0.to_owned(),
            from_port: from.1,
            bytes,
        }
    }

    /// Several datagrams came.
    pub fn datagrams(&mut self, port: u32, datagrams: Vec<Datagram>) {
        self.event(Event::Datagrams(ReceivedDatagrams { port, datagrams }));
    }

    /// Ports could not be bound, a group not joined, or something broke.
    pub fn port_failed(&mut self, port: u32, class: FailureClass, message: &str) {
        let message = message.to_owned();
        self.event(Event::PortFailed(PortFailure {
            port,
            error: IoError { class, message },
        }));
    }

    /// Lets time pass and the timers in it ring, in their order.
    pub fn advance(&mut self, duration: Duration) {
        let end = after(self.now, duration);
        // A bound, so that an adapter that sets timers in the past fails its test.
        for _ in 0..100_000 {
            let next = self.timers.iter().min_by_key(|(_, at)| **at);
            let Some((&id, &at)) = next.filter(|(_, at)| **at <= end) else {
                break;
            };
            self.timers.remove(&id);
            self.now = self.now.max(at);
            self.event(Event::Timer(id));
        }
        self.now = end;
    }

    /// Everything the adapter said since the last call.
    pub fn take(&mut self) -> Vec<Command> {
        core::mem::take(&mut self.commands)
    }

    /// How the session ended, if it did.
    pub fn outcome(&self) -> Option<&Result<(), IoError>> {
        self.outcome.as_ref()
    }

    /// Class and message of the failure, if it failed.
    pub fn failure(&self) -> Option<(FailureClass, &str)> {
        match &self.outcome {
            Some(Err(error)) => Some((error.class, error.message.as_str())),
            _ => None,
        }
    }

    /// What was sent on a connection since the last call, see [`render`]; what goes out as Base64
    /// is shown as `<base64 TEXT>`.
    pub fn sent(&mut self, connection: u32) -> String {
        self.extract(|command| match command {
            Command::Send(send) if send.connection == connection => {
                let text = render(&send.segments);
                Ok(if send.base64 {
                    format!("<base64 {text}>")
                } else {
                    text
                })
            }
            other => Err(other),
        })
        .concat()
    }

    /// What was to be remembered since the last call, the last of it.
    pub fn remembered(&mut self) -> Option<Vec<u8>> {
        let all = self.extract(|command| match command {
            Command::Remember(memory) => Ok(memory),
            other => Err(other),
        });
        all.into_iter().last()
    }

    /// Connections wanted since the last call.
    pub fn connects(&mut self) -> Vec<ConnectRequest> {
        self.extract(|command| match command {
            Command::Connect(connect) => Ok(connect),
            other => Err(other),
        })
    }

    /// What was sent on a connection since the last call, one list a command.
    pub fn sent_segments(&mut self, connection: u32) -> Vec<Vec<Segment>> {
        self.extract(|command| match command {
            Command::Send(send) if send.connection == connection => Ok(send.segments),
            other => Err(other),
        })
    }

    /// Pairs of UDP ports wanted since the last call.
    pub fn binds(&mut self) -> Vec<u32> {
        self.extract(|command| match command {
            Command::BindDatagramPair(port) => Ok(port),
            other => Err(other),
        })
    }

    /// Multicast groups wanted since the last call.
    pub fn joins(&mut self) -> Vec<MulticastRequest> {
        self.extract(|command| match command {
            Command::JoinMulticast(request) => Ok(request),
            other => Err(other),
        })
    }

    /// Ports and groups given up since the last call.
    pub fn unbinds(&mut self) -> Vec<u32> {
        self.extract(|command| match command {
            Command::Unbind(port) => Ok(port),
            other => Err(other),
        })
    }

    /// Datagrams sent since the last call.
    pub fn sent_datagrams(&mut self) -> Vec<DatagramToSend> {
        self.extract(|command| match command {
            Command::SendDatagram(datagram) => Ok(datagram),
            other => Err(other),
        })
    }

    /// HTTP requests since the last call.
    pub fn requests(&mut self) -> Vec<HttpRequest> {
        self.extract(|command| match command {
            Command::Request(request) => Ok(request),
            other => Err(other),
        })
    }

    /// Track lists since the last call.
    pub fn tracks(&mut self) -> Vec<Vec<Track>> {
        self.extract(|command| match command {
            Command::Tracks(tracks) => Ok(tracks),
            other => Err(other),
        })
    }

    /// Packets since the last call.
    pub fn packets(&mut self) -> Vec<Packet> {
        self.extract(|command| match command {
            Command::Packets(packets) => Ok(packets),
            other => Err(other),
        })
        .into_iter()
        .flatten()
        .collect()
    }

    /// Log lines since the last call.
    pub fn logs(&mut self) -> Vec<String> {
        self.extract(|command| match command {
            Command::Log(line) => Ok(line.message),
            other => Err(other),
        })
    }

    fn extract<T>(&mut self, pick: impl Fn(Command) -> Result<T, Command>) -> Vec<T> {
        let mut picked = Vec::new();
        for command in core::mem::take(&mut self.commands) {
            match pick(command) {
                Ok(value) => picked.push(value),
                Err(other) => self.commands.push(other),
            }
        }
        picked
    }
}
