//! The REST API and the proxy listener: parse, authenticate, ask, answer. The only room that
//! knows HTTP answers; what is done is done in `session`.

mod access;
mod auth;
mod bodies;
mod caller;
mod cameras;
mod cleanup;
mod client;
mod conditional;
mod cookie;
mod cors;
mod docs;
mod events;
mod feeds;
mod files;
mod guard;
mod health;
mod input;
mod metering;
mod metrics;
mod open_answers;
mod open_files;
mod openapi;
mod origin;
mod panics;
mod permit;
mod plugins;
mod preview;
mod preview_socket;
mod problem;
mod reading;
mod recordings;
mod reports;
mod request_id;
mod routes;
mod server;
mod sessions;
mod set_up;
mod terrain_settings;
mod terrains;
#[cfg(test)]
mod testing;
mod views;
mod watching;

use std::sync::Arc;

use axum::routing::get;
use axum::{Extension, Router};
use tokio_util::sync::CancellationToken;
use utoipa_axum::routes;

use crate::auth::Action::{
    CameraDiscover, CameraProbe, FileDelete, FileDownload, FileList, PluginManage, PluginView,
    PreviewView, RecordingStart, RecordingStop, RecordingView, SessionClose, SessionCreate,
    SessionView, SystemCleanup, TerrainEdit,
};
use crate::auth::{Action, Caller, Denied, Door, Limits};
use crate::preview::Previews;
use crate::session::{Session, Sessions};

use access::Access::{Asks, AsksByLink, Authenticated, Public};
use openapi::Document;
use routes::Routes;

pub use cleanup::clean_up_regularly;
pub use open_answers::OpenAnswers;
pub use server::serve;
pub use set_up::SetUp;

/// What handlers work with.
#[derive(Clone)]
pub struct App {
    /// All sessions.
    pub sessions: Arc<Sessions>,
    /// Who and whether.
    pub door: Arc<Door>,
    /// Pictures that somebody watches.
    pub previews: Arc<Previews>,
    /// Answers that go on until somebody has enough.
    pub answers: OpenAnswers,
    /// Cancelled when the host stops: open streams end.
    pub stopping: CancellationToken,
    /// Whether the proxy listener asks for no token.
    pub proxy_open: bool,
    /// `http://host:port` of the proxy listener, for `proxy_url`.
    pub proxy_base: String,
    /// For setting cameras up.
    pub set_up: Arc<SetUp>,
}

impl App {
    /// Asks whether the caller may do this with a session; who may, uses it.
    fn ask_of(&self, caller: &Caller, action: Action, session: &Session) -> Result<Limits, Denied> {
        let limits = self.door.ask(caller, action, &session.resource())?;
        session.touch();
        Ok(limits)
    }
}

/// The REST API.
pub fn router(app: App) -> Router {
    let (router, document) = routes().finish();
    let router = router.layer(Extension(Document::of(&document)));
    request_id::wrap(router, &app).with_state(app)
}

/// The one list of routes.
fn routes() -> Routes {
    Routes::new()
        .add(Public("whether the host is alive"), routes!(health::alive))
        .add(Public("whether the host is ready"), routes!(health::ready))
        .add(Public("how the host is doing"), routes!(health::health))
        .add(
            Public("figures, told to this machine only"),
            routes!(metrics::show),
        )
        .add(Public("documentation"), routes!(openapi::document))
        .add(Public("documentation"), routes!(docs::page))
        .add(Public("documentation"), routes!(docs::file))
        .add(Asks(&[SessionCreate]), routes!(sessions::create))
        .add(
            Asks(&[SessionClose, RecordingStop]),
            routes!(sessions::close),
        )
        .add(Asks(&[SessionView]), routes!(sessions::list))
        .add(Asks(&[SessionView]), routes!(sessions::show))
        .add(Asks(&[RecordingStart]), routes!(recordings::start))
        .add(Asks(&[RecordingStop]), routes!(recordings::stop))
        .add(Asks(&[RecordingView]), routes!(recordings::show))
        .add(Asks(&[RecordingView]), routes!(reports::report))
        .add(Asks(&[SessionCreate, SessionView]), routes!(terrains::list))
        .add(AsksByLink(&[FileDownload]), routes!(files::download))
        .add(AsksByLink(&[PreviewView]), routes!(preview::snapshot))
        .add(AsksByLink(&[PreviewView]), routes!(preview::stream))
        .add(AsksByLink(&[PreviewView]), routes!(preview_socket::open))
        .add(AsksByLink(&[PreviewView]), routes!(preview::info))
        .add(Asks(&[FileList]), routes!(files::list))
        .add(Asks(&[FileDelete]), routes!(files::delete))
        .add(Asks(&[SystemCleanup]), routes!(cleanup::cleanup))
        .add(
            AsksByLink(&[SessionView, RecordingView, PluginView]),
            routes!(events::events),
        )
        .add(
            Authenticated("it gives back what the caller brought"),
            routes!(auth::set_cookie),
        )
        .add(Asks(&[PluginView]), routes!(plugins::list))
        .add(Asks(&[PluginManage]), routes!(plugins::release))
        .add(Asks(&[PluginView]), routes!(plugins::differences))
        .add(Asks(&[CameraDiscover]), routes!(cameras::discover))
        .add(Asks(&[CameraProbe]), routes!(cameras::probe))
        .add(
            Asks(&[TerrainEdit]),
            routes!(terrain_settings::settings, terrain_settings::edit),
        )
}

/// The proxy listener: feeds as they are.
pub fn proxy_router(app: App) -> Router {
    let public = Router::new().route("/health", get(feeds::health));
    let guarded = Router::new()
        .route("/{id}/stream.mjpeg", get(feeds::mjpeg))
        .route("/{id}/stream.mkv", get(feeds::matroska));
    let router = public.merge(guard::watch_over(guarded));
    request_id::wrap(router, &app).with_state(app)
}
