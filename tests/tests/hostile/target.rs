//! Where hostile adapters are sent to, or want to go.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream, ToSocketAddrs};
use tokio::task::JoinSet;

/// A TCP server; ends when it is dropped.
pub struct Target {
    /// Where it listens.
    pub port: u16,
    visits: Arc<AtomicUsize>,
    heard: Arc<Mutex<Vec<u8>>>,
    _tasks: JoinSet<()>,
}

impl Target {
    /// A camera that redirects HTTP requests to the URL that their path is, else to this port of
    /// 127.0.0.1, and echoes all else.
    pub async fn camera(redirect_to: u16) -> Self {
        Self::serve(("127.0.0.1", 0), redirect_to).await
    }

    /// A place that is not the camera.
    pub async fn other(address: impl ToSocketAddrs) -> Self {
        Self::serve(address, 1).await
    }

    async fn serve(address: impl ToSocketAddrs, redirect_to: u16) -> Self {
        let listener = TcpListener::bind(address).await.expect("a port is free");
        let port = listener.local_addr().expect("it is bound").port();
        let visits = Arc::new(AtomicUsize::new(0));
        let heard = Arc::default();
        let (counter, ears) = (Arc::clone(&visits), Arc::clone(&heard));
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let mut guests = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                counter.fetch_add(1, Ordering::Relaxed);
                guests.spawn(answer(stream, redirect_to, Arc::clone(&ears)));
            }
        });
        Self {
            port,
            visits,
            heard,
            _tasks: tasks,
        }
    }

    /// Connections so far.
    pub fn visits(&self) -> usize {
        self.visits.load(Ordering::Relaxed)
    }

    /// All that was said to it.
    pub fn heard(&self) -> String {
        let heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&heard).into_owned()
    }
}

/// The URL that a request's path is.
fn redirected(request: &[u8]) -> Option<String> {
    let request = String::from_utf8_lossy(request);
    let path = request.split_whitespace().nth(1)?.strip_prefix('/')?;
    path.starts_with("http").then(|| path.to_owned())
}

async fn answer(mut stream: TcpStream, redirect_to: u16, heard: Arc<Mutex<Vec<u8>>>) {
    let mut bytes = [0; 4096];
    let Ok(length) = stream.read(&mut bytes).await else {
        return;
    };
    let said = &bytes[..length];
    heard
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .extend_from_slice(said);
    let answer = if said.starts_with(b"GET ") || said.starts_with(b"POST ") {
        let location =
            redirected(said).unwrap_or_else(|| format!("http://127.0.0.1:{redirect_to}/"));
        format!("HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n")
            .into_bytes()
    } else {
        [b"you said ", said].concat()
    };
    // Who hangs up early misses the answer.
    let _ = stream.write_all(&answer).await;
    tokio::time::sleep(Duration::from_secs(5)).await;
}
