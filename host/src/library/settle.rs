//! Sessions that the host's death left open.

use std::sync::Arc;

use jiff::Timestamp;

use super::errors::LibraryError;
use super::{Library, blocking, folder};
use crate::catalogue::{Change, RecordingRecord, state};
use crate::mp4;

/// Sessions that are settled at once: no host has more cameras.
const MOST: u32 = 10_000;

impl Library {
    /// Closes the sessions that nobody closed, and tells their recordings what became of them;
    /// how many there were.
    pub(super) async fn settle(
        self: &Arc<Self>,
        now: Timestamp,
        protected: &(dyn Fn(&str) -> bool + Send + Sync),
    ) -> Result<usize, LibraryError> {
        let mut settled = 0;
        for entry in self.catalogue.unfinished_sessions(MOST).await? {
            let mut session = entry.session;
            if protected(&session.session_id) {
                continue;
            }
            settled += 1;
            if let Some(recording) = entry.recording.filter(|recording| !recording.is_final()) {
                let recording = self.outcome(recording, &session.club_id, now).await?;
                self.journal.put(Change::Recording(recording));
            }
            session.closed_at.get_or_insert(now);
            self.journal.put(Change::Session(session));
        }
        Ok(settled)
    }

    /// What became of a recording that the host did not see the end of.
    async fn outcome(
        &self,
        mut recording: RecordingRecord,
        club: &str,
        now: Timestamp,
    ) -> Result<RecordingRecord, LibraryError> {
        recording.updated_at = now;
        let path = folder::path(&self.videos_dir(), club, &recording.session_id);
        let found = blocking(move || {
            let path = path.filter(|path| folder::size(path).is_some());
            Ok(path.and_then(|path| mp4::facts(&path).ok().map(|facts| (path, facts))))
        });
        if let Some((path, facts)) = found.await? {
            recording.state = state::COMPLETED.into();
            recording.frames = facts.frames;
            recording.size_bytes = facts.size_bytes;
            recording.duration_seconds = Some(facts.duration_seconds);
            recording.video_path = Some(path.display().to_string());
            recording.error = Some("the host ended while it was recording".into());
        } else {
            recording.state = state::FAILED.into();
            recording.error = Some("the host ended before there was a file".into());
        }
        Ok(recording)
    }
}
