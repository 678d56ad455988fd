//! One attempt at a camera: hands events to the adapter and has its commands carried out,
//! until the adapter ends, breaks, or is not wanted any more.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use reqwest::Client;
use thiserror::Error;
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;

use super::black_box;
use super::budget::Budget;
use super::connection::Connection;
use super::datagrams::Ports;
use super::http::Request;
use super::inbox::{Inbox, Source};
use super::secrets::Secrets;
use super::spec::CameraSpec;
use super::timers::Timers;
use crate::cassette::{Camera, Mask, Tape};
use crate::clock::now_us;
use crate::plugins::types::{ClockReference, Event, FailureClass, Packet, Track};
use crate::plugins::{Adapter, Guest, GuestError, fresh_seed, reason};

/// How long an adapter may take to say goodbye.
const GOODBYE: Duration = Duration::from_secs(1);

/// Takes what an adapter delivers. An error ends the attempt.
pub trait Sink: Send {
    /// The streams, as the adapter now knows them.
    fn tracks(&mut self, tracks: Vec<Track>) -> Result<(), SinkError>;
    /// Pictures.
    fn packets(&mut self, packets: Vec<Packet>) -> Result<(), SinkError>;
    /// The camera's wall clock at a point of a track.
    fn reference(&mut self, reference: ClockReference);
}

/// Why a sink does not take what it is given.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SinkError {
    /// The adapter does its work, but the camera sends nothing that is of use.
    #[error("{0}")]
    Unsupported(String),
    /// The adapter breaks the rules of the WIT. The text continues "it …".
    #[error("it {0}")]
    Misdeed(String),
}

/// How an attempt ended.
#[derive(Debug)]
pub enum Outcome {
    /// The adapter said `finished`: after a stop, or because the stream has ended.
    Finished,
    /// The adapter gave up or broke.
    Failed {
        /// Decides when to try again.
        class: FailureClass,
        /// For people: one line of bounded length, without secrets.
        message: String,
    },
    /// The adapter trapped, or broke the rules of the WIT.
    Broken {
        /// For people: one line of bounded length, without secrets.
        message: String,
    },
}

/// Runs one attempt. `stop` asks the adapter to say goodbye; it has a second for that, whatever
/// it or the network is busy with. `budget` is the camera's, over all its attempts. When the
/// adapter has to be stopped, the end of its conversation goes to the camera's folder for that.
pub async fn attempt(
    spec: &CameraSpec,
    adapter: Arc<Adapter>,
    sink: &mut dyn Sink,
    budget: &mut Budget,
    stop: &CancellationToken,
) -> Outcome {
    // Before the attempt, which may remember something else.
    let kept = spec.crashes.clone();
    let kept = kept.map(|folder| (folder, seen_by_adapter(spec, &adapter)));
    let mut tape = kept.as_ref().map(|_| Tape::ring(fresh_seed()));
    let (outcome, mask) = converse(spec, &adapter, sink, budget, stop, tape.as_mut()).await;
    if let (Outcome::Broken { message }, Some(tape), Some(kept)) = (&outcome, tape, kept) {
        black_box::keep(kept, &adapter, message, tape, mask).await;
    }
    outcome
}

/// The camera as its adapter sees it.
pub(super) fn seen_by_adapter(spec: &CameraSpec, adapter: &Adapter) -> Camera {
    Camera {
        url: spec.url.clone(),
        has_credentials: spec.credentials.is_some(),
        options: spec.options.clone(),
        audio: spec.audio,
        user_agent: concat!("PadelVar/", env!("CARGO_PKG_VERSION")).to_owned(),
        memory: spec.remembered.of(adapter.digest()),
    }
}

/// The attempt itself. The conversation goes to `tape`; beside the outcome comes what knows the
/// secrets that were in use.
pub(super) async fn converse(
    spec: &CameraSpec,
    adapter: &Arc<Adapter>,
    sink: &mut dyn Sink,
    budget: &mut Budget,
    stop: &CancellationToken,
    tape: Option<&mut Tape>,
) -> (Outcome, Mask) {
    let secrets = Secrets::new(spec.credentials.clone());
    let seed = tape.as_ref().map_or_else(fresh_seed, |tape| tape.seed());
    let guest = match Guest::start(Arc::clone(adapter), seen_by_adapter(spec, adapter), seed) {
        Ok(guest) => guest,
        Err(error) => {
            let outcome = failed(FailureClass::Other, error.to_string());
            return (outcome, secrets.mask(spec));
        }
    };
    let mut driver = Driver {
        spec,
        adapter,
        guest,
        sink,
        budget,
        secrets,
        inbox: Inbox::new(),
        connections: HashMap::new(),
        requests: HashMap::new(),
        ports: HashMap::new(),
        generations: HashMap::new(),
        timers: Timers::default(),
        client: None,
        waiting: VecDeque::from([Event::Start]),
        own_cpu_us: 0,
        tape,
    };
    let farewell = async {
        stop.cancelled().await;
        sleep(GOODBYE).await;
    };
    let outcome = tokio::select! {
        ended = driver.run(stop) => match ended {
            Ok(never) => match never {},
            Err(outcome) => outcome,
        },
        () = farewell => Outcome::Finished,
    };
    // First the secrets and then the length: a secret that was cut would not be found.
    let clean = |message: String| reason(&driver.secrets.redact(&message));
    let outcome = match outcome {
        Outcome::Finished => outcome,
        Outcome::Failed { class, message } => failed(class, clean(message)),
        Outcome::Broken { message } => {
            let message = clean(message);
            adapter.accuse(&message);
            Outcome::Broken { message }
        }
    };
    (outcome, driver.secrets.mask(spec))
}

/// What an attempt holds. How commands are carried out is in `commands`.
pub(super) struct Driver<'a> {
    pub(super) spec: &'a CameraSpec,
    pub(super) adapter: &'a Adapter,
    guest: Guest,
    pub(super) sink: &'a mut dyn Sink,
    pub(super) budget: &'a mut Budget,
    pub(super) secrets: Secrets,
    pub(super) inbox: Inbox,
    pub(super) connections: HashMap<u32, Connection>,
    pub(super) requests: HashMap<u32, Request>,
    pub(super) ports: HashMap<u32, Ports>,
    /// What is open, with the generation that its events bear.
    pub(super) generations: HashMap<Source, u64>,
    pub(super) timers: Timers,
    pub(super) client: Option<Client>,
    /// Events that the adapter has still to see, before any further one.
    pub(super) waiting: VecDeque<Event>,
    /// Processor time that the host spent on the adapter's commands since its last call.
    pub(super) own_cpu_us: u64,
    /// Keeps the conversation.
    tape: Option<&'a mut Tape>,
}

pub(super) fn failed(class: FailureClass, message: impl Into<String>) -> Outcome {
    Outcome::Failed {
        class,
        message: message.into(),
    }
}

fn broken(error: &GuestError) -> Outcome {
    Outcome::Broken {
        message: error.to_string(),
    }
}

impl Driver<'_> {
    /// The adapter did what it may not; `what` continues "it …".
    pub(super) fn misdeed(&self, what: impl Into<String>) -> Outcome {
        broken(&self.guest.misdeed(what))
    }

    async fn run(&mut self, stop: &CancellationToken) -> Result<std::convert::Infallible, Outcome> {
        let mut asked_to_stop = false;
        loop {
            // Between any two events: an adapter that never runs out of them hears it too.
            if !asked_to_stop && stop.is_cancelled() {
                asked_to_stop = true;
                let behind_start = usize::from(self.waiting.front() == Some(&Event::Start));
                self.waiting.insert(behind_start, Event::Stop);
            }
            let Some(event) = self.waiting.pop_front() else {
                self.wait(stop, asked_to_stop).await;
                continue;
            };
            let data = matches!(
                event,
                Event::Received(_) | Event::Datagrams(_) | Event::Body(_)
            );
            let (now, event) = (now_us() as u64, Arc::new(event));
            if let Some(tape) = &mut self.tape {
                tape.event(now, &event);
            }
            let answer = self.guest.handle(now, event).await;
            let answer = answer.map_err(|error| broken(&error))?;
            if let Some(tape) = &mut self.tape {
                tape.answer(&answer.commands);
            }
            let cpu_us = answer.cpu_us + std::mem::take(&mut self.own_cpu_us);
            self.budget
                .call(data, cpu_us, now_us())
                .map_err(|excess| self.misdeed(excess))?;
            for command in answer.commands {
                self.execute(command).await?;
            }
        }
    }

    /// Waits for the next thing that the adapter should know of.
    async fn wait(&mut self, stop: &CancellationToken, asked_to_stop: bool) {
        let ring = self.timers.next_at().map(|at| {
            let wait = at.saturating_sub(now_us() as u64);
            Instant::now() + Duration::from_micros(wait.min(3_600_000_000))
        });
        tokio::select! {
            biased;
            () = stop.cancelled(), if !asked_to_stop => {}
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
            self.forget(source);
        }
    }

    /// Closes a source. What it still had under way is dropped.
    pub(super) fn forget(&mut self, source: Source) {
        self.generations.remove(&source);
        match source {
            Source::Connection(id) => drop(self.connections.remove(&id)),
            Source::Port(id) => drop(self.ports.remove(&id)),
            Source::Request(id) => drop(self.requests.remove(&id)),
        }
    }
}

async fn at(moment: Option<Instant>) {
    match moment {
        Some(moment) => sleep_until(moment).await,
        None => std::future::pending().await,
    }
}
