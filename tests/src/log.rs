//! What a child process said.

use std::io::Read;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep};

/// A pipe of a child, read to its end by a thread of its own.
#[derive(Clone, Debug, Default)]
pub struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    /// Reads a pipe until it ends.
    pub fn of(mut pipe: impl Read + Send + 'static) -> Self {
        let log = Self::default();
        let written = log.clone();
        std::thread::spawn(move || {
            let mut buffer = [0; 16 << 10];
            while let Ok(length @ 1..) = pipe.read(&mut buffer) {
                let mut bytes = written.0.lock().unwrap_or_else(PoisonError::into_inner);
                bytes.extend_from_slice(&buffer[..length]);
            }
        });
        log
    }

    /// All of it so far.
    pub fn text(&self) -> String {
        let bytes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// What follows `mark` on its line, once that was said.
    pub async fn after(&self, mark: &str, patience: Duration) -> Option<String> {
        let deadline = Instant::now() + patience;
        loop {
            let text = self.text();
            let found = text.split_once(mark).and_then(|(_, rest)| {
                let (line, _) = rest.split_once('\n')?;
                Some(line.trim().to_owned())
            });
            if found.is_some() || Instant::now() > deadline {
                return found;
            }
            sleep(Duration::from_millis(20)).await;
        }
    }
}
