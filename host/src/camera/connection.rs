//! One TCP or TLS connection to a camera: two tasks, one that reads and joins small reads, one
//! that writes.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::FutureExt as _;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_rustls::TlsConnector;
use tokio_util::task::AbortOnDropHandle;

use super::grants::Grants;
use super::inbox::{Post, io_error};
use crate::clock::now_us;
use crate::plugins::types::{
    ConnectRequest, ConnectionFailure, Event, FailureClass, IoError, ReceivedBytes,
};

/// From the name to the end of a TLS handshake.
pub(super) const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long the first bytes wait for more, so that one call carries many RTP packets. A
/// quarter of a picture's time at 25 pictures a second.
const COALESCE: Duration = Duration::from_millis(8);
/// Enough for a call: do not wait for more.
const ENOUGH: usize = 64 << 10;
/// Most bytes in one event, as the WIT says.
const MOST: usize = 256 << 10;

/// An open or opening connection. Dropping it closes it.
pub struct Connection {
    writes: mpsc::UnboundedSender<Vec<u8>>,
    unwritten: Arc<AtomicUsize>,
    is_camera: bool,
    _task: AbortOnDropHandle<()>,
}

impl Connection {
    /// Starts to connect; the result comes by `post`.
    pub fn open(
        request: ConnectRequest,
        grants: Grants,
        tls: Option<Arc<ClientConfig>>,
        post: Post,
    ) -> Self {
        let (writes, to_write) = mpsc::unbounded_channel();
        let unwritten = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&unwritten);
        let is_camera = grants.is_camera(&request.host);
        let task = tokio::spawn(async move {
            let id = request.id;
            if let Err(error) = run(request, &grants, tls, &post, to_write, &counter).await {
                post.send(Event::Failed(ConnectionFailure {
                    connection: id,
                    error,
                }))
                .await;
            }
        });
        Self {
            writes,
            unwritten,
            is_camera,
            _task: AbortOnDropHandle::new(task),
        }
    }

    /// Whether it leads to the camera's own host, the only one that secrets may be written to.
    pub fn is_camera(&self) -> bool {
        self.is_camera
    }

    /// Queues bytes; false when more than `most` wait then.
    pub fn send(&self, bytes: Vec<u8>, most: usize) -> bool {
        let waiting = self.unwritten.fetch_add(bytes.len(), Ordering::Relaxed) + bytes.len();
        // A closed connection takes nothing; its end is told by an event of its own.
        let _ = self.writes.send(bytes);
        waiting <= most
    }
}

async fn run(
    request: ConnectRequest,
    grants: &Grants,
    tls: Option<Arc<ClientConfig>>,
    post: &Post,
    to_write: mpsc::UnboundedReceiver<Vec<u8>>,
    unwritten: &AtomicUsize,
) -> Result<(), IoError> {
    let deadline = Instant::now() + CONNECT_TIMEOUT;
    let target = format!("{}:{}", request.host, request.port);
    let late = || {
        io_error(
            FailureClass::Unreachable,
            format!("{target} does not answer"),
        )
    };
    let stream = timeout_at(deadline, dial(&request.host, request.port, grants))
        .await
        .map_err(|_| late())??;
    let _ = stream.set_nodelay(true);
    if let Some(config) = tls {
        let name = ServerName::try_from(request.host.clone()).map_err(|_| {
            io_error(
                FailureClass::Other,
                format!("{} is no name for TLS", request.host),
            )
        })?;
        let stream = timeout_at(deadline, TlsConnector::from(config).connect(name, stream))
            .await
            .map_err(|_| late())?
            .map_err(|error| {
                io_error(
                    FailureClass::Unreachable,
                    format!("TLS with {target}: {error}"),
                )
            })?;
        talk(request.id, stream, post, to_write, unwritten).await
    } else {
        talk(request.id, stream, post, to_write, unwritten).await
    }
}

/// Whether somebody accepts connections there: the camera, without a word said to it.
pub async fn listens(host: &str, port: u16, grants: &Grants) -> Result<(), String> {
    let dialled = timeout(CONNECT_TIMEOUT, dial(host, port, grants)).await;
    match dialled {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => Err(error.message),
        Err(_) => Err(format!("{host}:{port} does not answer")),
    }
}

/// Resolves and connects. Every address is checked, and the one that was checked is the one
/// that is connected to.
pub(super) async fn dial(host: &str, port: u16, grants: &Grants) -> Result<TcpStream, IoError> {
    let addresses = resolve(host, port, grants).await?;
    let mut last = format!("{host} has no address");
    for address in addresses {
        match TcpStream::connect(address).await {
            Ok(stream) => return Ok(stream),
            Err(error) => last = format!("{host}:{port}: {error}"),
        }
    }
    Err(io_error(FailureClass::Unreachable, last))
}

/// The addresses of a granted name that may be used.
pub async fn resolve(host: &str, port: u16, grants: &Grants) -> Result<Vec<SocketAddr>, IoError> {
    if let Ok(literal) = host.parse::<IpAddr>() {
        grants
            .check_address(host, literal)
            .map_err(|refusal| io_error(FailureClass::Other, refusal.to_string()))?;
        return Ok(vec![SocketAddr::new(literal, port)]);
    }
    let found = tokio::net::lookup_host((host, port))
        .await
        .map_err(|error| {
            io_error(
                FailureClass::Unreachable,
                format!("{host} cannot be resolved: {error}"),
            )
        })?;
    let mut refused = None;
    let mut good = Vec::new();
    for address in found {
        match grants.check_address(host, address.ip()) {
            Ok(()) => good.push(address),
            Err(refusal) => refused = Some(refusal),
        }
    }
    match refused {
        Some(refusal) if good.is_empty() => Err(io_error(FailureClass::Other, refusal.to_string())),
        _ => Ok(good),
    }
}

async fn talk<S>(
    id: u32,
    stream: S,
    post: &Post,
    mut to_write: mpsc::UnboundedReceiver<Vec<u8>>,
    unwritten: &AtomicUsize,
) -> Result<(), IoError>
where
    S: AsyncRead + AsyncWrite + Send,
{
    let (mut reader, mut writer) = tokio::io::split(stream);
    if !post.send(Event::Connected(id)).await {
        return Ok(());
    }
    let reading = async {
        loop {
            match read_some(&mut reader).await {
                Ok(Some((arrived, bytes))) => {
                    let event = Event::Received(ReceivedBytes {
                        connection: id,
                        bytes,
                        arrived,
                    });
                    if !post.send(event).await {
                        return Ok(());
                    }
                }
                Ok(None) => {
                    post.send(Event::Closed(id)).await;
                    return Ok(());
                }
                Err(error) => return Err(io_error(FailureClass::Unreachable, error.to_string())),
            }
        }
    };
    let writing = async {
        while let Some(bytes) = to_write.recv().await {
            let written = async {
                writer.write_all(&bytes).await?;
                writer.flush().await
            };
            if let Err(error) = written.await {
                return io_error(FailureClass::Unreachable, error.to_string());
            }
            unwritten.fetch_sub(bytes.len(), Ordering::Relaxed);
        }
        std::future::pending().await
    };
    tokio::select! {
        result = reading => result,
        error = writing => Err(error),
    }
}

/// One event's worth of bytes, with the moment at which all of them were there; none at the end
/// of the stream.
async fn read_some(
    reader: &mut (impl AsyncRead + Unpin),
) -> std::io::Result<Option<(u64, Vec<u8>)>> {
    let mut bytes = Vec::with_capacity(16 << 10);
    if reader.read_buf(&mut bytes).await? == 0 {
        return Ok(None);
    }
    if bytes.len() < ENOUGH {
        tokio::time::sleep(COALESCE).await;
    }
    while bytes.len() < MOST {
        let room = MOST - bytes.len();
        bytes.reserve(room.min(32 << 10));
        // Only what is there already.
        let mut rest = (&mut *reader).take(room as u64);
        match rest.read_buf(&mut bytes).now_or_never() {
            Some(Ok(0)) | None => break,
            Some(Ok(_)) => {}
            Some(Err(error)) => return Err(error),
        }
    }
    // Now and not when the first of them came: a time that is too late is jitter, which the
    // timeline takes out, but one that is too early would pull later pictures forward.
    Ok(Some((now_us() as u64, bytes)))
}
