//! Whether the host is alive, asked in the way its clients ask: over its own listener, and by
//! what every call needs.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::session::Sessions;

/// A running host's.
pub struct Pulse {
    address: SocketAddr,
    /// Sessions and recordings, now; takes the lock that every call takes.
    count: Arc<dyn Fn() -> (usize, usize) + Send + Sync>,
}

impl Pulse {
    /// Of a host that listens there.
    pub fn of(address: SocketAddr, sessions: &Arc<Sessions>) -> Self {
        let sessions = Arc::clone(sessions);
        Self {
            address: reachable(address),
            count: Arc::new(move || (sessions.list(false).len(), sessions.running_recordings())),
        }
    }

    /// Whether it answers within so long.
    pub async fn beats(&self, within: Duration) -> bool {
        let count = Arc::clone(&self.count);
        let both = async {
            // Its threads that may wait are needed for every file.
            let counted = tokio::task::spawn_blocking(move || count()).await;
            counted.is_ok() && answers(self.address).await.unwrap_or(false)
        };
        timeout(within, both).await.unwrap_or(false)
    }

    /// What it is doing, for people. Only after a beat: it waits for the lock.
    pub fn status(&self) -> String {
        let (sessions, recordings) = (self.count)();
        format!("Ready: {sessions} sessions, {recordings} recordings")
    }
}

/// Any HTTP answer will do: one that says "too many" is an answer too.
async fn answers(address: SocketAddr) -> std::io::Result<bool> {
    let mut stream = TcpStream::connect(address).await?;
    let request = "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    stream.write_all(request.as_bytes()).await?;
    let mut begin = [0; 7];
    stream.read_exact(&mut begin).await?;
    Ok(&begin == b"HTTP/1.")
}

/// Where a listener on all addresses is reached.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        ip if !ip.is_unspecified() => ip,
        std::net::IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
        std::net::IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
    };
    SocketAddr::new(ip, address.port())
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use tokio::net::TcpListener;

    use super::*;

    const SOON: Duration = Duration::from_millis(300);

    async fn pulse() -> (Pulse, TcpListener) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let pulse = Pulse {
            address: listener.local_addr().unwrap(),
            count: Arc::new(|| (1, 2)),
        };
        (pulse, listener)
    }

    #[tokio::test]
    async fn a_listener_that_answers_is_alive() {
        let (pulse, listener) = pulse().await;
        assert!(!pulse.beats(SOON).await, "connected, and no answer");
        let answer = tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let _ = stream.read(&mut [0; 1000]).await;
                let _ = stream.write_all(b"HTTP/1.1 503 Busy\r\n\r\n").await;
            }
        });
        assert!(pulse.beats(Duration::from_secs(10)).await);
        assert_eq!(pulse.status(), "Ready: 1 sessions, 2 recordings");
        answer.abort();
        let _ = answer.await;
        assert!(!pulse.beats(SOON).await, "nobody listens");
    }

    #[tokio::test]
    async fn a_host_whose_lock_is_held_is_not() {
        let (mut pulse, listener) = pulse().await;
        let answer = tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await;
            }
        });
        let lock = Arc::new(Mutex::new(()));
        let held = Arc::clone(&lock);
        pulse.count = Arc::new(move || held.lock().map_or((0, 0), |_| (0, 0)));
        let (hold, released) = std::sync::mpsc::channel::<()>();
        let holder = Arc::clone(&lock);
        let (taken, is_taken) = tokio::sync::oneshot::channel();
        let thread = std::thread::spawn(move || {
            let _guard = holder.lock();
            let _ = taken.send(());
            let _ = released.recv();
        });
        is_taken.await.unwrap();
        assert!(!pulse.beats(SOON).await);
        drop(hold);
        thread.join().unwrap();
        assert!(pulse.beats(Duration::from_secs(10)).await);
        answer.abort();
    }

    #[test]
    fn a_listener_on_all_addresses_is_reached_here() {
        let at = |text: &str| reachable(text.parse().unwrap()).to_string();
        assert_eq!(at("0.0.0.0:5000"), "127.0.0.1:5000");
        assert_eq!(at("[::]:5000"), "[::1]:5000");
        assert_eq!(at("10.0.0.1:5000"), "10.0.0.1:5000");
    }
}
