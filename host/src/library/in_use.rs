//! Files that somebody is downloading: they are not deleted for their age or size.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// A player reads a file in pieces, with pauses between them: so long after the last piece it
/// counts as in use.
const PAUSE: Duration = Duration::from_mins(10);

/// Who reads what.
#[derive(Clone, Debug, Default)]
pub(super) struct InUse(Arc<Mutex<HashMap<String, Use>>>);

#[derive(Clone, Copy, Debug)]
struct Use {
    readers: usize,
    last: Instant,
}

/// A reader of a file. The file is in use until a while after this is dropped.
#[derive(Debug)]
pub struct Reading {
    session_id: String,
    files: InUse,
}

impl InUse {
    /// One more reader.
    pub fn read(&self, session_id: &str) -> Reading {
        let now = Instant::now();
        let mut files = self.files();
        files.retain(|_, usage| usage.is_on(now));
        let usage = files.entry(session_id.to_owned()).or_insert(Use {
            readers: 0,
            last: now,
        });
        usage.readers += 1;
        Reading {
            session_id: session_id.to_owned(),
            files: self.clone(),
        }
    }

    /// Whether somebody reads it, or did a moment ago.
    pub fn has(&self, session_id: &str) -> bool {
        let now = Instant::now();
        let files = self.files();
        files.get(session_id).is_some_and(|usage| usage.is_on(now))
    }

    fn files(&self) -> MutexGuard<'_, HashMap<String, Use>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Use {
    fn is_on(&self, now: Instant) -> bool {
        self.readers > 0 || now.saturating_duration_since(self.last) < PAUSE
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        if let Some(usage) = self.files.files().get_mut(&self.session_id) {
            usage.readers = usage.readers.saturating_sub(1);
            usage.last = Instant::now();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_in_use_until_a_while_after_its_last_reader() {
        let files = InUse::default();
        assert!(!files.has("a"));
        let (one, two) = (files.read("a"), files.read("a"));
        assert!(files.has("a") && !files.has("b"));
        drop((one, two));
        assert!(files.has("a"));
        let Some(long_ago) = Instant::now().checked_sub(PAUSE) else {
            return; // The machine has just been started.
        };
        if let Some(usage) = files.files().get_mut("a") {
            usage.last = long_ago;
        }
        assert!(!files.has("a"));
        let _other = files.read("b");
        assert_eq!(files.files().len(), 1, "what is over is forgotten");
    }
}
