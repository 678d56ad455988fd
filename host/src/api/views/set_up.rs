//! Cameras and terrains as they are set up.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use super::{Id, Success};
use crate::config::{Camera, ClubId, Terrain, TerrainId, Version};
use crate::{discovery, probe};

/// Cameras that answered.
#[derive(Debug, Serialize, ToSchema)]
pub struct DiscoverAnswer {
    success: Success,
    /// At most 256.
    cameras: Vec<discovery::Report>,
}

impl FromIterator<discovery::Found> for DiscoverAnswer {
    fn from_iter<I: IntoIterator<Item = discovery::Found>>(found: I) -> Self {
        Self {
            success: Success,
            cameras: found.into_iter().map(Into::into).collect(),
        }
    }
}

/// What a camera sends.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProbeAnswer {
    success: Success,
    /// What was found.
    probe: probe::Report,
}

impl From<probe::Report> for ProbeAnswer {
    fn from(probe: probe::Report) -> Self {
        let success = Success;
        Self { success, probe }
    }
}

/// A terrain as it is configured. Secrets are not shown.
#[derive(Debug, Serialize, ToSchema)]
pub struct TerrainSettings {
    /// Its id.
    #[schema(value_type = Id)]
    terrain_id: TerrainId,
    /// The club it belongs to.
    #[schema(value_type = Id)]
    club_id: ClubId,
    /// Its name, for people.
    name: String,
    /// Whether sound is recorded.
    audio: bool,
    /// Its camera.
    camera: CameraSettings,
}

/// How a camera is reached.
#[derive(Debug, Serialize, ToSchema)]
pub struct CameraSettings {
    /// Without credentials.
    url: String,
    /// The adapter's name; null: the URL's scheme chooses.
    #[schema(required)]
    adapter: Option<String>,
    /// Whether there is a user name.
    has_username: bool,
    /// Whether there is a password.
    has_password: bool,
    /// Which certificates are good: `verify`, `off` or `pin:…`.
    tls: String,
    /// Further places that the adapter may use.
    reach: Vec<String>,
    /// The adapter's own options.
    options: BTreeMap<String, String>,
}

impl From<&Terrain> for TerrainSettings {
    fn from(terrain: &Terrain) -> Self {
        Self {
            terrain_id: terrain.id.clone(),
            club_id: terrain.club_id.clone(),
            name: terrain.name.clone(),
            audio: terrain.audio,
            camera: CameraSettings::from(&terrain.camera),
        }
    }
}

impl From<&Camera> for CameraSettings {
    fn from(camera: &Camera) -> Self {
        Self {
            url: camera.url.as_str().to_owned(),
            adapter: camera.adapter.clone(),
            has_username: camera.username.is_some(),
            has_password: camera.password.is_some(),
            tls: camera.tls.to_string(),
            reach: camera.reach.iter().map(ToString::to_string).collect(),
            options: camera.options.clone(),
        }
    }
}

/// A terrain's settings.
#[derive(Debug, Serialize, ToSchema)]
pub struct SettingsAnswer {
    success: Success,
    /// The terrain.
    terrain: TerrainSettings,
    /// The configuration's text that they stand in; null where it is no file.
    #[schema(required)]
    version: Option<String>,
}

impl SettingsAnswer {
    /// Of a terrain in the configuration with this version.
    pub fn new(terrain: &Terrain, version: Option<Version>) -> Self {
        Self {
            success: Success,
            terrain: terrain.into(),
            version: version.map(|version| version.to_string()),
        }
    }
}

/// A terrain that was written into the configuration.
#[derive(Debug, Serialize, ToSchema)]
pub struct EditedAnswer {
    success: Success,
    /// Whether it is new.
    created: bool,
    /// Whether the host has it in force; if not, it takes it within seconds, or the file was
    /// changed again.
    in_force: bool,
    /// The configuration's text now.
    version: String,
    /// The terrain as it is in force; null where it is not yet.
    #[schema(required)]
    terrain: Option<TerrainSettings>,
}

impl EditedAnswer {
    /// `terrain`: as it is in force.
    pub fn new(created: bool, version: Version, terrain: Option<&Terrain>) -> Self {
        Self {
            success: Success,
            created,
            in_force: terrain.is_some(),
            version: version.to_string(),
            terrain: terrain.map(Into::into),
        }
    }
}
