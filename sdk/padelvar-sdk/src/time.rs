//! Waiting for the host's clock.

use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};
use core::time::Duration;

use crate::error::Error;
use crate::io::Io;
use crate::runtime::Core;
use crate::wit::Microseconds;

/// `duration` after `at`; the end of time where that would be later still.
pub fn after(at: Microseconds, duration: Duration) -> Microseconds {
    at.saturating_add(u64::try_from(duration.as_micros()).unwrap_or(u64::MAX))
}

/// Something took too long. Turns into an error of class `unreachable`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no answer within {} ms", .duration.as_millis())]
pub struct Elapsed {
    duration: Duration,
}

impl Elapsed {
    /// Of something that was given that long.
    pub fn new(duration: Duration) -> Self {
        Self { duration }
    }
}

impl From<Elapsed> for Error {
    fn from(elapsed: Elapsed) -> Self {
        Self::unreachable(elapsed.to_string())
    }
}

/// A future that is ready at a time. The host hears of it when it is first waited
/// for, and is told to forget it when it is dropped before.
#[derive(Debug)]
pub struct Sleep {
    io: Io,
    at: Microseconds,
    id: Option<u32>,
}

impl Sleep {
    pub(crate) fn new(io: Io, at: Microseconds) -> Self {
        Self { io, at, id: None }
    }
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        let (at, id) = (self.at, self.id);
        let (ready, id) = self.io.with(|core| match id {
            Some(id) => (core.alarm_rung(id), Some(id)),
            None if at <= core.now => (true, None),
            None => {
                let id = core.next_id();
                core.set_alarm(id, at);
                (false, Some(id))
            }
        });
        self.id = id;
        if ready {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        if let Some(id) = self.id {
            self.io.with(|core| core.clear_alarm(id));
        }
    }
}

/// A timer that is set again and again.
#[derive(Debug)]
pub struct Timer {
    io: Io,
    id: u32,
}

impl Timer {
    pub(crate) fn new(io: Io) -> Self {
        let id = io.with(Core::next_id);
        Self { io, id }
    }

    /// Lets it ring at `at`, and no more at the time that was set before.
    pub fn set(&mut self, at: Microseconds) {
        self.io.with(|core| core.set_alarm(self.id, at));
    }

    /// Waits until it rings. It goes on ringing until it is set again. A timer that
    /// was never set never rings.
    pub fn rung(&self) -> impl Future<Output = ()> + use<> {
        let (io, id) = (self.io.clone(), self.id);
        core::future::poll_fn(move |_| {
            if io.with(|core| core.alarm_rung(id)) {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        })
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        self.io.with(|core| core.clear_alarm(self.id));
    }
}
