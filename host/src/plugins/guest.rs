//! A running session of an adapter, on a thread of its own.
//!
//! Guests get threads and not tokio tasks: a synchronous WASI call on a tokio worker panics,
//! and a guest's loop must never hold a thread that answers the API. A thread a session keeps
//! them apart from each other as well; it sleeps between calls and costs a few pages.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc as std_mpsc;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use thiserror::Error;
use tokio::sync::oneshot;

use super::bindings::exported::{Command, Event};
use super::bindings::types::Camera;
use super::instance::Instance;
use super::limits::CALL_WALL_SECONDS;
use super::loader::Adapter;
use super::trap::Trap;
use super::witnesses::Witness;
use crate::clock::thread_cpu_us;

/// Stack of a guest's thread: wasmtime gives the guest 512 KiB of it.
const STACK_BYTES: usize = 2 << 20;

/// Why a guest is gone.
#[derive(Debug, Clone, Error)]
pub enum GuestError {
    /// It trapped: a panic, a loop, too much memory, a nonsense answer.
    #[error("the adapter `{adapter}` was stopped: it {reason}")]
    Trapped {
        /// Name of the adapter.
        adapter: String,
        /// What it did.
        reason: Trap,
    },
    /// It did not come back from a call.
    #[error(
        "the adapter `{adapter}` was given up: a call has not returned for {CALL_WALL_SECONDS} s"
    )]
    Stuck {
        /// Name of the adapter.
        adapter: String,
    },
    /// Its thread could not be made.
    #[error("no thread for the adapter: {0}")]
    Thread(String),
}

struct Call {
    now_us: u64,
    event: Arc<Event>,
    reply: oneshot::Sender<Result<Answer, Trap>>,
}

/// What came of a call.
#[derive(Debug)]
pub struct Answer {
    /// What to do next.
    pub commands: Vec<Command>,
    /// Processor time that the call took, with the copying of event and answer, microseconds.
    pub cpu_us: u64,
}

/// One session. Dropping it ends the thread.
pub struct Guest {
    adapter: Arc<Adapter>,
    calls: std_mpsc::Sender<Call>,
    memory_bytes: Arc<AtomicU64>,
    /// There once it has brought pictures, until it fails.
    witness: Mutex<Option<Witness>>,
}

impl Guest {
    /// Starts a thread with an instance of `adapter` for one attempt at `camera`. An instance
    /// that cannot be made shows at the first call. With the same `seed` (see [`fresh_seed`])
    /// and the same events the same instance gives the same answers.
    pub fn start(
        adapter: Arc<Adapter>,
        camera: Camera,
        seed: [u8; 32],
    ) -> Result<Self, GuestError> {
        let (calls, inbox) = std_mpsc::channel::<Call>();
        let memory_bytes = Arc::new(AtomicU64::new(0));
        let thread_adapter = Arc::clone(&adapter);
        let thread_memory = Arc::clone(&memory_bytes);
        std::thread::Builder::new()
            .name(format!("guest-{}", adapter.name()))
            .stack_size(STACK_BYTES)
            .spawn(move || serve(&thread_adapter, &camera, seed, &inbox, &thread_memory))
            .map_err(|error| GuestError::Thread(error.to_string()))?;
        Ok(Self {
            adapter,
            calls,
            memory_bytes,
            witness: Mutex::default(),
        })
    }

    /// An error that ends this guest for what it did; `reason` continues "it …".
    pub fn misdeed(&self, reason: impl Into<Trap>) -> GuestError {
        self.trapped(reason.into())
    }

    /// Hands one event to the guest and waits for its commands. The event is shared, so that
    /// whoever keeps the conversation copies nothing.
    pub async fn handle(&self, now_us: u64, event: Arc<Event>) -> Result<Answer, GuestError> {
        self.adapter.count_call();
        let (reply, answer) = oneshot::channel();
        if self
            .calls
            .send(Call {
                now_us,
                event,
                reply,
            })
            .is_err()
        {
            return Err(self.trapped("ended unexpectedly".into()));
        }
        match tokio::time::timeout(Duration::from_secs(CALL_WALL_SECONDS), answer).await {
            Ok(Ok(Ok(answer))) => {
                self.note(&answer);
                Ok(answer)
            }
            Ok(Ok(Err(trap))) => Err(self.trapped(trap)),
            Ok(Err(_)) => Err(self.trapped("ended unexpectedly".into())),
            Err(_) => {
                let stuck = GuestError::Stuck {
                    adapter: self.adapter.name().to_owned(),
                };
                self.failed();
                Err(stuck)
            }
        }
    }

    /// Bytes of linear memory in use.
    pub fn memory_bytes(&self) -> u64 {
        self.memory_bytes.load(Ordering::Relaxed)
    }

    /// An answer that it gave: who brings pictures speaks for its adapter.
    fn note(&self, answer: &Answer) {
        let packets = |command: &Command| matches!(command, Command::Packets(_));
        let mut witness = self.witness.lock().unwrap_or_else(PoisonError::into_inner);
        if witness.is_none() && answer.commands.iter().any(packets) {
            *witness = Some(self.adapter.witness());
        }
    }

    fn failed(&self) {
        let witness = self
            .witness
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        drop(witness);
        self.adapter.count_trap();
    }

    fn trapped(&self, reason: Trap) -> GuestError {
        self.failed();
        GuestError::Trapped {
            adapter: self.adapter.name().to_owned(),
            reason,
        }
    }
}

/// A seed for a session's random numbers.
pub fn fresh_seed() -> [u8; 32] {
    let mut seed = [0; 32];
    // Unpredictable to cameras, known to the host. When the system has no randomness a
    // fixed seed is as good as none: no secret is made in a guest.
    let _ = rustix::rand::getrandom(&mut seed, rustix::rand::GetRandomFlags::empty());
    seed
}

fn serve(
    adapter: &Adapter,
    camera: &Camera,
    seed: [u8; 32],
    inbox: &std_mpsc::Receiver<Call>,
    memory: &AtomicU64,
) {
    let started = adapter
        .instantiate(seed)
        .and_then(|mut instance: Instance| {
            let session = instance.open(camera)?;
            Ok((instance, session))
        });
    let (mut instance, session) = match started {
        Ok(pair) => pair,
        Err(trap) => {
            if let Ok(call) = inbox.recv() {
                let _ = call.reply.send(Err(trap));
            }
            return;
        }
    };
    let mut share = adapter.memory_share();
    while let Ok(call) = inbox.recv() {
        let before = thread_cpu_us();
        let answer = instance.handle(session, call.now_us, &call.event);
        let answer = answer.map(|commands| Answer {
            commands,
            cpu_us: thread_cpu_us().saturating_sub(before) as u64,
        });
        memory.store(instance.memory_bytes() as u64, Ordering::Relaxed);
        share.set(instance.memory_bytes());
        let dead = answer.is_err();
        // The asker may have given up meanwhile; then nobody reads it.
        let _ = call.reply.send(answer);
        if dead {
            return;
        }
    }
}
