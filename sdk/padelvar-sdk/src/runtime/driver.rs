//! A session: the author's future, polled once an event.

use core::future::Future;
use core::pin::Pin;
use core::sync::atomic::{AtomicBool, Ordering};
use core::task::{Context, Poll, Waker};
use std::sync::Arc;
use std::task::Wake;

use super::core::Core;
use crate::error::Error;
use crate::io::Io;
use crate::wit::{Camera, Command, Event, Microseconds};

/// How often a future may wake itself during one event. More is an endless loop, for
/// which the host would have to wait 100 ms before it can name the reason.
const MAX_POLLS: u32 = 10_000;

type Run = Pin<Box<dyn Future<Output = Result<(), Error>>>>;

/// Remembers that a future woke its own task.
#[derive(Debug, Default)]
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Drives one adapter through one session.
pub struct Driver {
    io: Io,
    run: Option<Run>,
    started: bool,
    woken: Arc<Woken>,
    waker: Waker,
    /// Said at the start.
    warnings: Vec<String>,
}

impl Driver {
    /// A session that has not started. `options` are the names that the adapter
    /// knows; others that the operator configured are told by a warning.
    pub fn new<F, R>(camera: Camera, options: &[&str], run: F) -> Self
    where
        F: FnOnce(Camera, Io) -> R,
        R: Future<Output = Result<(), Error>> + 'static,
    {
        let io = Io::new();
        let warnings = unknown_options(&camera, options);
        let run: Run = Box::pin(run(camera, io.clone()));
        let woken = Arc::new(Woken::default());
        Self {
            io,
            run: Some(run),
            started: false,
            waker: Waker::from(Arc::clone(&woken)),
            woken,
            warnings,
        }
    }

    /// Takes one event and answers what to do. After the end it answers nothing.
    pub fn handle(&mut self, now: Microseconds, event: Event) -> Vec<Command> {
        if self.run.is_none() {
            return Vec::new();
        }
        self.started |= matches!(event, Event::Start);
        self.io.with(|core| {
            core.now = core.now.max(now);
            core.apply(event);
        });
        for warning in core::mem::take(&mut self.warnings) {
            self.io.warn(warning);
        }
        let (stopped, watched) = self.io.with(|core| (core.stopped, core.stop_watched));
        if stopped && !(self.started && watched) {
            // Nobody wants to say goodbye.
            self.run = None;
            self.io.command(Command::Finished);
        } else if self.started {
            self.poll(stopped);
        }
        self.io.with(Core::take_commands)
    }

    fn poll(&mut self, stopped: bool) {
        let Some(run) = self.run.as_mut() else {
            return;
        };
        let mut context = Context::from_waker(&self.waker);
        let mut result = Poll::Ready(Err(Error::other("the adapter never waits")));
        for _ in 0..MAX_POLLS {
            self.woken.0.store(false, Ordering::Relaxed);
            let state = run.as_mut().poll(&mut context);
            if state.is_ready() || !self.woken.0.load(Ordering::Relaxed) {
                result = state;
                break;
            }
        }
        let Poll::Ready(result) = result else {
            return;
        };
        self.run = None;
        match result {
            Err(error) if !stopped => self.io.command(Command::Fail(error.into())),
            // A camera that is gone when we say goodbye is no failure.
            Ok(()) | Err(_) => self.io.command(Command::Finished),
        }
    }
}

fn unknown_options(camera: &Camera, known: &[&str]) -> Vec<String> {
    let unknown = |name: &&String| !known.contains(&name.as_str());
    camera
        .options
        .iter()
        .map(|(name, _)| name)
        .filter(unknown)
        .map(|name| {
            if known.is_empty() {
                format!("unknown option {name:?}: this adapter has none")
            } else {
                format!(
                    "unknown option {name:?}: this adapter knows {}",
                    known.join(", ")
                )
            }
        })
        .collect()
}
