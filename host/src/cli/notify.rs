//! What the service manager is told (`sd_notify(3)`): that the host is ready, how it is doing,
//! that it is alive, that it stops. Nothing, where nobody asks (`NOTIFY_SOCKET`).
//!
//! Written out here: it is one datagram, and the crates for it know no abstract sockets.

use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior, interval, sleep};
use tracing::{debug, error, warn};

use super::pulse::Pulse;

/// How often the start's time is extended, and by how much.
const EXTEND_EVERY: Duration = Duration::from_secs(5);
const EXTEND_BY: Duration = Duration::from_secs(30);
/// A start that takes longer than this hangs, whatever it is doing: a terabyte of unfinished
/// recordings is repaired in minutes.
const LONGEST_START: Duration = Duration::from_hours(1);
/// How often the status is told where no watchdog asks for more.
const STATUS_EVERY: Duration = Duration::from_secs(10);
/// How long the host may take to answer itself before it is said to be ready.
const ANSWERS_WITHIN: Duration = Duration::from_secs(5);

/// The service manager, if there is one.
pub struct Notify {
    socket: Option<UnixDatagram>,
    /// It restarts a host that does not say so often that it is alive.
    watchdog: Option<Duration>,
}

impl Notify {
    /// The one that the environment names.
    pub fn of_environment() -> Self {
        let socket = std::env::var_os("NOTIFY_SOCKET").filter(|name| !name.is_empty());
        let text = |name: &str| std::env::var(name).ok();
        Self {
            socket: socket.and_then(|name| {
                connected(&name)
                    .inspect_err(|error| {
                        warn!(?name, %error, "NOTIFY_SOCKET: the service manager is told nothing");
                    })
                    .ok()
            }),
            watchdog: watchdog(text("WATCHDOG_USEC"), text("WATCHDOG_PID")),
        }
    }

    /// Runs the start of the host; as long as it lasts, the service manager is asked for
    /// patience.
    pub async fn starting<T>(&self, start: impl Future<Output = T>) -> T {
        let until = Instant::now() + LONGEST_START;
        let mut ticks = interval(EXTEND_EVERY);
        let mut start = std::pin::pin!(start);
        loop {
            tokio::select! {
                biased;
                done = &mut start => return done,
                _ = ticks.tick(), if Instant::now() < until => self.tell(&format!(
                    "STATUS=Starting: unfinished recordings are repaired\nEXTEND_TIMEOUT_USEC={}",
                    EXTEND_BY.as_micros()
                )),
            }
        }
    }

    /// The host is started: says that it is ready once it answers, and then, without end, how it
    /// is doing and that it is alive, as long as it is. Never ends.
    pub async fn running(&self, pulse: Pulse) {
        if self.socket.is_none() {
            return std::future::pending().await;
        }
        while !pulse.beats(ANSWERS_WITHIN).await {
            sleep(Duration::from_millis(200)).await;
        }
        let mut status = pulse.status();
        self.tell(&format!("READY=1\nSTATUS={status}"));
        let every = beat(self.watchdog);
        let mut ticks = interval(every);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            if !pulse.beats(every).await {
                error!(
                    "the host does not answer itself; the watchdog is not told that it is alive"
                );
                continue;
            }
            let mut told = Vec::new();
            if self.watchdog.is_some() {
                told.push("WATCHDOG=1".to_owned());
            }
            let now = pulse.status();
            if now != status {
                told.push(format!("STATUS={now}"));
                status = now;
            }
            if !told.is_empty() {
                self.tell(&told.join("\n"));
            }
        }
    }

    /// The host ends.
    pub fn stopping(&self) {
        self.tell("STOPPING=1\nSTATUS=Stopping: recordings are finished or handed over");
    }

    /// Never waits: a service manager that does not read holds nothing up.
    fn tell(&self, state: &str) {
        if let Some(socket) = &self.socket
            && let Err(error) = socket.send(state.as_bytes())
        {
            debug!(%error, state, "the service manager was not told");
        }
    }
}

/// Opens a socket by its name in the environment: a path, or `@` and an abstract name.
fn connected(name: &OsString) -> std::io::Result<UnixDatagram> {
    let bytes = name.as_bytes();
    let socket = UnixDatagram::unbound()?;
    match bytes {
        [b'@', abstract_name @ ..] => socket.connect_addr(&abstract_address(abstract_name)?)?,
        [b'/', ..] => socket.connect(name)?,
        _ => return Err(std::io::ErrorKind::Unsupported.into()),
    }
    socket.set_nonblocking(true)?;
    Ok(socket)
}

#[cfg(target_os = "linux")]
fn abstract_address(name: &[u8]) -> std::io::Result<SocketAddr> {
    use std::os::linux::net::SocketAddrExt;
    SocketAddr::from_abstract_name(name)
}

#[cfg(not(target_os = "linux"))]
fn abstract_address(_: &[u8]) -> std::io::Result<SocketAddr> {
    Err(std::io::ErrorKind::Unsupported.into())
}

/// The watchdog's time, if it is meant for this process.
fn watchdog(usec: Option<String>, pid: Option<String>) -> Option<Duration> {
    if pid.is_some_and(|pid| pid.parse() != Ok(std::process::id())) {
        return None;
    }
    let usec = usec?.parse().ok().filter(|usec| *usec > 0)?;
    Some(Duration::from_micros(usec))
}

/// How often the host looks at itself: thrice in the watchdog's time, so that one slow look is
/// no death.
fn beat(watchdog: Option<Duration>) -> Duration {
    watchdog.map_or(STATUS_EVERY, |time| {
        (time / 3).clamp(Duration::from_millis(10), STATUS_EVERY)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(socket: &UnixDatagram) -> String {
        let mut bytes = [0; 4096];
        let length = socket.recv(&mut bytes).unwrap();
        String::from_utf8_lossy(&bytes[..length]).into_owned()
    }

    #[test]
    fn the_watchdog_may_be_meant_for_somebody_else() {
        let text = |text: &str| Some(text.to_owned());
        let own = Some(std::process::id().to_string());
        let second = Some(Duration::from_secs(1));
        assert_eq!(watchdog(text("1000000"), None), second);
        assert_eq!(watchdog(text("1000000"), own), second);
        for (usec, pid) in [
            (text("1000000"), text("1")),
            (text("1000000"), text("x")),
            (text("0"), None),
            (text("-1"), None),
            (text(""), None),
            (None, None),
        ] {
            assert_eq!(watchdog(usec, pid), None);
        }
        assert_eq!(beat(None), STATUS_EVERY);
        assert_eq!(beat(Some(Duration::from_secs(3))), Duration::from_secs(1));
        assert_eq!(beat(Some(Duration::from_hours(1))), STATUS_EVERY);
    }

    #[tokio::test(start_paused = true)]
    async fn a_long_start_asks_for_patience() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notify");
        let manager = UnixDatagram::bind(&path).unwrap();
        let notify = Notify {
            socket: Some(connected(&path.into()).unwrap()),
            watchdog: None,
        };
        let done = notify.starting(sleep(Duration::from_secs(12))).await;
        assert_eq!(done, ());
        for _ in 0..3 {
            let told = heard(&manager);
            assert!(told.contains("EXTEND_TIMEOUT_USEC=30000000"), "{told}");
        }
        manager.set_nonblocking(true).unwrap();
        assert!(manager.recv(&mut [0; 10]).is_err(), "no more than that");
        // Nobody reads: nothing waits.
        for _ in 0..10_000 {
            notify.stopping();
        }
    }

    #[test]
    fn odd_names_are_refused() {
        for odd in ["x", "vsock:2:1", "/not/there", "@not-there-\u{1}"] {
            assert!(connected(&odd.into()).is_err(), "{odd}");
        }
    }
}
