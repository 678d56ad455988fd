//! What all simulated cameras have in common: the clock, the clients, the
//! faults and the handle.

mod clock;
mod listen;
mod log;
mod out;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::auth::{Auth, Gate};
use crate::clip::Clip;
use crate::error::Error;
use crate::fault::{Fault, Faults};
use crate::tls::Tls;

pub(crate) use clock::Clock;
pub(crate) use listen::Service;
pub(crate) use log::{Client, Log};
pub use log::{ClientLog, Request, Sent, UdpLog};
pub(crate) use out::Out;

/// A client's connection, plain or TLS.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}
pub(crate) type Socket = Box<dyn Stream>;

/// What the clients of one camera share.
pub(crate) struct Shared {
    pub(crate) clip: Arc<Clip>,
    /// Shown in its place.
    other: Mutex<Option<Arc<Clip>>>,
    pub(crate) clock: Clock,
    pub(crate) faults: Faults,
    pub(crate) gate: Option<Gate>,
    pub(crate) log: Log,
}

impl Shared {
    pub(crate) fn new(clip: Arc<Clip>, auth: Option<Auth>) -> Arc<Self> {
        let clock = Clock::start(clip.params().fps);
        let seed = clock.unix().as_nanos() as u64;
        Arc::new(Self {
            clip,
            other: Mutex::default(),
            log: Log::new(clock.clone()),
            clock,
            faults: Faults::new(),
            gate: auth.map(|auth| Gate::new(auth, seed)),
        })
    }

    /// The clip that is to be shown now.
    pub(crate) fn wanted(&self) -> Arc<Clip> {
        let other = self.other.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(other.as_ref().unwrap_or(&self.clip))
    }
}

/// A running camera. Dropping it ends the camera and all its clients;
/// [`Handle::stop`] also waits until they have ended.
pub struct Handle {
    shared: Arc<Shared>,
    addr: SocketAddr,
    url: String,
    tls: Option<Tls>,
    stop: watch::Sender<bool>,
    task: Option<JoinHandle<()>>,
}

impl Handle {
    /// Binds the listener and starts serving. `url` gets the bound address.
    pub(crate) async fn start<S: Service>(
        shared: Arc<Shared>,
        service: S,
        listen: SocketAddr,
        tls: bool,
        url: impl FnOnce(SocketAddr) -> String,
    ) -> Result<Self, Error> {
        let tls = if tls { Some(Tls::new()?) } else { None };
        let failed = |source| Error::Listen {
            addr: listen,
            source,
        };
        let listener = tokio::net::TcpListener::bind(listen)
            .await
            .map_err(failed)?;
        let addr = listener.local_addr().map_err(failed)?;
        let stop = watch::Sender::new(false);
        let acceptor = tls.as_ref().map(|tls| tls.acceptor.clone());
        let door = listen::Door::new(shared.clone(), Arc::new(service), addr, acceptor);
        let task = tokio::spawn(door.run(listener, stop.subscribe()));
        Ok(Self {
            url: url(addr),
            shared,
            addr,
            tls,
            stop,
            task: Some(task),
        })
    }

    /// The stream's address, without credentials.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The address that the camera listens on.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// SHA-256 of the self-signed certificate (DER) in lower-case hexadecimal;
    /// `None` without TLS.
    pub fn certificate_sha256(&self) -> Option<&str> {
        self.tls.as_ref().map(|tls| tls.sha256.as_str())
    }

    /// The clip that the camera plays.
    pub fn clip(&self) -> &Arc<Clip> {
        &self.shared.clip
    }

    /// From its next keyframe on the camera shows another clip, as one whose settings were
    /// changed; `None`: its own again. Fails where rate, groups, reordering or length are not
    /// those of its own clip, since its clock could not go on.
    pub fn show(&self, other: Option<Arc<Clip>>) -> Result<(), Error> {
        let own = self.shared.clip.params();
        let pace = |p: &crate::ClipParams| (p.fps, p.gop, p.bframes, p.seconds, p.codec);
        if other
            .as_ref()
            .is_some_and(|clip| pace(clip.params()) != pace(own))
        {
            return Err(Error::Config("the other clip has another pace".into()));
        }
        let mut shown = self
            .shared
            .other
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *shown = other;
        Ok(())
    }

    /// Makes something go wrong.
    pub fn inject(&self, fault: Fault) {
        if let (Fault::Password(password), Some(gate)) = (&fault, &self.shared.gate) {
            gate.set_password(password.clone());
        }
        self.shared.faults.inject(fault);
    }

    /// What each client asked and got, in the order of their arrival. Clients
    /// that are gone are in it too.
    pub fn sent(&self) -> Vec<ClientLog> {
        self.shared.log.clients()
    }

    /// Clients connected now.
    pub fn connected(&self) -> usize {
        self.shared.log.connected()
    }

    /// When frame 0 was due, on the wall clock.
    pub fn started_at(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + self.shared.clock.unix()
    }

    /// Time since the camera's start: the clock of [`Sent::at`].
    pub fn elapsed(&self) -> Duration {
        self.shared.clock.elapsed()
    }

    /// The frame of the camera's life that was the newest `elapsed` after its
    /// start; modulo [`ClipParams::frames`](crate::ClipParams::frames) it is
    /// the strip's value.
    pub fn frame_at(&self, elapsed: Duration) -> u64 {
        self.shared.clock.number_at(elapsed)
    }

    /// Ends the camera and waits until its tasks have ended.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        if let Some(task) = self.task.take() {
            // A panic in the camera was already reported by its own thread.
            let _ = task.await;
        }
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            // The task owns the set of clients: they end with it.
            task.abort();
        }
    }
}

impl std::fmt::Debug for Handle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Handle")
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}
