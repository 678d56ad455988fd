//! `/api/plugins`

use axum::Json;
use axum::extract::State;

use super::App;
use super::caller::Caller;
use super::input::Id;
use super::problem::Problem;
use super::views::{DifferencesAnswer, PluginsAnswer, ReleaseAnswer};
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
    let plugins = app.sessions.registry().list().into_iter();
    let plugins = plugins.map(|plugin| app.door.policy().view(plugin));
    Ok(Json(plugins.collect()))
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
    let lines = lines.map(|line| app.door.policy().view(line));
    Ok(Json(ReleaseAnswer::new(released, lines)))
}

/// Differences of a shadow policy
///
/// What the policy that `policy.shadow` names would have decided otherwise, beside the one in
/// force. A plugin that is no shadow differs in nothing.
#[utoipa::path(
    get,
    path = "/api/plugins/{name}/differences",
    tag = "plugins",
    params(("name" = String, Path, description = "The plugin's name.")),
    responses(
        (status = 200, description = "Counts and differences", body = DifferencesAnswer),
        (status = 404, description = "`not_found`: there is no plugin of this name"),
    )
)]
pub async fn differences(
    State(app): State<App>,
    Caller(caller): Caller,
    Id(name): Id,
) -> Result<Json<DifferencesAnswer>, Problem> {
    let resource = Resource::plugin(&name);
    app.door.ask(&caller, Action::PluginView, &resource)?;
    let mut plugins = app.sessions.registry().list().into_iter();
    if !plugins.any(|plugin| plugin.name == name) {
        return Err(Problem::not_found("there is no plugin of this name"));
    }
    let comparison = app.door.policy().comparison(&name);
    Ok(Json(DifferencesAnswer::new(name, comparison)))
}
