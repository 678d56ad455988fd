//! `/api/plugins`

use axum::Json;
use axum::extract::State;

use super::App;
use super::caller::Caller;
use super::input::Id;
use super::problem::Problem;
use super::views::{PluginsAnswer, ReleaseAnswer};
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

/// Release a plugin from quarantine
///
/// Versions that failed too often, or that brought no picture, get another chance. Saying it
/// again does no harm.
#[utoipa::path(
    post,
    path = "/api/plugins/{name}/release",
    tag = "plugins",
    params(("name" = String, Path, description = "The plugin's name.")),
    responses(
        (status = 200, description = "What was released, and the plugin now", body = ReleaseAnswer),
        (status = 404, description = "`not_found`: there is no plugin of this name"),
    )
)]
pub async fn release(
    State(app): State<App>,
    Caller(caller): Caller,
    Id(name): Id,
) -> Result<Json<ReleaseAnswer>, Problem> {
    app.door
        .ask(&caller, Action::PluginManage, &Resource::plugin(&name))?;
    let registry = app.sessions.registry();
    let unknown = || Problem::not_found("there is no plugin of this name");
    let released = registry.release(&name).ok_or_else(unknown)?;
    let lines = registry.list().into_iter();
    let lines = lines.filter(|line| line.name == name);
    Ok(Json(ReleaseAnswer::new(released, lines)))
}
