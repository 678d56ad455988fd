//! `/api/video/terrains`

use axum::Json;
use axum::extract::State;

use super::App;
use super::caller::Caller;
use super::problem::Problem;
use super::views::{TerrainView, TerrainsAnswer};
use crate::auth::{self, Action, Resource};
use crate::config::Terrain;

/// Terrains
///
/// Those that the caller may book, or whose active session they may view.
#[utoipa::path(
    get,
    path = "/api/video/terrains",
    tag = "terrains",
    responses((status = 200, description = "In the configuration's order", body = TerrainsAnswer))
)]
pub async fn list(
    State(app): State<App>,
    Caller(caller): Caller,
) -> Result<Json<TerrainsAnswer>, Problem> {
    let config = app.sessions.config();
    let terrains: Vec<TerrainView> = config
        .terrains
        .iter()
        .filter_map(|terrain| view(&app, &caller, terrain))
        .collect();
    // Each was asked about; where there are none, nothing is shown.
    caller.asked.open();
    Ok(Json(terrains.into()))
}

/// A terrain, where the caller may see it.
fn view(app: &App, caller: &auth::Caller, terrain: &Terrain) -> Option<TerrainView> {
    let session = app.sessions.active_on(&terrain.id);
    let session = session.and_then(|id| app.sessions.get(id.as_str()).ok());
    let viewed = session.filter(|session| {
        app.door
            .would_allow(caller, Action::SessionView, &session.resource())
    });
    let resource = Resource::terrain(terrain.id.as_str(), terrain.club_id.as_str());
    let visible = viewed.is_some()
        || app
            .door
            .would_allow(caller, Action::SessionCreate, &resource);
    visible.then(|| TerrainView {
        terrain_id: terrain.id.clone(),
        club_id: terrain.club_id.clone(),
        name: terrain.name.clone(),
        session_id: viewed.map(|session| session.id.to_string()),
    })
}
