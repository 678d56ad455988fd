//! `terrain`.

use serde::Serialize;
use utoipa::ToSchema;

use super::{Id, Success};
use crate::config::{ClubId, TerrainId};

/// A court with a camera.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Terrain)]
pub struct TerrainView {
    /// Its id.
    #[schema(value_type = Id)]
    pub terrain_id: TerrainId,
    /// The club it belongs to.
    #[schema(value_type = Id)]
    pub club_id: ClubId,
    /// Its name, for people.
    pub name: String,
    /// Its active session; null where there is none, or the caller may not view it.
    #[schema(required)]
    pub session_id: Option<String>,
}

/// Terrains, in the configuration's order.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct TerrainsAnswer {
    success: Success,
    /// Those that the caller may book, or whose active session they may view.
    terrains: Vec<TerrainView>,
}

impl From<Vec<TerrainView>> for TerrainsAnswer {
    fn from(terrains: Vec<TerrainView>) -> Self {
        let success = Success;
        Self { success, terrains }
    }
}
