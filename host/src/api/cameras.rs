//! `/api/cameras`: finding cameras and trying them, for consoles that set terrains up.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;

use super::App;
use super::bodies::{Body, Discover, Probe};
use super::caller::Caller;
use super::problem::Problem;
use super::views::{DiscoverAnswer, ProbeAnswer};
use crate::auth::{Action, Resource};
use crate::camera::{CameraSpec, Grants, Listeners, NamedBy, Refusal};
use crate::config::Camera;
use crate::discovery::{SearchError, discover as look};
use crate::plugins::Adapter;
use crate::probe::{self, Effort, Report};

/// How long streams are searched at an address: somebody waits for the answer.
const SEARCH: Duration = Duration::from_mins(1);

/// Find cameras
///
/// Asks one of the host's networks who speaks ONVIF (WS-Discovery). The answers are the cameras'
/// own words.
#[utoipa::path(
    post,
    path = "/api/cameras/discover",
    tag = "cameras",
    request_body = Option<Discover>,
    responses(
        (status = 200, description = "Those that answered in time", body = DiscoverAnswer),
        (status = 503, description = "`busy`: somebody searches already; `no_network`: nothing can be sent"),
    )
)]
pub async fn discover(
    State(app): State<App>,
    Caller(caller): Caller,
    Body(body): Body<Discover>,
) -> Result<Json<DiscoverAnswer>, Problem> {
    app.door
        .ask(&caller, Action::CameraDiscover, &Resource::host())?;
    let _place = app.set_up.search()?;
    let found = look(&body.interface, body.seconds).await;
    let found = found.map_err(|error| {
        let text = chain(&error);
        match error {
            SearchError::Interface { .. } => Problem::bad_value("interface", text),
            _ => Problem::new(StatusCode::SERVICE_UNAVAILABLE, "no_network", text),
        }
    })?;
    Ok(Json(found.into_iter().collect()))
}

/// Try a camera
///
/// Watches what it sends for some seconds, by the adapter that would record it, and tells what
/// should be changed in its settings. A camera that does not work is a good answer: `works` is
/// false and `error` says why.
///
/// Addresses of this machine, link-local and metadata addresses, and this host's own listeners
/// are not reached, whatever leads to them.
#[utoipa::path(
    post,
    path = "/api/cameras/probe",
    tag = "cameras",
    request_body = Probe,
    responses(
        (status = 200, description = "What was found", body = ProbeAnswer),
        (status = 422, description = "`address_not_allowed`, or a bad value; `field` names it"),
        (status = 503, description = "`busy`: two cameras are being probed already"),
    )
)]
pub async fn probe(
    State(app): State<App>,
    Caller(caller): Caller,
    Body(body): Body<Probe>,
) -> Result<Json<ProbeAnswer>, Problem> {
    app.door
        .ask(&caller, Action::CameraProbe, &Resource::host())?;
    let (is_stream, length) = (body.url.is_some(), body.seconds);
    let missing = || Problem::bad_value("url", "give one of url and address");
    let camera = body.into_camera().ok_or_else(missing)?;
    let listeners = app.sessions.listeners();
    let field = if is_stream { "url" } else { "address" };
    check_places(&camera, listeners, (field, "reach"), |_, _| false)?;
    let adapters = adapters(&app, &camera)?;
    let mut spec = CameraSpec::of(&camera);
    spec.audio = true;
    spec.grants = spec.grants.of(NamedBy::Request, listeners.clone());
    let _place = app.set_up.probe()?;
    let effort = Effort {
        length,
        within: SEARCH,
        counts_streams: !is_in_use(&app, camera.url.host()),
    };
    let report = if is_stream {
        let scheme = spec.scheme.clone();
        let probed = probe::examine(&spec, &adapters(&scheme), effort).await;
        Report::new(None, probed.as_ref())
    } else {
        let host = camera.url.host();
        let found = probe::search(&spec, host, adapters, effort, |_| {}).await;
        Report::new(Some(&found.finding), found.probed.as_ref())
    };
    Ok(Json(report.into()))
}

/// Whether a session is open with a camera at this host.
fn is_in_use(app: &App, host: &str) -> bool {
    let config = app.sessions.config();
    let mut there = config
        .terrains
        .iter()
        .filter(|terrain| terrain.camera.url.host().eq_ignore_ascii_case(host));
    there.any(|terrain| app.sessions.active_on(&terrain.id).is_some())
}

/// The adapters to ask, by scheme: the one that is named, or all that know it.
fn adapters(
    app: &App,
    camera: &Camera,
) -> Result<impl Fn(&str) -> Vec<Arc<Adapter>> + use<>, Problem> {
    let registry = Arc::clone(app.sessions.registry());
    let named = match &camera.adapter {
        None => None,
        Some(name) => {
            let unknown = || Problem::bad_value("adapter", "there is no adapter of this name");
            Some(registry.adapter(name).ok_or_else(unknown)?)
        }
    };
    if named.is_none() && camera.url.scheme() != "http" {
        let scheme = camera.url.scheme();
        if registry.for_scheme(scheme).is_empty() {
            let detail = format!("no adapter knows {scheme}://");
            return Err(Problem::bad_value("url", detail));
        }
    }
    Ok(move |scheme: &str| match &named {
        Some(adapter) => vec![Arc::clone(adapter)],
        None => registry.for_scheme(scheme),
    })
}

/// Whether a camera's places may be named by a request, as far as they can be told without asking
/// for names; what a name leads to is checked when it is connected to. `is_known` tells places
/// that the configuration names already.
pub fn check_places(
    camera: &Camera,
    listeners: &Listeners,
    (url_field, reach_field): (&str, &str),
    is_known: impl Fn(&str, u16) -> bool,
) -> Result<(), Problem> {
    let url = (url_field, camera.url.host(), camera.url.port());
    let reach = camera.reach.iter();
    let reach = reach.map(|place| (reach_field, place.host.as_str(), place.port));
    for (field, host, port) in std::iter::once(url).chain(reach) {
        if is_known(host, port) {
            continue;
        }
        let grants = Grants::new(host, port, &[]);
        let grants = grants.of(NamedBy::Request, listeners.clone());
        grants
            .check_names()
            .map_err(|refusal| not_allowed(field, &refusal))?;
    }
    Ok(())
}

fn not_allowed(field: &str, refusal: &Refusal) -> Problem {
    let status = StatusCode::UNPROCESSABLE_ENTITY;
    Problem::new(status, "address_not_allowed", refusal.to_string()).with("field", field.into())
}

fn chain(error: &SearchError) -> String {
    let source = std::error::Error::source(error);
    source.map_or_else(|| error.to_string(), |source| format!("{error}: {source}"))
}
