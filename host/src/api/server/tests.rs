use std::convert::Infallible;

use axum::routing::get;
use futures_util::stream;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::task::JoinHandle;

use super::*;

const GET: &[u8] = b"GET /peer HTTP/1.1\r\nHost: x\r\n\r\n";
const ENDLESS: &[u8] = b"GET /endless HTTP/1.1\r\nHost: x\r\n\r\n";

/// Serves at most so many connections, with little patience.
async fn serving(connections: usize) -> (SocketAddr, CancellationToken, JoinHandle<()>) {
    let router = Router::new()
        .route(
            "/peer",
            get(|ConnectInfo(peer): ConnectInfo<SocketAddr>| async move { peer.to_string() }),
        )
        .route(
            "/endless",
            get(|| async {
                let first = stream::once(async { Ok::<_, Infallible>("first") });
                Body::from_stream(futures_util::StreamExt::chain(first, stream::pending()))
            }),
        );
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let stopping = CancellationToken::new();
    let limits = Limits {
        connections,
        head_within: Duration::from_millis(300),
        grace: Duration::from_millis(100),
    };
    let server = serve_within(limits, listener, router, stopping.clone());
    (address, stopping, tokio::spawn(server))
}

/// Reads until a text has come.
async fn until(stream: &mut TcpStream, wanted: &str) -> String {
    let mut seen = String::new();
    while !seen.contains(wanted) {
        let mut bytes = [0; 1024];
        let count = stream.read(&mut bytes).await.unwrap();
        assert!(count > 0, "it ended: {seen}");
        seen.push_str(&String::from_utf8_lossy(&bytes[..count]));
    }
    seen
}

#[tokio::test]
async fn handlers_know_the_client() {
    let (address, _stopping, _server) = serving(10).await;
    let mut client = TcpStream::connect(address).await.unwrap();
    let own = client.local_addr().unwrap().to_string();
    // Twice on one connection.
    for _ in 0..2 {
        client.write_all(GET).await.unwrap();
        until(&mut client, &own).await;
    }
}

#[tokio::test]
async fn a_head_that_does_not_come_ends_the_connection() {
    let (address, _stopping, _server) = serving(10).await;
    for beginning in ["", "GET /peer HTTP/1.1\r\nHost: x\r\nX: "] {
        let mut client = TcpStream::connect(address).await.unwrap();
        client.write_all(beginning.as_bytes()).await.unwrap();
        let mut rest = Vec::new();
        let _ = client.read_to_end(&mut rest).await;
        assert!(!rest.starts_with(b"HTTP/1.1 200"));
    }
}

#[tokio::test]
async fn too_many_connections_are_told_so_until_one_ends() {
    let (address, _stopping, _server) = serving(2).await;
    let mut open = Vec::new();
    for _ in 0..2 {
        let mut client = TcpStream::connect(address).await.unwrap();
        client.write_all(ENDLESS).await.unwrap();
        until(&mut client, "first").await;
        open.push(client);
    }
    let mut third = TcpStream::connect(address).await.unwrap();
    third.write_all(GET).await.unwrap();
    let told = until(&mut third, "too_many_connections").await;
    assert!(told.starts_with("HTTP/1.1 503") && told.contains("application/problem+json"));
    assert!(told.contains("retry-after: 10") && told.contains("connection: close"));
    let mut rest = Vec::new();
    third.read_to_end(&mut rest).await.unwrap();
    drop(open.pop());
    // The host sees the end of a connection in its own time.
    loop {
        let mut next = TcpStream::connect(address).await.unwrap();
        next.write_all(GET).await.unwrap();
        if until(&mut next, "HTTP/1.1 ")
            .await
            .starts_with("HTTP/1.1 200")
        {
            break;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn the_end_waits_for_idle_clients_and_streams_only_a_moment() {
    let (address, stopping, server) = serving(10).await;
    let _idle = TcpStream::connect(address).await.unwrap();
    let mut watching = TcpStream::connect(address).await.unwrap();
    watching.write_all(ENDLESS).await.unwrap();
    until(&mut watching, "first").await;
    stopping.cancel();
    server.await.unwrap();
    let mut rest = Vec::new();
    let _ = watching.read_to_end(&mut rest).await;
    assert!(TcpStream::connect(address).await.is_err());
}
