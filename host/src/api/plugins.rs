//! `/api/plugins`

use axum::Json;
use axum::extract::State;

use super::App;
use super::caller::Caller;
use super::problem::Problem;
use super::views::PluginsAnswer;
use crate::auth::{Action, Resource};

/// Plugins
///
/// Those in use and those that are not, with the reason.
#[utoipa::path(
    get,
    path = "/api/plugins",
    tag = "plugins",
    responses((status = 200, description = "The active ones, then the rest", body = PluginsAnswer))
)]
pub async fn list(
    State(app): State<App>,
    Caller(caller): Caller,
) -> Result<Json<PluginsAnswer>, Problem> {
    app.door
        .ask(&caller, Action::PluginView, &Resource::host())?;
    Ok(Json(app.sessions.registry().list().into_iter().collect()))
}
