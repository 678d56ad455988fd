//! The listener: accepts clients, refuses them, drops them.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio_rustls::TlsAcceptor;

use super::log::Client;
use super::{Shared, Socket};

/// Clients at a time; further ones are closed at once.
const MAX_CLIENTS: usize = 256;
/// Bound of a TLS handshake, against clients that open and say nothing.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// Pause after the system refused to listen or to accept.
const RETRY: Duration = Duration::from_millis(50);

/// What a camera does with one client.
pub(crate) trait Service: Send + Sync + 'static {
    /// Serves a client until it or the camera ends the connection.
    fn serve(
        &self,
        socket: Socket,
        addr: SocketAddr,
        client: Client,
    ) -> impl Future<Output = ()> + Send;
}

pub(super) struct Door<S> {
    shared: Arc<Shared>,
    service: Arc<S>,
    addr: SocketAddr,
    acceptor: Option<TlsAcceptor>,
}

impl<S: Service> Door<S> {
    pub(super) fn new(
        shared: Arc<Shared>,
        service: Arc<S>,
        addr: SocketAddr,
        acceptor: Option<TlsAcceptor>,
    ) -> Self {
        Self {
            shared,
            service,
            addr,
            acceptor,
        }
    }

    pub(super) async fn run(self, listener: TcpListener, mut stop: watch::Receiver<bool>) {
        let mut listener = Some(listener);
        let mut refusing = self.shared.faults.refusing();
        let mut clients = JoinSet::new();
        loop {
            let until = *refusing.borrow_and_update();
            if until.is_some_and(|until| until > Instant::now()) {
                listener = None;
            }
            tokio::select! {
                biased;
                // Only ever set, and an error means that the handle is gone.
                _ = stop.changed() => break,
                // The sender lives as long as `self`.
                _ = refusing.changed() => {}
                Some(_) = clients.join_next(), if !clients.is_empty() => {}
                accepted = accept(listener.as_ref()) => match accepted {
                    Ok((stream, peer)) if clients.len() < self.most_clients() => {
                        self.welcome(&mut clients, stream, peer);
                    }
                    Ok(_) => {}
                    Err(error) => {
                        tracing::debug!(%error, "accept failed");
                        sleep(RETRY).await;
                    }
                },
                () = sleep_until(until.unwrap_or_else(Instant::now)), if listener.is_none() => {
                    listener = self.listen_again().await;
                }
            }
        }
        clients.shutdown().await;
    }

    fn most_clients(&self) -> usize {
        self.shared.faults.most_clients().min(MAX_CLIENTS)
    }

    async fn listen_again(&self) -> Option<TcpListener> {
        match TcpListener::bind(self.addr).await {
            Ok(listener) => Some(listener),
            Err(error) => {
                tracing::debug!(%error, addr = %self.addr, "cannot listen again yet");
                sleep(RETRY).await;
                None
            }
        }
    }

    fn welcome(&self, clients: &mut JoinSet<()>, stream: TcpStream, peer: SocketAddr) {
        let log = self.shared.log.client(peer);
        let (service, acceptor) = (self.service.clone(), self.acceptor.clone());
        let mut closing = self.shared.faults.closing();
        let addr = self.addr;
        clients.spawn(async move {
            tokio::select! {
                _ = closing.changed() => {}
                () = async {
                    // Small packets are to leave when they are due.
                    let _ = stream.set_nodelay(true);
                    if let Some(socket) = secure(stream, acceptor).await {
                        service.serve(socket, addr, log).await;
                    }
                } => {}
            }
        });
    }
}

async fn accept(listener: Option<&TcpListener>) -> std::io::Result<(TcpStream, SocketAddr)> {
    match listener {
        Some(listener) => listener.accept().await,
        None => std::future::pending().await,
    }
}

async fn secure(stream: TcpStream, acceptor: Option<TlsAcceptor>) -> Option<Socket> {
    let Some(acceptor) = acceptor else {
        return Some(Box::new(stream));
    };
    match timeout(HANDSHAKE, acceptor.accept(stream)).await {
        Ok(Ok(stream)) => Some(Box::new(stream)),
        Ok(Err(error)) => {
            tracing::debug!(%error, "TLS handshake failed");
            None
        }
        Err(_) => None,
    }
}
