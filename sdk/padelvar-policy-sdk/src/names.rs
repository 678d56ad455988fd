//! Names that the host uses. They are open sets: a newer host may know more.

/// What can be wanted.
pub mod action {
    /// Begin a session on a terrain.
    pub const SESSION_CREATE: &str = "session.create";
    /// See a session.
    pub const SESSION_VIEW: &str = "session.view";
    /// End a session.
    pub const SESSION_CLOSE: &str = "session.close";
    /// Begin a recording.
    pub const RECORDING_START: &str = "recording.start";
    /// End a recording.
    pub const RECORDING_STOP: &str = "recording.stop";
    /// See how a recording goes, and its quality.
    pub const RECORDING_VIEW: &str = "recording.view";
    /// See live pictures.
    pub const PREVIEW_VIEW: &str = "preview.view";
    /// See which files a club has.
    pub const FILE_LIST: &str = "file.list";
    /// Fetch a file.
    pub const FILE_DOWNLOAD: &str = "file.download";
    /// Delete a file.
    pub const FILE_DELETE: &str = "file.delete";
    /// End what nobody uses.
    pub const SYSTEM_CLEANUP: &str = "system.cleanup";
    /// See the plugins.
    pub const PLUGIN_VIEW: &str = "plugin.view";
    /// Change a plugin's state.
    pub const PLUGIN_MANAGE: &str = "plugin.manage";
    /// Search the network for cameras.
    pub const CAMERA_DISCOVER: &str = "camera.discover";
    /// Try a camera.
    pub const CAMERA_PROBE: &str = "camera.probe";
    /// Change a terrain.
    pub const TERRAIN_EDIT: &str = "terrain.edit";

    /// Every action of this version.
    pub const ALL: [&str; 16] = [
        SESSION_CREATE,
        SESSION_VIEW,
        SESSION_CLOSE,
        RECORDING_START,
        RECORDING_STOP,
        RECORDING_VIEW,
        PREVIEW_VIEW,
        FILE_LIST,
        FILE_DOWNLOAD,
        FILE_DELETE,
        SYSTEM_CLEANUP,
        PLUGIN_VIEW,
        PLUGIN_MANAGE,
        CAMERA_DISCOVER,
        CAMERA_PROBE,
        TERRAIN_EDIT,
    ];
}

/// On what it can be wanted.
pub mod kind {
    /// A terrain, to be booked or changed; it has a club.
    pub const TERRAIN: &str = "terrain";
    /// A session with its recording and pictures; it has club, owner and terrain.
    pub const SESSION: &str = "session";
    /// A club, where its files are listed; it is its own club.
    pub const CLUB: &str = "club";
    /// A finished file; it has a club, and an owner where that is known.
    pub const FILE: &str = "file";
    /// A plugin.
    pub const PLUGIN: &str = "plugin";
    /// The host itself.
    pub const HOST: &str = "host";

    /// Every kind of this version.
    pub const ALL: [&str; 6] = [TERRAIN, SESSION, CLUB, FILE, PLUGIN, HOST];

    /// The kind that the host asks an action about.
    pub fn of(action: &str) -> &'static str {
        match action {
            super::action::SESSION_CREATE | super::action::TERRAIN_EDIT => TERRAIN,
            super::action::FILE_LIST => CLUB,
            super::action::FILE_DOWNLOAD | super::action::FILE_DELETE => FILE,
            super::action::SYSTEM_CLEANUP
            | super::action::CAMERA_DISCOVER
            | super::action::CAMERA_PROBE => HOST,
            super::action::PLUGIN_VIEW | super::action::PLUGIN_MANAGE => PLUGIN,
            _ => SESSION,
        }
    }
}

/// Under which conditions it can be allowed.
pub mod obligation {
    /// On `recording.start`: planned no longer than this, minutes.
    pub const MAX_DURATION_MINUTES: &str = "max-duration-minutes";
    /// On `session.create` and `recording.start`: the user has at most so many, the new
    /// one included.
    pub const MAX_CONCURRENT: &str = "max-concurrent";
}

/// Roles that the built-in policies know. Letter case counts.
pub mod role {
    /// Whoever runs the host.
    pub const SUPER_ADMIN: &str = "SUPER_ADMIN";
    /// Whoever runs a club.
    pub const CLUB_ADMIN: &str = "CLUB_ADMIN";
    /// A player.
    pub const PLAYER: &str = "PLAYER";

    /// All three.
    pub const ALL: [&str; 3] = [SUPER_ADMIN, CLUB_ADMIN, PLAYER];
}
