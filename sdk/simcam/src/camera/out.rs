//! Everything that goes to a client passes here, and so do the faults that
//! concern bytes.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::time::{sleep, sleep_until, timeout};

use super::Shared;
use crate::fault::Once;

/// A client that takes nothing for so long is dropped, as cameras do.
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) struct Out<W> {
    write: W,
    shared: Arc<Shared>,
}

impl<W: AsyncWrite + Unpin> Out<W> {
    pub(crate) fn new(write: W, shared: Arc<Shared>) -> Self {
        Self { write, shared }
    }

    /// Sends one message, or what the faults in force leave of it. An error
    /// means that the connection is to be closed.
    pub(crate) async fn send(&mut self, message: &[u8]) -> io::Result<()> {
        self.hold().await;
        let faults = &self.shared.faults;
        let garbage = faults.take(|f| match f {
            Once::Garbage(bytes) => Some(*bytes),
            _ => None,
        });
        if let Some(bytes) = garbage {
            let garbage = faults.random(bytes);
            self.write(&garbage).await?;
        }
        let faults = &self.shared.faults;
        let truncate = faults.take(|f| (*f == Once::TruncateMessage).then_some(()));
        if truncate.is_some() {
            self.write(&message[..message.len() / 2]).await?;
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.write(message).await
    }

    /// Waits until no stall is in force.
    pub(crate) async fn hold(&mut self) {
        while let Some(end) = self.shared.faults.stalled_until() {
            sleep_until(end).await;
        }
    }

    async fn write(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            let slow = self.shared.faults.slow();
            let piece = slow.map_or(bytes.len(), |(piece, _)| piece.min(bytes.len()));
            let write = async {
                self.write.write_all(&bytes[..piece]).await?;
                self.write.flush().await
            };
            timeout(PATIENCE, write)
                .await
                .map_err(|_| io::ErrorKind::TimedOut)??;
            bytes = &bytes[piece..];
            if let Some((_, pause)) = slow {
                sleep(pause).await;
            }
        }
        Ok(())
    }

    /// Says goodbye, so that the client gets all that was sent.
    pub(crate) async fn close(mut self) {
        // A client that is gone already needs no goodbye.
        let _ = timeout(PATIENCE, self.write.shutdown()).await;
    }
}
