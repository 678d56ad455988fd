//! A host without a network and with a clock of its own: what an adapter asks for is answered by
//! a camera of a given manner, at once, and waiting takes no time.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use super::manner::Manner;
use crate::camera::{Budget, Timers};
use crate::cassette::Pictured;
use crate::plugins::types::{
    BodyPart, Camera, Command, ConnectionFailure, Event, FailureClass, HttpRequest, IoError,
    PortFailure, ReceivedBytes, RequestFailure,
};
use crate::plugins::{Adapter, Guest, reason};

/// Where the clock begins: not at zero, so that differences are not mistaken for times.
pub const BEGIN_US: u64 = 1_000_000_000;
/// A second on the clock.
pub const SECOND_US: u64 = 1_000_000;

/// How a run ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Ended {
    /// The adapter said `finished`.
    Finished,
    /// The adapter said `fail`.
    Failed(FailureClass, String),
    /// The adapter trapped, was late, or did what it may not.
    Crashed(String),
    /// It waits, and nothing can come any more: no timer, no question that is open.
    Stuck,
    /// The time of the run was over.
    OutOfTime,
}

/// One session of an adapter.
pub struct Stage {
    guest: Guest,
    manner: Manner,
    now_us: u64,
    timers: Timers,
    budget: Budget,
    waiting: VecDeque<Event>,
    /// What comes later by itself, by its time.
    later: BTreeMap<(u64, u64), Event>,
    counter: u64,
    /// Requests whose answer has not ended, with the milliseconds of silence that end them.
    requests: BTreeMap<u32, u32>,
    /// Connections that are open.
    connections: BTreeSet<u32>,
    /// Connections, requests and ports that were asked for.
    pub asks: u64,
    /// Packets that were delivered.
    pub packets: Vec<Pictured>,
    /// Calls so far.
    pub calls: u64,
}

impl Stage {
    /// A session that has not started.
    pub fn new(adapter: &Arc<Adapter>, camera: Camera, seed: [u8; 32], manner: Manner) -> Self {
        let guest = Guest::start(Arc::clone(adapter), camera, seed)
            .expect("a desk has threads enough for one session");
        Self {
            guest,
            manner,
            now_us: BEGIN_US,
            timers: Timers::default(),
            budget: Budget::new(BEGIN_US as i64),
            waiting: VecDeque::new(),
            later: BTreeMap::new(),
            counter: 0,
            requests: BTreeMap::new(),
            connections: BTreeSet::new(),
            asks: 0,
            packets: Vec::new(),
            calls: 0,
        }
    }

    /// Lets something happen next.
    pub fn happens(&mut self, event: Event) {
        self.waiting.push_back(event);
    }

    /// Moves the clock, never backwards.
    pub fn set_now(&mut self, now_us: u64) {
        self.now_us = self.now_us.max(now_us);
    }

    /// Sets the clock before anything happened.
    pub fn begin_at(&mut self, now_us: u64) {
        self.now_us = now_us;
        self.budget = Budget::new(now_us as i64);
    }

    /// From now on the camera is of another manner. What is open stays so.
    pub fn turn(&mut self, manner: Manner) {
        self.manner = manner;
        if !self.manner.is_silent() {
            return;
        }
        for (id, idle_ms) in self.requests.clone() {
            self.fails_later(id, idle_ms, "the camera has stopped sending");
        }
    }

    /// Ends all that is open, in its middle.
    pub fn hang_up(&mut self) {
        let closed = std::mem::take(&mut self.connections).into_iter();
        self.waiting.extend(closed.map(Event::Closed));
        for (id, _) in std::mem::take(&mut self.requests) {
            let error = IoError {
                class: FailureClass::Protocol,
                message: "the connection was closed before the message was complete".to_owned(),
            };
            let failed = RequestFailure { id, error };
            self.waiting.push_back(Event::RequestFailed(failed));
        }
    }

    /// One of what is open: a connection, or else a request.
    pub fn receives(&self, bytes: Vec<u8>) -> Option<Event> {
        if let Some(&connection) = self.connections.last() {
            return Some(Event::Received(ReceivedBytes {
                connection,
                bytes,
                arrived: self.now_us,
            }));
        }
        let (&id, _) = self.requests.last_key_value()?;
        Some(Event::Body(BodyPart {
            id,
            bytes,
            arrived: self.now_us,
            last: false,
        }))
    }

    /// Hands over what waits, and nothing else: none where the session goes on.
    pub async fn deliver(&mut self) -> Option<Ended> {
        while let Some(event) = self.waiting.pop_front() {
            if let Some(ended) = self.call(event).await {
                return Some(ended);
            }
        }
        None
    }

    /// Runs until the session ends or so much time has passed on its clock.
    pub async fn run(&mut self, lasting_us: u64) -> Ended {
        let until = self.now_us + lasting_us;
        loop {
            if let Some(ended) = self.deliver().await {
                return ended;
            }
            let timer = self.timers.next_at();
            let later = self.later.keys().next().map(|(at, _)| *at);
            let Some(next) = timer.into_iter().chain(later).min() else {
                return Ended::Stuck;
            };
            if next > until {
                self.now_us = until;
                return Ended::OutOfTime;
            }
            self.now_us = self.now_us.max(next);
            if let Some(id) = self.timers.take_due(self.now_us) {
                self.waiting.push_back(Event::Timer(id));
            } else if let Some(((_, _), event)) = self.later.pop_first() {
                self.waiting.push_back(event);
            }
        }
    }

    async fn call(&mut self, event: Event) -> Option<Ended> {
        self.calls += 1;
        self.note(&event);
        let data = matches!(
            event,
            Event::Received(_) | Event::Body(_) | Event::Datagrams(_)
        );
        let answer = match self.guest.handle(self.now_us, Arc::new(event)).await {
            Ok(answer) => answer,
            Err(error) => return Some(Ended::Crashed(reason(&error.to_string()))),
        };
        // Processor time is counted against a real clock, and this one stands still.
        if let Err(excess) = self.budget.call(data, 0, self.now_us as i64) {
            return Some(Ended::Crashed(format!("it {excess}")));
        }
        for command in answer.commands {
            if let Some(ended) = self.carry_out(command) {
                return Some(ended);
            }
        }
        None
    }

    /// Remembers what is open.
    fn note(&mut self, event: &Event) {
        match event {
            Event::Connected(id) => {
                self.connections.insert(*id);
            }
            Event::Closed(id) => {
                self.connections.remove(id);
            }
            Event::Failed(it) => {
                self.connections.remove(&it.connection);
            }
            Event::Body(it) if it.last => {
                self.requests.remove(&it.id);
            }
            Event::RequestFailed(it) => {
                self.requests.remove(&it.id);
            }
            _ => {}
        }
    }

    fn fails_later(&mut self, id: u32, wait_ms: u32, why: &str) {
        let wait_us = u64::from(wait_ms.clamp(1, 60_000)) * 1000;
        self.counter += 1;
        let error = IoError {
            class: FailureClass::Unreachable,
            message: why.to_owned(),
        };
        let failed = Event::RequestFailed(RequestFailure { id, error });
        self.later
            .insert((self.now_us + wait_us, self.counter), failed);
    }

    fn carry_out(&mut self, command: Command) -> Option<Ended> {
        match command {
            Command::Connect(it) => {
                self.asks += 1;
                let answers = self.manner.connect(it.id, self.now_us);
                self.waiting.extend(answers);
            }
            Command::Send(it) => {
                let answers = self.manner.sent(it.connection, self.now_us);
                self.waiting.extend(answers);
            }
            Command::Request(it) => {
                self.asks += 1;
                self.request(&it);
            }
            Command::Close(id) => {
                self.connections.remove(&id);
                self.forget(|event| match event {
                    Event::Connected(it) | Event::Closed(it) => *it == id,
                    Event::Received(it) => it.connection == id,
                    Event::Failed(it) => it.connection == id,
                    _ => false,
                });
            }
            Command::Cancel(id) => {
                self.requests.remove(&id);
                self.forget(|event| match event {
                    Event::Response(it) => it.id == id,
                    Event::Body(it) => it.id == id,
                    Event::RequestFailed(it) => it.id == id,
                    _ => false,
                });
            }
            Command::BindDatagramPair(port) => self.port(port),
            Command::JoinMulticast(it) => self.port(it.port),
            Command::SetTimer(it) => {
                if !self.timers.set(it.id, it.at) {
                    return Some(Ended::Crashed("it set too many timers".to_owned()));
                }
            }
            Command::ClearTimer(id) => self.timers.clear(id),
            Command::Packets(packets) => {
                let measured = packets.iter().map(|packet| Pictured::of(packet, true));
                self.packets.extend(measured);
            }
            Command::Log(_) => {
                if let Err(excess) = self.budget.line(self.now_us as i64) {
                    return Some(Ended::Crashed(format!("it {excess}")));
                }
            }
            Command::Fail(error) => {
                return Some(Ended::Failed(error.class, reason(&error.message)));
            }
            Command::Finished => return Some(Ended::Finished),
            Command::SendDatagram(_)
            | Command::Unbind(_)
            | Command::Tracks(_)
            | Command::Reference(_)
            | Command::Remember(_)
            | Command::Extra(_) => {}
        }
        None
    }

    /// Drops what can no longer happen.
    fn forget(&mut self, is_of_it: impl Fn(&Event) -> bool) {
        self.waiting.retain(|event| !is_of_it(event));
        self.later.retain(|_, event| !is_of_it(event));
    }

    fn request(&mut self, request: &HttpRequest) {
        let id = request.id;
        let answers = self.manner.request(id, self.now_us);
        let silent = answers.is_empty() && self.manner.is_silent();
        self.requests.insert(id, request.idle_timeout_ms);
        self.waiting.extend(answers);
        if silent {
            // The host ends a request that is not answered, as the adapter wished.
            let why = "the camera does not answer the request";
            self.fails_later(id, request.header_timeout_ms, why);
        }
    }

    fn port(&mut self, port: u32) {
        self.asks += 1;
        if let Some(error) = self.manner.port() {
            self.waiting
                .push_back(Event::PortFailed(PortFailure { port, error }));
        }
    }
}

/// A connection that failed.
pub fn connection_failed(connection: u32, error: IoError) -> Event {
    Event::Failed(ConnectionFailure { connection, error })
}
