//! Serving a router on a listener until the host stops. Every client may be slow, silent or one
//! of thousands.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::from_fn;
use axum::response::{IntoResponse, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use socket2::SockRef;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;
use tracing::{debug, error, warn};

use super::open_files;
use super::problem::Problem;
use super::request_id::with_id;
use crate::clock::now_us;

/// Open answers (streams) have so long to end after the host was told to stop.
const GRACE: Duration = Duration::from_secs(2);
/// What a connection may hold in the kernel beyond what is on its way, bytes. Without a bound
/// a slow viewer is shown what was queued many seconds ago instead of the latest picture.
const UNSENT_BYTES: u32 = 128 << 10;
/// How long a client may take for a request's head, and keep a connection without a request:
/// stops those who open connections and send a byte now and then. Longer than clients keep
/// connections in their pools (90 s at most): one that is closed just as it is used again costs a
/// request.
const HEAD_WITHIN: Duration = Duration::from_secs(100);
/// Longest head of a request; also what is read ahead. Stops heads without end.
const HEAD_BYTES: usize = 64 << 10;
/// How long a client may leave what was sent unread: stops those who ask for a stream and never
/// read it. A player that pauses asks for the rest again.
const UNREAD_FOR: Duration = Duration::from_mins(5);
/// Connections that are served at a time, a listener: far over 500 viewers, and far below what
/// would take the memory and the file descriptors that recordings need.
const MOST_CONNECTIONS: usize = 2000;
/// Connections beyond those that are told so at a time; more are closed without a word.
const MOST_REFUSALS: usize = 64;
/// How often it is said that there are too many.
const TOLD_EVERY: Duration = Duration::from_secs(10);
/// After a failure of accepting (no file descriptor is left, say) it is tried again.
const ACCEPT_AGAIN: Duration = Duration::from_millis(500);

/// Serves until `stopping` is cancelled; open requests have a moment to end.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    stopping: CancellationToken,
) -> std::io::Result<()> {
    let limits = Limits {
        connections: open_files::room_for(MOST_CONNECTIONS),
        head_within: HEAD_WITHIN,
        grace: GRACE,
    };
    serve_within(limits, listener, router, stopping).await;
    Ok(())
}

/// What clients may take.
#[derive(Clone, Copy)]
struct Limits {
    connections: usize,
    head_within: Duration,
    grace: Duration,
}

async fn serve_within(
    limits: Limits,
    listener: TcpListener,
    router: Router,
    stopping: CancellationToken,
) {
    let doors = Doors::new(limits.connections, router);
    let connections = TaskTracker::new();
    loop {
        let accepted = tokio::select! {
            () = stopping.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => {
                if let Some((router, place)) = doors.place() {
                    let client = Client {
                        stream,
                        peer,
                        _place: place,
                    };
                    connections.spawn(client.serve(router, limits, stopping.clone()));
                }
            }
            Err(error) if gone(&error) => {}
            Err(error) => {
                error!(%error, "no connection can be accepted");
                sleep(ACCEPT_AGAIN).await;
            }
        }
    }
    drop(listener);
    connections.close();
    connections.wait().await;
}

/// Whether it is only this one client that went away before it was let in.
fn gone(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(
        error.kind(),
        ConnectionAborted | ConnectionRefused | ConnectionReset
    )
}

/// Places for connections.
struct Doors {
    router: Router,
    places: Arc<Semaphore>,
    refusing: Router,
    refusals: Arc<Semaphore>,
    /// When it was last said that there are too many, on the monotonic clock.
    told_us: AtomicI64,
}

impl Doors {
    fn new(most: usize, router: Router) -> Self {
        Self {
            router,
            places: Arc::new(Semaphore::new(most)),
            refusing: Router::new().fallback(refuse).layer(from_fn(with_id)),
            refusals: Arc::new(Semaphore::new(MOST_REFUSALS)),
            told_us: AtomicI64::new(-(TOLD_EVERY.as_micros() as i64)),
        }
    }

    /// A place, and what answers there; none where even refusing would be too much.
    fn place(&self) -> Option<(Router, OwnedSemaphorePermit)> {
        if let Ok(place) = Arc::clone(&self.places).try_acquire_owned() {
            return Some((self.router.clone(), place));
        }
        self.tell();
        let place = Arc::clone(&self.refusals).try_acquire_owned().ok()?;
        Some((self.refusing.clone(), place))
    }

    /// Says so, now and then: whoever opens too many connections should not fill the log too.
    fn tell(&self) {
        let now_us = now_us();
        let told_us = self.told_us.load(Ordering::Relaxed);
        if now_us - told_us > TOLD_EVERY.as_micros() as i64 {
            self.told_us.store(now_us, Ordering::Relaxed);
            warn!("too many connections are open; new ones are refused");
        }
    }
}

async fn refuse() -> Response {
    let status = StatusCode::SERVICE_UNAVAILABLE;
    let detail = "too many connections are open; try again";
    let mut response = Problem::new(status, "too_many_connections", detail).into_response();
    let close = HeaderValue::from_static("close");
    response.headers_mut().insert(header::CONNECTION, close);
    response
}

/// A client that was let in.
struct Client {
    stream: TcpStream,
    peer: SocketAddr,
    /// Held as long as it is served.
    _place: OwnedSemaphorePermit,
}

impl Client {
    async fn serve(self, router: Router, limits: Limits, stopping: CancellationToken) {
        let Self {
            stream,
            peer,
            _place,
        } = self;
        // Each part of a stream is sent when it is there. A failure of either means that the
        // client has gone already, which serving it will show.
        let _ = stream.set_nodelay(true);
        let _ = SockRef::from(&stream).set_tcp_notsent_lowat(UNSENT_BYTES);
        let unread_ms = UNREAD_FOR.as_millis() as u32;
        let _ = rustix::net::sockopt::set_tcp_user_timeout(&stream, unread_ms);
        let service = service_fn(move |request: hyper::Request<Incoming>| {
            let mut request: Request = request.map(Body::new);
            request.extensions_mut().insert(ConnectInfo(peer));
            router.clone().oneshot(request)
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(limits.head_within)
            .max_buf_size(HEAD_BYTES)
            .serve_connection(TokioIo::new(stream), service)
            .with_upgrades();
        tokio::pin!(connection);
        let ended = tokio::select! {
            ended = connection.as_mut() => ended,
            () = stopping.cancelled() => {
                connection.as_mut().graceful_shutdown();
                timeout(limits.grace, connection).await.unwrap_or(Ok(()))
            }
        };
        if let Err(error) = ended {
            debug!(%peer, %error, "a connection ended early");
        }
    }
}

#[cfg(test)]
mod tests;
