//! `padelvar.toml`: what a club sets, read strictly and checked completely.
//!
//! [`load`] reads a file and reports every problem it finds with file, line, column
//! and a hint; [`watch`] keeps a running host's configuration up to date.

mod camera_url;
mod convert;
pub mod edit;
mod example;
mod ids;
mod load;
mod nearest;
mod network;
mod problem;
mod read_sections;
mod read_terrains;
mod reload;
#[cfg(test)]
mod scratch;
mod secret;
mod secret_file;
mod sections;
mod source;
mod table;
mod terrains;
mod version;
mod watch;

pub use camera_url::{CameraUrl, HostPort, InvalidCameraUrl, InvalidHostPort, known_port};
pub(crate) use convert::json_of_toml;
pub use example::{example, write_example};
pub use ids::{ClubId, InvalidId, MAX_ID_CHARS, TerrainId};
pub use load::{Loaded, load, parse};
pub(crate) use nearest::nearest_hint;
pub use network::{InvalidNetwork, Network};
pub use problem::{ConfigError, Place, Problem};
pub use reload::restart_needed;
pub use secret::Secret;
pub use sections::{
    Auth, AuthKind, Catalogue, CatalogueUrl, Encode, Log, LogFormat, LogLevel, Plugins, Policy,
    PolicySettings, PolicyTable, Proxy, Server, Trust, Video,
};
pub(crate) use source::place;
pub use source::{Environment, process_environment};
pub use terrains::{Camera, Club, InvalidTlsMode, Terrain, TlsMode};
pub use version::{InvalidVersion, Version};
pub use watch::watch;

/// The whole configuration. Paths in it are absolute, but for bare names of programs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Config {
    /// `[server]`
    pub server: Server,
    /// `[log]`
    pub log: Log,
    /// `[auth]`
    pub auth: Auth,
    /// `[video]`
    pub video: Video,
    /// `[proxy]`
    pub proxy: Proxy,
    /// `[catalogue]`
    pub catalogue: Catalogue,
    /// `[plugins]`
    pub plugins: Plugins,
    /// `[policy]`
    pub policy: Policy,
    /// `[[clubs]]`, ids unique.
    pub clubs: Vec<Club>,
    /// `[[terrains]]`, ids unique, each of a club that exists.
    pub terrains: Vec<Terrain>,
    /// The file's text; none where it did not come from a file.
    pub version: Option<Version>,
}

impl Config {
    /// The terrain with this id.
    pub fn terrain(&self, id: &TerrainId) -> Option<&Terrain> {
        self.terrains.iter().find(|terrain| terrain.id == *id)
    }

    /// The club with this id.
    pub fn club(&self, id: &ClubId) -> Option<&Club> {
        self.clubs.iter().find(|club| club.id == *id)
    }
}
