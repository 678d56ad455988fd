//! A guest's stderr: a ring that drops the oldest and never fails, so that a guest that only
//! prints (its panic, say) is never ended by the printing.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use wasmtime_wasi::async_trait;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamResult};

use super::limits::STDERR_BYTES;

/// When something was dropped, so much of what follows goes with it, bytes: it may begin in
/// the middle of a secret, which nobody would know again.
const TORN_BYTES: usize = 256;

/// The last bytes that a guest wrote.
#[derive(Clone, Default)]
pub struct Ring(Arc<Mutex<Content>>);

#[derive(Default)]
struct Content {
    bytes: VecDeque<u8>,
    torn: bool,
}

impl Ring {
    fn push(&self, bytes: &[u8]) {
        let mut content = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let tail = &bytes[bytes.len().saturating_sub(STDERR_BYTES)..];
        content.bytes.extend(tail);
        let excess = content.bytes.len().saturating_sub(STDERR_BYTES);
        content.bytes.drain(..excess);
        content.torn |= excess > 0 || tail.len() < bytes.len();
    }

    /// What is there, as text, trimmed; and empties the ring.
    pub fn take(&self) -> String {
        let mut content = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Content { bytes, torn } = std::mem::take(&mut *content);
        let bytes: Vec<u8> = bytes
            .into_iter()
            .skip(if torn { TORN_BYTES } else { 0 })
            .collect();
        String::from_utf8_lossy(&bytes).trim().to_owned()
    }
}

impl IsTerminal for Ring {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for Ring {
    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }

    fn async_stream(&self) -> Box<dyn tokio::io::AsyncWrite + Send + Sync> {
        Box::new(tokio::io::sink())
    }
}

#[async_trait]
impl Pollable for Ring {
    async fn ready(&mut self) {}
}

impl OutputStream for Ring {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        self.push(&bytes);
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(64 << 10)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_newest() {
        let ring = Ring::default();
        ring.push(&vec![b'a'; STDERR_BYTES]);
        ring.push(b"the end");
        let text = ring.take();
        assert_eq!(text.len(), STDERR_BYTES - TORN_BYTES);
        assert!(text.ends_with("the end"));
        assert_eq!(ring.take(), "");
        ring.push(b"whole");
        assert_eq!(ring.take(), "whole");
    }
}
