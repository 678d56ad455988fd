//! `/api/video/terrains/{id}`: a terrain's settings, and changing them in the configuration file.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use tokio::time::timeout;
use tracing::info;

use super::App;
use super::bodies::{Body, EditTerrain};
use super::caller::Caller;
use super::cameras::check_places;
use super::input::Id;
use super::problem::Problem;
use super::views::{EditedAnswer, SettingsAnswer};
use crate::auth::{self, Action, Resource};
use crate::config::edit::{
    CameraEdit, Change, EditError, SecretEdit, TerrainEdit, Written, store_secret, write_terrain,
};
use crate::config::{self, Camera, ClubId, Config, TerrainId, Version, process_environment};

/// How long is waited for the host to take what was written.
const TAKES: Duration = Duration::from_secs(5);

/// A terrain's settings
///
/// As they are in force, without secrets, with the version that a change of them names.
#[utoipa::path(
    get,
    path = "/api/video/terrains/{id}",
    tag = "terrains",
    params(("id" = String, Path, description = "The terrain's id.")),
    responses(
        (status = 200, description = "The settings; `ETag` is the version", body = SettingsAnswer),
        (status = 404, description = "`unknown_terrain`"),
    )
)]
pub async fn settings(
    State(app): State<App>,
    Caller(caller): Caller,
    Id(id): Id,
) -> Result<Response, Problem> {
    let config = app.sessions.config();
    let terrain = config
        .terrains
        .iter()
        .find(|terrain| terrain.id.as_str() == id);
    let club = terrain.map(|terrain| terrain.club_id.as_str());
    // Who may not change terrains does not learn which there are.
    ask(&app, &caller, &id, club.unwrap_or_default())?;
    let unknown = || Problem::new(StatusCode::NOT_FOUND, "unknown_terrain", "no such terrain");
    let answer = SettingsAnswer::new(terrain.ok_or_else(unknown)?, config.version);
    Ok((tag(config.version), Json(answer)).into_response())
}

/// Change a terrain
///
/// Writes it into the configuration file, whose comments stay, and waits until the host has it
/// in force; an open session keeps its old settings until it closes. A terrain that is not there
/// is added. Members that are left out get their defaults, but secrets stay as they are; a new
/// password goes into a file of its own. The file is not touched where it changed since `version`
/// (or `If-Match`), or else since the host read it.
#[utoipa::path(
    put,
    path = "/api/video/terrains/{id}",
    tag = "terrains",
    params(("id" = String, Path, description = "The terrain's id.")),
    request_body = EditTerrain,
    responses(
        (status = 200, description = "It was changed; `ETag` is the new version", body = EditedAnswer),
        (status = 201, description = "It was added; `ETag` is the new version", body = EditedAnswer),
        (status = 409, description = "`configuration_changed`: read it again; `configuration_form`: it is \
            written in a form that is not edited; `configuration_exposed`: others may read it, so no password is \
            written; `no_file`: there is none"),
        (status = 422, description = "`address_not_allowed`, `invalid_configuration` or a bad value; `field` \
            names it where it is one"),
        (status = 507, description = "`no_disk`: the file cannot be written"),
    )
)]
pub async fn edit(
    State(app): State<App>,
    Caller(caller): Caller,
    Id(id): Id,
    headers: HeaderMap,
    Body(body): Body<EditTerrain>,
) -> Result<Response, Problem> {
    let config = app.sessions.config();
    let id: TerrainId = id
        .parse()
        .map_err(|error| Problem::bad_value("id", format!("the terrain's id: {error}")))?;
    let before = config.terrain(&id);
    let club_id = body
        .club_id
        .clone()
        .or_else(|| before.map(|terrain| terrain.club_id.clone()))
        .or_else(|| only_club(&config))
        .ok_or_else(|| Problem::bad_value("club_id", "club_id is missing: say which club"))?;
    ask(&app, &caller, id.as_str(), club_id.as_str())?;
    if let Some(before) = before
        && before.club_id != club_id
    {
        ask(&app, &caller, id.as_str(), before.club_id.as_str())?;
    }
    check_camera(&app, &body, before.map(|terrain| &terrain.camera))?;
    let file = app.set_up.file()?.to_owned();
    let known = if_match(&headers, &config)?
        .or(body.version)
        .or(config.version)
        .ok_or_else(|| Problem::bad_value("version", "version is missing"))?;
    let terrain = as_edit(id.clone(), club_id, body);
    let task = tokio::task::spawn_blocking(move || write(&file, known, terrain));
    let written = task
        .await
        .map_err(|_| Problem::of(StatusCode::INTERNAL_SERVER_ERROR))??;
    info!(
        terrain = id.as_str(),
        user = caller.id(),
        "changed by a request"
    );
    let now = in_force(&app, written.version).await;
    let terrain = now.as_ref().and_then(|config| config.terrain(&id));
    let answer = EditedAnswer::new(written.created, written.version, terrain);
    let status = if written.created {
        StatusCode::CREATED
    } else {
        StatusCode::OK
    };
    Ok((status, tag(Some(written.version)), Json(answer)).into_response())
}

fn ask(app: &App, caller: &auth::Caller, id: &str, club: &str) -> Result<(), Problem> {
    let resource = Resource::terrain(id, club);
    app.door.ask(caller, Action::TerrainEdit, &resource)?;
    Ok(())
}

fn only_club(config: &Config) -> Option<ClubId> {
    match config.clubs.as_slice() {
        [club] => Some(club.id.clone()),
        _ => None,
    }
}

/// That a camera may be where a request says, and that there is its adapter. Places that the
/// configuration names already stay as good as they are.
fn check_camera(app: &App, body: &EditTerrain, before: Option<&Camera>) -> Result<(), Problem> {
    let asked = &body.camera;
    let camera = Camera {
        url: asked.url.clone(),
        adapter: asked.adapter.clone(),
        username: None,
        password: None,
        tls: config::TlsMode::default(),
        reach: asked.reach.clone(),
        options: asked.options.clone(),
    };
    let is_known = |host: &str, port: u16| {
        before.is_some_and(|camera| {
            let url = (camera.url.host(), camera.url.port());
            let reach = camera.reach.iter();
            let mut reach = reach.map(|place| (place.host.as_str(), place.port));
            url == (host, port) || reach.any(|place| place == (host, port))
        })
    };
    let fields = ("camera.url", "camera.reach");
    check_places(&camera, app.sessions.listeners(), fields, is_known)?;
    let registry = app.sessions.registry();
    match &camera.adapter {
        Some(name) if registry.adapter(name).is_none() => {
            let detail = "there is no adapter of this name";
            Err(Problem::bad_value("camera.adapter", detail))
        }
        None if registry.for_scheme(camera.url.scheme()).is_empty() => {
            let detail = format!("no adapter knows {}://", camera.url.scheme());
            Err(Problem::bad_value("camera.url", detail))
        }
        _ => Ok(()),
    }
}

/// The version that the request's header names; `*` is the one in force.
fn if_match(headers: &HeaderMap, config: &Config) -> Result<Option<Version>, Problem> {
    let Some(value) = headers.get(header::IF_MATCH) else {
        return Ok(None);
    };
    let text = value.to_str().unwrap_or_default().trim();
    if text == "*" {
        return Ok(config.version);
    }
    let version = text.trim_matches('"').parse();
    version
        .map(Some)
        .map_err(|error| Problem::bad_value("If-Match", format!("If-Match is {error}")))
}

fn as_edit(id: TerrainId, club_id: ClubId, body: EditTerrain) -> TerrainEdit {
    let camera = body.camera;
    TerrainEdit {
        id,
        club_id,
        name: body.name,
        audio: body.audio,
        camera: CameraEdit {
            url: camera.url.as_str().to_owned(),
            adapter: camera.adapter,
            username: camera.username,
            password: camera.password,
            tls: camera.tls,
            reach: camera.reach.iter().map(ToString::to_string).collect(),
            options: camera.options,
        },
    }
}

/// Blocks on the disk.
fn write(file: &Path, known: Version, mut terrain: TerrainEdit) -> Result<Written, EditError> {
    // Not written where the change would be refused anyway.
    if Version::of_file(file).map_err(EditError::Read)? != known {
        return Err(EditError::Changed {
            path: file.to_owned(),
        });
    }
    let stored = match &terrain.camera.password {
        SecretEdit::Inline(password) => {
            Some(store_secret(file, &terrain.id, "password", password)?)
        }
        _ => None,
    };
    if let Some(stored) = &stored {
        terrain.camera.password = SecretEdit::File(stored.name().to_owned());
    }
    let folder = file.parent().unwrap_or(Path::new("/"));
    let shown = file.display().to_string();
    let environment = process_environment();
    let reads = |text: &str| config::parse(text, folder, &shown, &environment).map(drop);
    let written = write_terrain(file, known, Change::Put, &terrain, reads)?;
    if let Some(stored) = stored {
        stored.keep();
    }
    Ok(written)
}

/// The configuration with this version, as soon as it is in force.
async fn in_force(app: &App, version: Version) -> Option<Arc<Config>> {
    let mut configs = app.sessions.watch_config();
    let taken = configs.wait_for(|config| config.version == Some(version));
    let config = timeout(TAKES, taken).await.ok()?.ok()?;
    Some(Arc::clone(&config))
}

fn tag(version: Option<Version>) -> HeaderMap {
    let value = version.and_then(|version| HeaderValue::try_from(format!("\"{version}\"")).ok());
    value
        .map(|value| (header::ETAG, value))
        .into_iter()
        .collect()
}
