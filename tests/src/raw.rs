//! Requests that no client library would send.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Bound of the wait for an answer.
const PATIENCE: Duration = Duration::from_secs(20);

/// Sends these bytes to `http://host:port` and reads to the end of the answer; none where the
/// host hung up without a word.
pub async fn send(base: &str, bytes: &[u8]) -> Option<String> {
    let address = base.strip_prefix("http://").expect("an origin");
    let asking = async {
        let mut stream = TcpStream::connect(address).await?;
        stream.write_all(bytes).await?;
        let mut answer = Vec::new();
        // One that was refused in the middle is reset: what came before it counts.
        let _ = stream.read_to_end(&mut answer).await;
        std::io::Result::Ok(answer)
    };
    let answer = timeout(PATIENCE, asking).await.expect("it answers");
    let answer = answer.expect("it listens");
    (!answer.is_empty()).then(|| String::from_utf8_lossy(&answer).into_owned())
}

/// The status of a request with exactly this target, with a token.
pub async fn status(base: &str, method: &str, target: &str, token: &str) -> Option<u16> {
    let head = format!(
        "{method} {target} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\
         Connection: close\r\n\r\n"
    );
    let answer = send(base, head.as_bytes()).await?;
    let status = answer.split(' ').nth(1).and_then(|s| s.parse().ok());
    Some(status.unwrap_or_else(|| panic!("no status: {answer}")))
}
