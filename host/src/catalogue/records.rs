//! What is kept, as plain values. Ids are compared as text, so they are text here; states and
//! modes are text as well, so that this room depends on nothing above it.

use jiff::Timestamp;

/// A session: one booking of a terrain's camera.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionRecord {
    /// Its id, `sess_<terrain>_<unix ms>`.
    pub session_id: String,
    /// The terrain whose camera it used.
    pub terrain_id: String,
    /// The club that the terrain belonged to.
    pub club_id: String,
    /// Who made it.
    pub owner_id: String,
    /// When.
    pub created_at: Timestamp,
    /// When it closed; none while it is active, or if the host died in it.
    pub closed_at: Option<Timestamp>,
    /// The adapter in use, once known.
    pub adapter: Option<String>,
}

/// Names of a recording's states that this room and `library` must know.
pub mod state {
    /// There is a file.
    pub const COMPLETED: &str = "completed";
    /// There is none, or it is not whole.
    pub const FAILED: &str = "failed";
}

/// A session's recording.
#[derive(Clone, Debug, PartialEq)]
pub struct RecordingRecord {
    /// The session's id.
    pub session_id: String,
    /// How far it is: `starting`, `recording`, `finalizing`, `completed`, `failed`.
    pub state: String,
    /// `copy` or `encode`, once known.
    pub mode: Option<String>,
    /// When the first picture in the file was taken.
    pub started_at: Option<Timestamp>,
    /// Planned length in seconds.
    pub planned_seconds: f64,
    /// Pictures in the file.
    pub frames: u64,
    /// Size of the file in bytes.
    pub size_bytes: u64,
    /// Length of the file in seconds, once it is final.
    pub duration_seconds: Option<f64>,
    /// Times without pictures.
    pub gaps: Vec<GapRecord>,
    /// The file, once it is final.
    pub video_path: Option<String>,
    /// What went wrong, for people.
    pub error: Option<String>,
    /// What came, was repeated, is missing: JSON of the room of recordings. What is known stays
    /// where a newer state does not tell it.
    pub quality: Option<String>,
    /// When this was so.
    pub updated_at: Timestamp,
    /// Where it is on its host's clock, for the next run of the host; opaque here.
    pub clock: Option<String>,
}

impl RecordingRecord {
    /// Whether nothing will change any more.
    pub fn is_final(&self) -> bool {
        matches!(self.state.as_str(), state::COMPLETED | state::FAILED)
    }
}

/// A time without pictures.
#[derive(Clone, Debug, PartialEq)]
pub struct GapRecord {
    /// Seconds from the first picture.
    pub start_seconds: f64,
    /// Its length in seconds.
    pub seconds: f64,
    /// Why, for example `camera_lost`.
    pub cause: String,
}

/// A finished file.
#[derive(Clone, Debug, PartialEq)]
pub struct FileRecord {
    /// The session's id, which is the file's.
    pub session_id: String,
    /// The club in whose folder it lies.
    pub club_id: String,
    /// The terrain that it shows.
    pub terrain_id: String,
    /// Who owned the session, where that is known.
    pub owner_id: Option<String>,
    /// Size in bytes.
    pub size_bytes: u64,
    /// Length in seconds.
    pub duration_seconds: f64,
    /// `h264`, `h265`, or the four characters of the file's sample entry.
    pub codec: String,
    /// SHA-256 in lower-case hexadecimal digits, once computed.
    pub sha256: Option<String>,
    /// When the session was created.
    pub created_at: Timestamp,
}

/// A decision about something that changes the host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditRecord {
    /// When it was made.
    pub at: Timestamp,
    /// Who asked.
    pub user: String,
    /// Their role.
    pub role: String,
    /// Their club.
    pub club: Option<String>,
    /// The client's address.
    pub address: Option<String>,
    /// What they asked for, for example `session.create`.
    pub action: String,
    /// `terrain`, `session`, `club`, `file`, `plugin` or `host`.
    pub resource_kind: String,
    /// Its id; empty for the host itself.
    pub resource_id: String,
    /// The club it belongs to.
    pub resource_club: Option<String>,
    /// Whether they may.
    pub allowed: bool,
    /// Why, for programs.
    pub code: String,
    /// Why, for people.
    pub reason: String,
    /// The request.
    pub request_id: Option<String>,
}
