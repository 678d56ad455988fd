//! The author's handle to the host.

use core::fmt::Display;
use core::future::{Future, poll_fn};
use core::task::Poll;
use core::time::Duration;
use std::cell::RefCell;
use std::rc::Rc;

use crate::connection::Connection;
use crate::datagrams::Datagrams;
use crate::error::Error;
use crate::http::{self, Request, Response};
use crate::runtime::Core;
use crate::select::{Either, select};
use crate::time::{Elapsed, Sleep, Timer, after};
use crate::wit::{ClockReference, Command, LogLevel, LogLine, Microseconds, Packet, Track};

/// What an adapter can do. Cheap to clone; all clones are the same session.
#[derive(Debug, Clone)]
pub struct Io {
    core: Rc<RefCell<Core>>,
}

impl Io {
    pub(crate) fn new() -> Self {
        let core = Rc::default();
        Self { core }
    }

    /// Everything goes through here so that no borrow ever lives across an await.
    pub(crate) fn with<T>(&self, action: impl FnOnce(&mut Core) -> T) -> T {
        action(&mut self.core.borrow_mut())
    }

    /// The host's clock as of the current event.
    pub fn now(&self) -> Microseconds {
        self.with(|core| core.now)
    }

    /// Opens a TCP connection (with TLS if wanted) to a name or literal address.
    pub async fn connect(&self, host: &str, port: u16, tls: bool) -> Result<Connection, Error> {
        Connection::open(self, host, port, tls).await
    }

    /// Binds two neighbouring UDP ports, the lower one even.
    pub async fn bind_datagrams(&self) -> Result<Datagrams, Error> {
        Datagrams::bind(self).await
    }

    /// Joins a multicast group on `rtp_port` and the port after it. The group must be granted
    /// by `reach`. `source`: only this sender (RFC 4607).
    pub async fn join_multicast(
        &self,
        group: &str,
        rtp_port: u16,
        source: Option<&str>,
    ) -> Result<Datagrams, Error> {
        Datagrams::join(self, group, rtp_port, source).await
    }

    /// Sends an HTTP request and waits for the header of its answer, whatever its
    /// status is.
    pub async fn request(&self, request: Request) -> Result<Response, Error> {
        http::send(self, request).await
    }

    /// Waits that long.
    pub fn sleep(&self, duration: Duration) -> Sleep {
        self.sleep_until(after(self.now(), duration))
    }

    /// Waits until the host's clock shows `at`.
    pub fn sleep_until(&self, at: Microseconds) -> Sleep {
        Sleep::new(self.clone(), at)
    }

    /// A timer to keep and set again, which costs less than a [`Sleep`] for every
    /// round of a loop.
    pub fn timer(&self) -> Timer {
        Timer::new(self.clone())
    }

    /// Waits for `future`, but no longer than `duration`; then the future is dropped.
    pub async fn timeout<F: Future>(
        &self,
        duration: Duration,
        future: F,
    ) -> Result<F::Output, Elapsed> {
        match select(future, self.sleep(duration)).await {
            Either::Left(output) => Ok(output),
            Either::Right(()) => Err(Elapsed::new(duration)),
        }
    }

    /// Resolves when the host wants the session no more. An adapter that never calls
    /// this is simply dropped then; one that does has a second to say goodbye and
    /// return.
    pub fn stopped(&self) -> impl Future<Output = ()> + use<> {
        self.with(|core| core.stop_watched = true);
        let io = self.clone();
        poll_fn(move |_| {
            if io.is_stopped() {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        })
    }

    /// Whether the host wants the session no more.
    pub fn is_stopped(&self) -> bool {
        self.with(|core| core.stopped)
    }

    /// Says which streams packets will come for; replaces what was said before.
    pub fn tracks(&self, tracks: Vec<Track>) {
        self.command(Command::Tracks(tracks));
    }

    /// Hands over a picture. All of one event travel together.
    pub fn emit(&self, packet: Packet) {
        self.with(|core| core.packet(packet));
    }

    /// Says what the camera's wall clock shows at a point of a track.
    pub fn reference(&self, reference: ClockReference) {
        self.command(Command::Reference(reference));
    }

    /// Has the host keep this for the next session with this camera (`Camera::memory`), in the
    /// place of what it kept before. At most 4,096 bytes; empty forgets.
    pub fn remember(&self, memory: &[u8]) {
        self.command(Command::Remember(memory.to_vec()));
    }

    /// Writes a line to the host's log. A flood of lines ends the session.
    pub fn log(&self, level: LogLevel, message: impl Display) {
        let message = message.to_string();
        self.command(Command::Log(LogLine { level, message }));
    }

    /// A line for those who look for the cause of something.
    pub fn debug(&self, message: impl Display) {
        self.log(LogLevel::Debug, message);
    }

    /// A line that an operator may want to see.
    pub fn info(&self, message: impl Display) {
        self.log(LogLevel::Info, message);
    }

    /// A line about something odd that does not stop the stream.
    pub fn warn(&self, message: impl Display) {
        self.log(LogLevel::Warn, message);
    }

    /// A line about something that stops the stream.
    pub fn error(&self, message: impl Display) {
        self.log(LogLevel::Error, message);
    }

    /// Any command, for what this crate does not wrap.
    pub fn command(&self, command: Command) {
        self.with(|core| core.command(command));
    }
}
