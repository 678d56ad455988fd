//! What a terrain is to be.

use std::collections::BTreeMap;

use super::super::{ClubId, Secret, TerrainId};

/// A `[[terrains]]` as it is to be: what is `None` or empty is left out of the file.
#[derive(Clone, Debug, PartialEq)]
pub struct TerrainEdit {
    /// Its id.
    pub id: TerrainId,
    /// Its club's.
    pub club_id: ClubId,
    /// Its name.
    pub name: Option<String>,
    /// Whether sound is recorded.
    pub audio: bool,
    /// Its camera.
    pub camera: CameraEdit,
}

/// `[terrains.camera]` as it is to be. Texts are checked by the host's reader.
#[derive(Clone, Debug, PartialEq)]
pub struct CameraEdit {
    /// The URL, without credentials.
    pub url: String,
    /// The adapter's name.
    pub adapter: Option<String>,
    /// User name.
    pub username: SecretEdit,
    /// Password.
    pub password: SecretEdit,
    /// `verify`, `off` or `pin:…`.
    pub tls: Option<String>,
    /// Further `host:port`.
    pub reach: Vec<String>,
    /// The adapter's own.
    pub options: BTreeMap<String, String>,
}

/// What becomes of a secret. Secrets are never shown, so that most changes keep them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretEdit {
    /// As it is, in the file or beside it. Not where the camera's host changes.
    Keep,
    /// Taken out.
    Remove,
    /// Written into the configuration, where nobody else may read that.
    Inline(Secret),
    /// In this file, relative to the configuration's folder: see [`store_secret`].
    ///
    /// [`store_secret`]: super::store_secret
    File(String),
}
