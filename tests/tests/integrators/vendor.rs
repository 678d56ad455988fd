//! The camera of `examples/adapter-vendor`: a login, then a stream of its own form. Its pictures
//! come from a simulated camera.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use simcam::Handle;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::{Instant, interval, timeout};

/// Who may log in. Both want escaping in JSON.
pub const ACCOUNT: (&str, &str) = ("ad\"min", "pa\\del \"1\"");
/// Bound of a request, and of the wait for it.
const REQUEST_BYTES: usize = 16 << 10;
const PATIENCE: Duration = Duration::from_secs(5);
/// Between two pictures.
const PERIOD: Duration = Duration::from_millis(100);

#[derive(Default)]
struct Facts {
    sessions: Mutex<Vec<String>>,
    logins: AtomicUsize,
    logouts: AtomicUsize,
}

impl Facts {
    fn sessions(&self) -> MutexGuard<'_, Vec<String>> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A running camera. Dropping it closes its port.
pub struct Vendor {
    address: SocketAddr,
    facts: Arc<Facts>,
    task: JoinHandle<()>,
}

impl Vendor {
    /// On a free port of the loopback interface.
    pub async fn start(pictures: &Handle) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("its address");
        let facts = Arc::<Facts>::default();
        let snapshot = pictures.url().replace("/stream.mjpeg", "/snapshot.jpg");
        let task = tokio::spawn(serve(listener, Arc::clone(&facts), snapshot));
        Self {
            address,
            facts,
            task,
        }
    }

    /// As it stands in a configuration.
    pub fn url(&self) -> String {
        format!("vendor://{}/", self.address)
    }

    /// Logins that were good, and logouts.
    pub fn counts(&self) -> (usize, usize) {
        let count = |of: &AtomicUsize| of.load(Ordering::SeqCst);
        (count(&self.facts.logins), count(&self.facts.logouts))
    }

    /// Forgets all sessions, as it does when it restarts.
    pub fn forget(&self) {
        let mut sessions = self
            .facts
            .sessions
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        sessions.clear();
    }
}

impl Drop for Vendor {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(listener: TcpListener, facts: Arc<Facts>, snapshot: String) {
    padelvar_tests::api::install_crypto();
    let client = reqwest::Client::builder()
        .no_proxy()
        .build()
        .expect("a client");
    while let Ok((stream, _)) = listener.accept().await {
        let (facts, client, snapshot) = (Arc::clone(&facts), client.clone(), snapshot.clone());
        tokio::spawn(async move {
            // Whoever hangs up is gone.
            let _ = answer(stream, &facts, &client, &snapshot).await;
        });
    }
}

async fn answer(
    mut stream: TcpStream,
    facts: &Facts,
    client: &reqwest::Client,
    snapshot: &str,
) -> std::io::Result<()> {
    let (head, body) = timeout(PATIENCE, request(&mut stream)).await??;
    let cookie = head.lines().find_map(|line| {
        let (name, value) = line.split_once(": ")?;
        let session = value.strip_prefix("session=")?;
        name.eq_ignore_ascii_case("cookie")
            .then(|| session.to_owned())
    });
    let known = |session: &String| facts.sessions().contains(session);
    let target = head.split(' ').take(2).collect::<Vec<_>>().join(" ");
    match target.as_str() {
        "POST /login" => {
            let given: serde_json::Value = serde_json::from_slice(&body).unwrap_or_default();
            let (user, password) = ACCOUNT;
            if given["username"] != user || given["password"] != password {
                return say(&mut stream, "401 Unauthorized", "").await;
            }
            let number = facts.logins.fetch_add(1, Ordering::SeqCst);
            let session = format!("s-{number}");
            let answer = format!("{{\"session\": {session:?}}}");
            facts.sessions().push(session);
            say(&mut stream, "200 OK", &answer).await
        }
        "POST /logout" if cookie.as_ref().is_some_and(known) => {
            facts.logouts.fetch_add(1, Ordering::SeqCst);
            say(&mut stream, "200 OK", "").await
        }
        "GET /live" => {
            let Some(session) = cookie.filter(known) else {
                return say(&mut stream, "401 Unauthorized", "").await;
            };
            let head = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n";
            stream.write_all(head.as_bytes()).await?;
            let (began, mut beat) = (Instant::now(), interval(PERIOD));
            while known(&session) {
                beat.tick().await;
                let asked = client.get(snapshot).send().await;
                let asked = asked.map_err(std::io::Error::other)?;
                let jpeg = asked.bytes().await.map_err(std::io::Error::other)?;
                let clock = began.elapsed().as_micros();
                let mut frame = b"VC".to_vec();
                frame.extend(
                    u32::try_from(jpeg.len())
                        .expect("it is small")
                        .to_be_bytes(),
                );
                frame.extend(u64::try_from(clock).expect("it is short").to_be_bytes());
                frame.extend(&jpeg);
                stream.write_all(&frame).await?;
            }
            Ok(())
        }
        _ => say(&mut stream, "404 Not Found", "").await,
    }
}

/// Head and body.
async fn request(stream: &mut TcpStream) -> std::io::Result<(String, Vec<u8>)> {
    let mut bytes = Vec::new();
    loop {
        if let Some(end) = bytes.windows(4).position(|w| w == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
            let length = head.lines().find_map(|line| {
                let (name, value) = line.split_once(':')?;
                let is = name.eq_ignore_ascii_case("content-length");
                is.then(|| value.trim().parse().ok()).flatten()
            });
            let body = &bytes[end + 4..];
            if body.len() >= length.unwrap_or(0) {
                return Ok((head, body.to_vec()));
            }
        }
        if bytes.len() > REQUEST_BYTES || stream.read_buf(&mut bytes).await? == 0 {
            return Err(std::io::ErrorKind::InvalidData.into());
        }
    }
}

async fn say(stream: &mut TcpStream, status: &str, body: &str) -> std::io::Result<()> {
    let length = body.len();
    let text = format!(
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\
         Connection: close\r\n\r\n{body}"
    );
    stream.write_all(text.as_bytes()).await?;
    stream.shutdown().await
}
