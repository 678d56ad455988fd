//! Serving a router on a listener until the host stops.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::serve::ListenerExt;
use socket2::SockRef;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

/// Open answers (streams) have so long to end after the host was told to stop.
const GRACE: Duration = Duration::from_secs(2);
/// What a connection may hold in the kernel beyond what is on its way, bytes. Without a bound
/// a slow viewer is shown what was queued many seconds ago instead of the latest picture.
const UNSENT_BYTES: u32 = 128 << 10;

/// Serves until `stopping` is cancelled; open requests have a moment to end.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    stopping: CancellationToken,
) -> std::io::Result<()> {
    let ending = stopping.clone();
    let server = axum::serve(
        listener.tap_io(|connection| tune(connection)),
        router.into_make_service_with_connect_info::<SocketAddr>(),
    )
    .with_graceful_shutdown(async move { ending.cancelled().await });
    let deadline = async {
        stopping.cancelled().await;
        tokio::time::sleep(GRACE).await;
    };
    tokio::select! {
        result = server => result,
        () = deadline => Ok(()),
    }
}

/// Pictures are sent as they come. Where an option cannot be had, the connection is no less
/// right, only later.
fn tune(connection: &TcpStream) {
    let _ = connection.set_nodelay(true);
    let _ = SockRef::from(connection).set_tcp_notsent_lowat(UNSENT_BYTES);
}
