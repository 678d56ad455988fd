//! What can be asked for. The names are what policies see.

/// Something that a caller wants to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Begin a session on a terrain.
    SessionCreate,
    /// See a session.
    SessionView,
    /// End a session.
    SessionClose,
    /// Begin a recording.
    RecordingStart,
    /// End a recording.
    RecordingStop,
    /// See a recording.
    RecordingView,
    /// See live pictures.
    PreviewView,
    /// Fetch a file.
    FileDownload,
}

impl Action {
    /// Whether it changes something, and so belongs into the audit log when it is allowed.
    pub fn changes(self) -> bool {
        matches!(
            self,
            Self::SessionCreate | Self::SessionClose | Self::RecordingStart | Self::RecordingStop
        )
    }

    /// Its name, for example `session.create`.
    pub fn name(self) -> &'static str {
        match self {
            Self::SessionCreate => "session.create",
            Self::SessionView => "session.view",
            Self::SessionClose => "session.close",
            Self::RecordingStart => "recording.start",
            Self::RecordingStop => "recording.stop",
            Self::RecordingView => "recording.view",
            Self::PreviewView => "preview.view",
            Self::FileDownload => "file.download",
        }
    }
}

/// What it is wanted on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resource {
    /// `session`, `terrain` or `file`.
    pub kind: &'static str,
    /// Its id.
    pub id: String,
    /// The club it belongs to.
    pub club: String,
    /// Who made it; none for what nobody made.
    pub owner: Option<String>,
    /// The terrain it belongs to.
    pub terrain: Option<String>,
}
