//! A small web site: fixed answers to GET, and how often each was asked for. It serves pages to
//! browsers, and keys (a JWKS) to hosts.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// Bound of a request's head.
const HEAD: usize = 64 << 10;
/// Bound of the wait for it.
const PATIENCE: Duration = Duration::from_secs(10);

/// One answer.
#[derive(Clone, Debug)]
struct Page {
    kind: String,
    bytes: Vec<u8>,
}

#[derive(Debug, Default)]
struct Pages {
    pages: HashMap<String, Page>,
    asked: HashMap<String, usize>,
}

/// A running site. Dropping it closes its port.
#[derive(Debug)]
pub struct Site {
    address: SocketAddr,
    pages: Arc<Mutex<Pages>>,
    task: JoinHandle<()>,
}

impl Site {
    /// A site without pages, on a free port of the loopback interface.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("its address");
        let pages = Arc::default();
        let task = tokio::spawn(serve(listener, Arc::clone(&pages)));
        Self {
            address,
            pages,
            task,
        }
    }

    /// Its origin, `http://127.0.0.1:port`.
    pub fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// A page's URL.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// From now on GET of this path has this answer.
    pub fn put(&self, path: &str, kind: &str, bytes: impl Into<Vec<u8>>) {
        let page = Page {
            kind: kind.to_owned(),
            bytes: bytes.into(),
        };
        let mut pages = self.pages.lock().unwrap_or_else(PoisonError::into_inner);
        pages.pages.insert(path.to_owned(), page);
    }

    /// From now on there is nothing at this path.
    pub fn remove(&self, path: &str) {
        let mut pages = self.pages.lock().unwrap_or_else(PoisonError::into_inner);
        pages.pages.remove(path);
    }

    /// How often a path was asked for.
    pub fn asked(&self, path: &str) -> usize {
        let pages = self.pages.lock().unwrap_or_else(PoisonError::into_inner);
        pages.asked.get(path).copied().unwrap_or(0)
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(listener: TcpListener, pages: Arc<Mutex<Pages>>) {
    while let Ok((stream, _)) = listener.accept().await {
        let answering = answer(stream, Arc::clone(&pages));
        // A client that hangs must not keep its task.
        tokio::spawn(timeout(PATIENCE, answering));
    }
}

async fn answer(mut stream: TcpStream, pages: Arc<Mutex<Pages>>) -> std::io::Result<()> {
    let mut head = Vec::new();
    while !head.windows(4).any(|w| w == b"\r\n\r\n") && head.len() < HEAD {
        if stream.read_buf(&mut head).await? == 0 {
            return Ok(());
        }
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let target = head.split(' ').nth(1).unwrap_or_default();
    let path = target.split('?').next().unwrap_or_default();
    let page = {
        let mut pages = pages.lock().unwrap_or_else(PoisonError::into_inner);
        *pages.asked.entry(path.to_owned()).or_default() += 1;
        pages.pages.get(path).cloned()
    };
    let (status, page) = match page {
        Some(page) => ("200 OK", page),
        None => (
            "404 Not Found",
            Page {
                kind: "text/plain".to_owned(),
                bytes: b"nothing".to_vec(),
            },
        ),
    };
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: {}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        page.kind,
        page.bytes.len()
    );
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(&page.bytes).await?;
    stream.shutdown().await
}
