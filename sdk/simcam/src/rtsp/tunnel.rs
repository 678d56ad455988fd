//! RTSP in HTTP, as `QuickTime` made it known: answers and media on a GET, requests in base64 on a
//! POST, and a cookie that says which belong together.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::time::timeout;

use crate::message::Request;

/// The header with the cookie.
const COOKIE: &str = "x-sessioncookie";
/// Bytes of requests that are decoded and not yet read.
const BUFFER_BYTES: usize = 64 * 1024;
/// GETs that wait for their POST, against clients that open and never post.
const MAX_OPEN: usize = 256;
/// A client that does not go on for so long is gone: twice the longest session.
const PATIENCE: Duration = Duration::from_mins(2);

/// The GETs of one camera that wait for their POST.
#[derive(Debug, Default)]
pub(super) struct Tunnels(Mutex<HashMap<String, DuplexStream>>);

/// What a request over HTTP opens.
pub(super) enum Half {
    /// The answers go here; requests come from the other half.
    Get {
        /// What the other half decodes.
        from: DuplexStream,
        cookie: String,
    },
    /// Decoded requests go to the other half.
    Post(DuplexStream),
}

impl Tunnels {
    /// The half that a request opens, if it opens one.
    pub(super) fn open(&self, request: &Request) -> Option<Half> {
        let cookie = request.header(COOKIE)?;
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match request.method.as_str() {
            "GET" => {
                if all.len() >= MAX_OPEN {
                    return None;
                }
                let (near, far) = duplex(BUFFER_BYTES);
                all.insert(cookie.to_owned(), far);
                Some(Half::Get {
                    from: near,
                    cookie: cookie.to_owned(),
                })
            }
            "POST" => all.remove(cookie).map(Half::Post),
            _ => None,
        }
    }

    /// Forgets a GET when the answer goes, whether its POST came or not.
    pub(super) fn forget_later(&self, cookie: String) -> Forget<'_> {
        Forget {
            tunnels: self,
            cookie,
        }
    }
}

/// See [`Tunnels::forget_later`].
pub(super) struct Forget<'a> {
    tunnels: &'a Tunnels,
    cookie: String,
}

impl Drop for Forget<'_> {
    fn drop(&mut self) {
        let all = self.tunnels.0.lock();
        let mut all = all.unwrap_or_else(PoisonError::into_inner);
        all.remove(&self.cookie);
    }
}

/// Decodes what a POST brings until it ends; `rest` came behind its head.
pub(super) async fn pour(rest: &[u8], mut from: impl AsyncRead + Unpin, mut to: DuplexStream) {
    let mut decoder = Decoder::default();
    let mut buffer = [0; 4096];
    let mut plain = decoder.decode(rest);
    loop {
        match plain {
            Some(bytes) if to.write_all(&bytes).await.is_ok() => {}
            _ => return,
        }
        match timeout(PATIENCE, from.read(&mut buffer)).await {
            Ok(Ok(read)) if read > 0 => plain = decoder.decode(&buffer[..read]),
            _ => return,
        }
    }
}

/// Base64 that comes in pieces. Every request is padded on its own.
#[derive(Debug, Default)]
struct Decoder {
    /// Letters of a group that is not whole.
    open: Vec<u8>,
}

impl Decoder {
    /// The bytes of all groups that are whole; `None` where it is no base64.
    fn decode(&mut self, piece: &[u8]) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        for byte in piece.iter().filter(|byte| !byte.is_ascii_whitespace()) {
            self.open.push(*byte);
            if self.open.len() == 4 {
                out.extend(STANDARD.decode(&self.open).ok()?);
                self.open.clear();
            }
        }
        Some(out)
    }
}

#[cfg(test)]
mod tests {
    use super::Decoder;

    #[test]
    fn groups_over_pieces_and_padding_in_between() {
        let mut decoder = Decoder::default();
        let mut out = Vec::new();
        for piece in [&b"T1B"[..], b"USU\r\n9OUw==", b"UEx", b"BWQ==\n", b"Q"] {
            out.extend(decoder.decode(piece).expect("base64"));
        }
        assert_eq!(out, b"OPTIONSPLAY");
        assert_eq!(decoder.decode(b"***"), None);
    }
}
