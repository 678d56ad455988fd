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
    /// See which files a club has.
    FileList,
    /// Fetch a file.
    FileDownload,
    /// Delete a file.
    FileDelete,
    /// End what nobody uses and remove what is no recording.
    SystemCleanup,
    /// See the plugins.
    PluginView,
    /// Change a plugin's state.
    PluginManage,
    /// Search the network for cameras.
    CameraDiscover,
    /// Try a camera.
    CameraProbe,
    /// Change a terrain.
    TerrainEdit,
}

impl Action {
    /// Every action.
    pub const ALL: [Self; 16] = [
        Self::SessionCreate,
        Self::SessionView,
        Self::SessionClose,
        Self::RecordingStart,
        Self::RecordingStop,
        Self::RecordingView,
        Self::PreviewView,
        Self::FileList,
        Self::FileDownload,
        Self::FileDelete,
        Self::SystemCleanup,
        Self::PluginView,
        Self::PluginManage,
        Self::CameraDiscover,
        Self::CameraProbe,
        Self::TerrainEdit,
    ];

    /// Whether it changes something, and so leaves an audit record, allowed or not.
    pub fn changes(self) -> bool {
        match self {
            Self::SessionCreate
            | Self::SessionClose
            | Self::RecordingStart
            | Self::RecordingStop
            | Self::FileDelete
            | Self::SystemCleanup
            | Self::PluginManage
            | Self::CameraDiscover
            | Self::CameraProbe
            | Self::TerrainEdit => true,
            Self::SessionView
            | Self::RecordingView
            | Self::PreviewView
            | Self::FileList
            | Self::FileDownload
            | Self::PluginView => false,
        }
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
            Self::FileList => "file.list",
            Self::FileDownload => "file.download",
            Self::FileDelete => "file.delete",
            Self::SystemCleanup => "system.cleanup",
            Self::PluginView => "plugin.view",
            Self::PluginManage => "plugin.manage",
            Self::CameraDiscover => "camera.discover",
            Self::CameraProbe => "camera.probe",
            Self::TerrainEdit => "terrain.edit",
        }
    }

    /// The action of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.name() == name)
    }

    /// The kinds of resources that the host asks about it.
    pub fn kinds(self) -> &'static [&'static str] {
        match self {
            Self::SessionCreate | Self::TerrainEdit => &["terrain"],
            Self::SessionView
            | Self::SessionClose
            | Self::RecordingStart
            | Self::RecordingStop
            | Self::RecordingView
            | Self::PreviewView => &["session"],
            Self::FileList => &["club"],
            Self::FileDownload | Self::FileDelete => &["file"],
            Self::SystemCleanup | Self::CameraDiscover | Self::CameraProbe => &["host"],
            // The list of all plugins is the host's.
            Self::PluginView => &["plugin", "host"],
            Self::PluginManage => &["plugin"],
        }
    }
}

/// What it is wanted on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resource {
    /// `terrain`, `session`, `club`, `file`, `plugin` or `host`.
    pub kind: &'static str,
    /// Its id; empty for the host itself.
    pub id: String,
    /// The club it belongs to; none for what belongs to no club.
    pub club: Option<String>,
    /// Who made it; none for what nobody made.
    pub owner: Option<String>,
    /// The terrain it belongs to.
    pub terrain: Option<String>,
}

impl Resource {
    /// The host itself.
    pub fn host() -> Self {
        Self {
            kind: "host",
            ..Self::default()
        }
    }

    /// A plugin.
    pub fn plugin(name: &str) -> Self {
        Self {
            kind: "plugin",
            id: name.to_owned(),
            ..Self::default()
        }
    }

    /// A club, where its files are listed.
    pub fn club(id: &str) -> Self {
        Self {
            kind: "club",
            id: id.to_owned(),
            club: Some(id.to_owned()),
            ..Self::default()
        }
    }

    /// A terrain, to be booked or changed.
    pub fn terrain(id: &str, club: &str) -> Self {
        Self {
            kind: "terrain",
            id: id.to_owned(),
            club: Some(club.to_owned()),
            owner: None,
            terrain: Some(id.to_owned()),
        }
    }
}
