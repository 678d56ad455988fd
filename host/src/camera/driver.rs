//! One attempt at a camera: hands events to the adapter and carries its commands out, until
//! the adapter ends, breaks, or is not wanted any more.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use reqwest::Client;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;
use tracing::{debug, error, info, warn};

use super::connection::Connection;
use super::datagrams::Ports;
use super::http::{self, Request};
use super::inbox::{Inbox, Source, io_error};
use super::secrets::Secrets;
use super::spec::CameraSpec;
use super::timers::Timers;
use super::tls::client_config;
use crate::clock::now_us;
use crate::plugins::types::{
    Camera, ClockReference, Command, ConnectRequest, ConnectionFailure, Event, FailureClass,
    LogLevel, LogLine, Packet, PortFailure, SendRequest, Track,
};
use crate::plugins::{Adapter, Guest, GuestError};

/// Connections, requests and ports that an adapter may hold, each: stops one that opens
/// without end.
const MOST_OPEN: usize = 16;
/// How long an adapter may take to say goodbye.
const GOODBYE: Duration = Duration::from_secs(1);
/// Log lines a second that are kept, and how many may come at once.
const LOG_LINES_A_SECOND: f64 = 20.0;
const LOG_LINES_AT_ONCE: f64 = 400.0;
/// A log line is cut here, bytes.
const LOG_LINE_BYTES: usize = 4096;

/// Takes what an adapter delivers. An error says what was wrong with it and ends the attempt.
pub trait Sink: Send {
    /// The streams, as the adapter now knows them.
    fn tracks(&mut self, tracks: Vec<Track>) -> Result<(), String>;
    /// Pictures.
    fn packets(&mut self, packets: Vec<Packet>) -> Result<(), String>;
    /// The camera's wall clock at a point of a track.
    fn reference(&mut self, reference: ClockReference);
}

/// How an attempt ended.
#[derive(Debug)]
pub enum Outcome {
    /// The adapter said `finished`: after a stop, or because the stream has ended.
    Finished,
    /// The adapter gave up, or delivered nonsense.
    Failed {
        /// Decides when to try again.
        class: FailureClass,
        /// For people.
        message: String,
    },
    /// The adapter broke.
    Broken(GuestError),
}

/// Runs one attempt. `stop` asks the adapter to say goodbye; it has a second for that.
pub async fn attempt(
    spec: &CameraSpec,
    adapter: Arc<Adapter>,
    sink: &mut dyn Sink,
    stop: &CancellationToken,
) -> Outcome {
    let camera = Camera {
        url: spec.url.clone(),
        has_credentials: spec.credentials.is_some(),
        options: spec.options.clone(),
        audio: spec.audio,
        user_agent: concat!("PadelVar/", env!("CARGO_PKG_VERSION")).to_owned(),
    };
    let guest = match Guest::start(adapter, camera) {
        Ok(guest) => guest,
        Err(error) => return Outcome::Broken(error),
    };
    let mut driver = Driver {
        spec,
        sink,
        secrets: Secrets::new(spec.credentials.clone()),
        inbox: Inbox::new(),
        connections: HashMap::new(),
        requests: HashMap::new(),
        ports: HashMap::new(),
        generations: HashMap::new(),
        timers: Timers::default(),
        client: None,
        log: LogBudget {
            left: LOG_LINES_AT_ONCE,
            at: Instant::now(),
        },
        waiting: VecDeque::from([Event::Start]),
    };
    match driver.run(&guest, stop).await {
        Ok(never) => match never {},
        Err(outcome) => outcome,
    }
}

struct Driver<'a> {
    spec: &'a CameraSpec,
    sink: &'a mut dyn Sink,
    secrets: Secrets,
    inbox: Inbox,
    connections: HashMap<u32, Connection>,
    requests: HashMap<u32, Request>,
    ports: HashMap<u32, Ports>,
    generations: HashMap<Source, u64>,
    timers: Timers,
    client: Option<Client>,
    log: LogBudget,
    waiting: VecDeque<Event>,
}

fn failed(class: FailureClass, message: impl Into<String>) -> Outcome {
    Outcome::Failed {
        class,
        message: message.into(),
    }
}

impl Driver<'_> {
    async fn run(
        &mut self,
        guest: &Guest,
        stop: &CancellationToken,
    ) -> Result<std::convert::Infallible, Outcome> {
        let mut goodbye: Option<Instant> = None;
        loop {
            while let Some(event) = self.waiting.pop_front() {
                let answer = guest.handle(now_us() as u64, event).await;
                for command in answer.map_err(Outcome::Broken)? {
                    self.execute(command).await?;
                }
            }
            let ring = self.timers.next_at().map(|at| {
                let wait = at.saturating_sub(now_us() as u64);
                Instant::now() + Duration::from_micros(wait.min(3_600_000_000))
            });
            tokio::select! {
                biased;
                () = stop.cancelled(), if goodbye.is_none() => {
                    goodbye = Some(Instant::now() + GOODBYE);
                    self.waiting.push_back(Event::Stop);
                }
                () = at(goodbye) => return Err(Outcome::Finished),
                () = at(ring) => {
                    if let Some(id) = self.timers.take_due(now_us() as u64) {
                        self.waiting.push_back(Event::Timer(id));
                    }
                }
                (source, generation, event) = self.inbox.next() => {
                    if self.generations.get(&source) == Some(&generation) {
                        self.forget_when_over(source, &event);
                        self.waiting.push_back(event);
                    }
                }
            }
        }
    }

    async fn execute(&mut self, command: Command) -> Result<(), Outcome> {
        match command {
            Command::Connect(request) => self.connect(request)?,
            Command::Send(request) => self.send(&request)?,
            Command::Close(id) => {
                self.connections.remove(&id);
                self.generations.remove(&Source::Connection(id));
            }
            Command::BindDatagramPair(id) => {
                let post = self.open(Source::Port(id), self.ports.len())?;
                let bound = Ports::bind(id, self.spec.grants.clone(), post).await;
                self.keep_ports(id, bound);
            }
            Command::JoinMulticast(request) => {
                let post = self.open(Source::Port(request.port), self.ports.len())?;
                let bound = Ports::join(&request, self.spec.grants.clone(), post).await;
                self.keep_ports(request.port, bound);
            }
            Command::SendDatagram(datagram) => {
                if let Some(ports) = self.ports.get(&datagram.port)
                    && let Err(error) = ports.send(&datagram, &self.spec.grants).await
                {
                    let failure = PortFailure {
                        port: datagram.port,
                        error,
                    };
                    self.waiting.push_back(Event::PortFailed(failure));
                }
            }
            Command::Unbind(id) => {
                self.ports.remove(&id);
                self.generations.remove(&Source::Port(id));
            }
            Command::Request(request) => {
                let client = self.client()?;
                let id = request.id;
                let post = self.open(Source::Request(id), self.requests.len())?;
                let running =
                    Request::start(client, &request, &mut self.secrets, &self.spec.grants, post);
                self.requests.insert(id, running);
            }
            Command::Cancel(id) => {
                self.requests.remove(&id);
                self.generations.remove(&Source::Request(id));
            }
            Command::SetTimer(timer) => {
                if !self.timers.set(timer.id, timer.at) {
                    return Err(failed(
                        FailureClass::Other,
                        "the adapter set too many timers",
                    ));
                }
            }
            Command::ClearTimer(id) => self.timers.clear(id),
            Command::Tracks(tracks) => {
                self.sink
                    .tracks(tracks)
                    .map_err(|error| failed(FailureClass::Unsupported, error))?;
            }
            Command::Packets(packets) => {
                self.sink
                    .packets(packets)
                    .map_err(|error| failed(FailureClass::Protocol, error))?;
            }
            Command::Reference(reference) => self.sink.reference(reference),
            Command::Log(line) => self.log(&line)?,
            Command::Fail(error) => return Err(failed(error.class, shortened(&error.message))),
            Command::Finished => return Err(Outcome::Finished),
            Command::Extra(item) => debug!(name = shortened(&item.name), "extra command ignored"),
        }
        Ok(())
    }

    fn connect(&mut self, request: ConnectRequest) -> Result<(), Outcome> {
        let id = request.id;
        let post = self.open(Source::Connection(id), self.connections.len())?;
        let grants = &self.spec.grants;
        let tls = if request.tls {
            client_config(self.spec.tls).map(Some)
        } else {
            Ok(None)
        };
        let checked = grants
            .check(&request.host, request.port)
            .map_err(|refusal| refusal.to_string())
            .and(tls.map_err(|error| error.to_string()));
        match checked {
            Ok(tls) => {
                let connection = Connection::open(request, grants.clone(), tls, post);
                self.connections.insert(id, connection);
            }
            Err(message) => {
                self.generations.remove(&Source::Connection(id));
                let error = io_error(FailureClass::Other, message);
                self.waiting.push_back(Event::Failed(ConnectionFailure {
                    connection: id,
                    error,
                }));
            }
        }
        Ok(())
    }

    fn send(&mut self, request: &SendRequest) -> Result<(), Outcome> {
        let id = request.connection;
        let Some(connection) = self.connections.get(&id) else {
            return Ok(());
        };
        match self.secrets.fill(&request.segments, connection.is_camera()) {
            Ok(bytes) => {
                if connection.send(bytes) {
                    return Ok(());
                }
                let text = "the adapter writes more than the camera reads (over 1 MiB is waiting)";
                Err(failed(FailureClass::Other, text))
            }
            Err(message) => {
                self.connections.remove(&id);
                self.generations.remove(&Source::Connection(id));
                let error = io_error(FailureClass::Auth, message);
                self.waiting.push_back(Event::Failed(ConnectionFailure {
                    connection: id,
                    error,
                }));
                Ok(())
            }
        }
    }

    fn keep_ports(&mut self, id: u32, bound: Result<Ports, crate::plugins::types::IoError>) {
        match bound {
            Ok(ports) => {
                self.ports.insert(id, ports);
            }
            Err(error) => {
                self.generations.remove(&Source::Port(id));
                self.waiting
                    .push_back(Event::PortFailed(PortFailure { port: id, error }));
            }
        }
    }

    fn client(&mut self) -> Result<Client, Outcome> {
        if let Some(client) = &self.client {
            return Ok(client.clone());
        }
        let client = http::client(self.spec.tls, &self.spec.grants)
            .map_err(|error| failed(FailureClass::Other, error))?;
        self.client = Some(client.clone());
        Ok(client)
    }

    /// Registers a source that the adapter opens.
    fn open(&mut self, source: Source, already: usize) -> Result<super::inbox::Post, Outcome> {
        if already >= MOST_OPEN {
            let text = format!("the adapter opened more than {MOST_OPEN} connections at once");
            return Err(failed(FailureClass::Other, text));
        }
        if self.generations.contains_key(&source) {
            let text = format!("the adapter used {source:?} again while it was open");
            return Err(failed(FailureClass::Other, text));
        }
        let (post, generation) = self.inbox.post(source);
        self.generations.insert(source, generation);
        Ok(post)
    }

    /// Drops what ended by itself, so that its number may be used again.
    fn forget_when_over(&mut self, source: Source, event: &Event) {
        let over = match event {
            Event::Closed(_)
            | Event::Failed(_)
            | Event::PortFailed(_)
            | Event::RequestFailed(_) => true,
            Event::Body(part) => part.last,
            _ => false,
        };
        if over {
            self.generations.remove(&source);
            match source {
                Source::Connection(id) => drop(self.connections.remove(&id)),
                Source::Port(id) => drop(self.ports.remove(&id)),
                Source::Request(id) => drop(self.requests.remove(&id)),
            }
        }
    }

    fn log(&mut self, line: &LogLine) -> Result<(), Outcome> {
        if !self.log.take() {
            return Err(failed(FailureClass::Other, "the adapter floods the log"));
        }
        let text = shortened(&line.message);
        match line.level {
            LogLevel::Debug => debug!("{text}"),
            LogLevel::Info => info!("{text}"),
            LogLevel::Warn => warn!("{text}"),
            LogLevel::Error => error!("{text}"),
        }
        Ok(())
    }
}

async fn at(moment: Option<Instant>) {
    match moment {
        Some(moment) => sleep_until(moment).await,
        None => std::future::pending().await,
    }
}

/// Text of a guest in one line of bounded length.
fn shortened(text: &str) -> String {
    let mut end = text.len().min(LOG_LINE_BYTES);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text[..end]
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}

/// A token bucket for log lines.
struct LogBudget {
    left: f64,
    at: Instant,
}

impl LogBudget {
    fn take(&mut self) -> bool {
        let now = Instant::now();
        let earned = now.duration_since(self.at).as_secs_f64() * LOG_LINES_A_SECOND;
        self.left = (self.left + earned).min(LOG_LINES_AT_ONCE);
        self.at = now;
        self.left -= 1.0;
        self.left >= 0.0
    }
}
