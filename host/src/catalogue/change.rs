//! One thing to be written.

use super::records::{AuditRecord, FileRecord, RecordingRecord, SessionRecord};

/// Longest text that is kept of what a caller wrote, in characters: an id of megabytes in a
/// token must not fill the disk.
const MOST_CHARS: usize = 500;

/// A change of the catalogue. Each may be applied again without harm, but for a decision,
/// which is then there twice.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// A session is new, or has changed.
    Session(SessionRecord),
    /// A recording is new, or has changed.
    Recording(RecordingRecord),
    /// A file is new, or has changed. A digest that is known stays, unless the size differs.
    File(FileRecord),
    /// The digest of a file is known. Nothing happens if the file is gone by now.
    FileDigest {
        /// The file's id.
        session_id: String,
        /// The club in whose folder it was read.
        club_id: String,
        /// Size of what was read, in bytes.
        size_bytes: u64,
        /// SHA-256 in lower-case hexadecimal digits.
        sha256: String,
    },
    /// A file is gone.
    FileRemoved {
        /// The file's id.
        session_id: String,
    },
    /// A decision was made.
    Audit(Box<AuditRecord>),
}

impl Change {
    /// What it is about, for a log: a word and an id.
    pub fn subject(&self) -> (&'static str, &str) {
        match self {
            Self::Session(record) => ("session", &record.session_id),
            Self::Recording(record) => ("recording", &record.session_id),
            Self::File(record) => ("file", &record.session_id),
            Self::FileDigest { session_id, .. } => ("digest", session_id),
            Self::FileRemoved { session_id } => ("removal", session_id),
            Self::Audit(record) => ("decision", &record.action),
        }
    }

    /// Whether the newer of two such changes makes the older one needless.
    pub(super) fn replaces(&self, older: &Self) -> bool {
        match (self, older) {
            (Self::Session(new), Self::Session(old)) => new.session_id == old.session_id,
            (Self::Recording(new), Self::Recording(old)) => new.session_id == old.session_id,
            _ => false,
        }
    }

    /// Cuts texts that came from outside.
    pub(super) fn bounded(mut self) -> Self {
        if let Self::Audit(record) = &mut self {
            let texts = [
                &mut record.user,
                &mut record.role,
                &mut record.action,
                &mut record.resource_kind,
                &mut record.resource_id,
                &mut record.code,
                &mut record.reason,
            ];
            let optional = [
                &mut record.club,
                &mut record.address,
                &mut record.resource_club,
                &mut record.request_id,
            ];
            texts
                .into_iter()
                .chain(optional.into_iter().flatten())
                .for_each(cut);
        }
        self
    }
}

fn cut(text: &mut String) {
    if let Some((at, _)) = text.char_indices().nth(MOST_CHARS) {
        text.truncate(at);
    }
}
