//! How an adapter's commands are carried out, under the rules of what its camera is granted.

use reqwest::Client;
use tracing::{debug, error, info, warn};

use super::connection::Connection;
use super::datagrams::Ports;
use super::driver::{Driver, Outcome, SinkError, failed};
use super::encode;
use super::http::{self, Request};
use super::inbox::{Post, Source, io_error};
use super::remembered::MOST_REMEMBERED;
use super::tls::client_config;
use crate::clock::{now_us, thread_cpu_us};
use crate::plugins::one_line;
use crate::plugins::types::{
    Command, ConnectRequest, ConnectionFailure, DatagramToSend, Event, FailureClass, HttpRequest,
    IoError, LogLevel, LogLine, PortFailure, Segment, SendRequest,
};

/// Connections, requests and ports that an adapter may hold, each: stops one that opens
/// without end.
const MOST_OPEN: usize = 16;
/// What may wait to be written, bytes, as the WIT says.
const MOST_UNWRITTEN: usize = 1 << 20;
/// A log line is cut here, characters.
const LINE_CHARS: usize = 4096;

impl Driver<'_> {
    /// Carries one command out. An error ends the attempt.
    pub(super) async fn execute(&mut self, command: Command) -> Result<(), Outcome> {
        match command {
            Command::BindDatagramPair(id) => {
                let post = self.open(Source::Port(id))?;
                let bound = Ports::bind(id, self.spec.grants.clone(), post).await;
                self.keep_ports(id, bound);
                Ok(())
            }
            Command::JoinMulticast(request) => {
                let post = self.open(Source::Port(request.port))?;
                let bound = Ports::join(&request, self.spec.grants.clone(), post).await;
                self.keep_ports(request.port, bound);
                Ok(())
            }
            Command::SendDatagram(datagram) => {
                self.budget
                    .datagram(now_us())
                    .map_err(|excess| self.misdeed(excess))?;
                self.send_datagram(&datagram).await;
                Ok(())
            }
            other => {
                let before = thread_cpu_us();
                let done = self.execute_at_once(other);
                // The work that an adapter makes for the host is counted as its own.
                self.own_cpu_us += thread_cpu_us().saturating_sub(before) as u64;
                done
            }
        }
    }

    /// The commands that wait for nothing.
    fn execute_at_once(&mut self, command: Command) -> Result<(), Outcome> {
        match command {
            Command::Connect(request) => self.connect(request)?,
            Command::Send(request) => self.send(&request)?,
            Command::Close(id) => self.forget(Source::Connection(id)),
            Command::Unbind(id) => self.forget(Source::Port(id)),
            Command::Request(request) => self.request(&request)?,
            Command::Cancel(id) => self.forget(Source::Request(id)),
            Command::SetTimer(timer) => {
                if !self.timers.set(timer.id, timer.at) {
                    return Err(self.misdeed("set too many timers"));
                }
            }
            Command::ClearTimer(id) => self.timers.clear(id),
            Command::Remember(memory) if memory.len() > MOST_REMEMBERED => {
                return Err(self.misdeed(format!(
                    "would remember {} bytes, and {MOST_REMEMBERED} are kept",
                    memory.len()
                )));
            }
            Command::Remember(memory) => self.spec.remembered.keep(self.adapter.digest(), memory),
            Command::Tracks(tracks) => {
                let taken = self.sink.tracks(tracks);
                taken.map_err(|error| self.not_taken(error))?;
            }
            Command::Packets(packets) => {
                let taken = self.sink.packets(packets);
                taken.map_err(|error| self.not_taken(error))?;
            }
            Command::Reference(reference) => self.sink.reference(reference),
            Command::Log(line) => self.log(&line)?,
            Command::Fail(error) => return Err(failed(error.class, error.message)),
            Command::Finished => return Err(Outcome::Finished),
            // Unknown names are ignored. (The first three were carried out by `execute`.)
            Command::BindDatagramPair(_)
            | Command::JoinMulticast(_)
            | Command::SendDatagram(_)
            | Command::Extra(_) => debug!("a command that is not known is ignored"),
        }
        Ok(())
    }

    fn not_taken(&self, error: SinkError) -> Outcome {
        match error {
            SinkError::Unsupported(message) => failed(FailureClass::Unsupported, message),
            SinkError::Misdeed(what) => self.misdeed(what),
        }
    }

    fn connect(&mut self, request: ConnectRequest) -> Result<(), Outcome> {
        let id = request.id;
        let post = self.open(Source::Connection(id))?;
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
            Err(message) => self.connection_failed(id, io_error(FailureClass::Other, message)),
        }
        Ok(())
    }

    fn send(&mut self, request: &SendRequest) -> Result<(), Outcome> {
        let id = request.connection;
        let Some(connection) = self.connections.get(&id) else {
            return Ok(());
        };
        let plain = request.segments.iter().map(|segment| match segment {
            Segment::Bytes(bytes) => bytes.len(),
            Segment::Secret(_) => 0,
        });
        let fits = plain.sum::<usize>() <= MOST_UNWRITTEN
            && match self.secrets.fill(&request.segments, connection.is_camera()) {
                Ok(bytes) if request.base64 => {
                    connection.send(encode::base64(&bytes).into_bytes(), MOST_UNWRITTEN)
                }
                Ok(bytes) => connection.send(bytes, MOST_UNWRITTEN),
                Err(message) => {
                    self.connection_failed(id, io_error(FailureClass::Auth, message));
                    true
                }
            };
        if fits {
            return Ok(());
        }
        Err(self.misdeed("writes more than the camera reads: over 1 MiB is waiting"))
    }

    /// Ends a connection with an event that says why.
    fn connection_failed(&mut self, connection: u32, error: IoError) {
        self.forget(Source::Connection(connection));
        self.waiting
            .push_back(Event::Failed(ConnectionFailure { connection, error }));
    }

    async fn send_datagram(&mut self, datagram: &DatagramToSend) {
        let port = datagram.port;
        if let Some(ports) = self.ports.get(&port)
            && let Err(error) = ports.send(datagram, &self.spec.grants).await
        {
            self.waiting
                .push_back(Event::PortFailed(PortFailure { port, error }));
        }
    }

    fn keep_ports(&mut self, id: u32, bound: Result<Ports, IoError>) {
        match bound {
            Ok(ports) => {
                self.ports.insert(id, ports);
            }
            Err(error) => {
                self.forget(Source::Port(id));
                self.waiting
                    .push_back(Event::PortFailed(PortFailure { port: id, error }));
            }
        }
    }

    fn request(&mut self, request: &HttpRequest) -> Result<(), Outcome> {
        let client = self.client()?;
        let post = self.open(Source::Request(request.id))?;
        let running = Request::start(client, request, &mut self.secrets, &self.spec.grants, post);
        self.requests.insert(request.id, running);
        Ok(())
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
    fn open(&mut self, source: Source) -> Result<Post, Outcome> {
        let (already, what) = match source {
            Source::Connection(_) => (self.connections.len(), "connections"),
            Source::Port(_) => (self.ports.len(), "pairs of ports"),
            Source::Request(_) => (self.requests.len(), "requests"),
        };
        if already >= MOST_OPEN {
            return Err(self.misdeed(format!("opened more than {MOST_OPEN} {what} at once")));
        }
        if self.generations.contains_key(&source) {
            return Err(self.misdeed(format!(
                "used a number again that is one of its open {what}"
            )));
        }
        let (post, generation) = self.inbox.post(source);
        self.generations.insert(source, generation);
        Ok(post)
    }

    fn log(&mut self, line: &LogLine) -> Result<(), Outcome> {
        self.budget
            .line(now_us())
            .map_err(|excess| self.misdeed(excess))?;
        let text = one_line(&self.secrets.redact(&line.message), LINE_CHARS);
        match line.level {
            LogLevel::Debug => debug!("{text}"),
            LogLevel::Info => info!("{text}"),
            LogLevel::Warn => warn!("{text}"),
            LogLevel::Error => error!("{text}"),
        }
        Ok(())
    }
}
