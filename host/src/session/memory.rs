//! What sessions leave behind: in the catalogue, and in the library of files.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::{Instant, timeout};
use tracing::error;

use super::records;
use super::state::Session;
use crate::catalogue::{Change, Journal};
use crate::library::Library;
use crate::recording::{Handover, Recording, RecordingState, RecordingStatus};

/// How long the answer to a start may wait for the catalogue's disk: the contract gives it 2 s.
const BEGUN_WITHIN: Duration = Duration::from_secs(1);
/// How often the counts of a recording that goes on are written: what the host's death costs of
/// them at most.
const COUNTS_EVERY: Duration = Duration::from_secs(10);

/// Where it is left. A catalogue that is slow or full disturbs no session.
#[derive(Clone)]
pub struct Memory {
    /// The way into the catalogue.
    pub journal: Arc<Journal>,
    /// The finished files.
    pub library: Arc<Library>,
}

impl Memory {
    /// A session began or closed.
    pub(super) fn session(&self, session: &Session) {
        self.journal
            .session(records::session(session, Timestamp::now()));
    }

    /// A recording begins: should the host die after this has returned, its next run knows of
    /// it. A disk that does not take it is waited for for a moment only.
    pub(super) async fn begun(&self, session: &Session, recording: &Recording) {
        let record = records::recording(session, &recording.status(), Timestamp::now());
        let queued = self.journal.put(Change::Recording(record));
        let _ = timeout(BEGUN_WITHIN, self.journal.written(queued)).await;
    }

    /// Follows a recording until it is over: its states and gaps, now and then its counts, and
    /// what came of it. Of one that goes on in the next run of the host nothing more is told but
    /// its counts: it stays unfinished. False then.
    pub(super) async fn follow(&self, session: &Session, recording: &Recording) -> bool {
        let mut status = recording.watch();
        let (mut told, mut last) = (None, None::<RecordingStatus>);
        let mut told_at = Instant::now();
        loop {
            let now = status.borrow_and_update().clone();
            if now.handover != Handover::No {
                if let Some(last) = &mut last {
                    last.quality = now.quality;
                    self.recording(session, last);
                }
                return false;
            }
            let mark = (now.state, now.gaps.len(), now.started_at);
            let counts = now.state == RecordingState::Recording;
            if told != Some(mark) || (counts && told_at.elapsed() >= COUNTS_EVERY) {
                (told, told_at) = (Some(mark), Instant::now());
                self.recording(session, &now);
                last = Some(now.clone());
            }
            if now.state.is_final() {
                return true;
            }
            // Counts change without news.
            if let Ok(Err(_)) = timeout(COUNTS_EVERY, status.changed()).await {
                return true;
            }
        }
    }

    /// A recording is over: its file is listed when this returns, as far as the disk lets it.
    /// May be called again.
    pub(super) async fn finished(&self, session: &Session, status: &RecordingStatus) {
        self.recording(session, status);
        if status.state != RecordingState::Completed {
            return;
        }
        if let Err(error) = self.library.add(records::new_file(session)).await {
            error!(session_id = %session.id, %error, "the file is not listed yet; it is at the next start at the latest");
        }
    }

    fn recording(&self, session: &Session, status: &RecordingStatus) {
        self.journal
            .recording(records::recording(session, status, Timestamp::now()));
    }
}
