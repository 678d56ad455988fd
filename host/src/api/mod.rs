//! The REST API and the proxy listener: parse, authenticate, ask, answer. The only room that
//! knows HTTP answers; what is done is done in `session`.

mod auth;
mod caller;
mod cleanup;
mod client;
mod conditional;
mod cookie;
mod events;
mod feeds;
mod files;
mod guard;
mod health;
mod input;
mod metering;
mod metrics;
mod open_answers;
mod origin;
mod permit;
mod preview;
mod preview_socket;
mod problem;
mod recordings;
mod request_id;
mod server;
mod sessions;
mod views;
mod watching;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};
use tokio_util::sync::CancellationToken;

use crate::auth::Door;
use crate::preview::Previews;
use crate::session::Sessions;

pub use cleanup::clean_up_regularly;
pub use open_answers::OpenAnswers;
pub use server::serve;

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
}

/// The REST API.
pub fn router(app: App) -> Router {
    let public = Router::new()
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .route("/metrics", get(metrics::show))
        .route("/api/video/health", get(health::health));
    let guarded = Router::new()
        .route("/api/video/session/create", post(sessions::create))
        .route("/api/video/session/close", post(sessions::close))
        .route("/api/video/session/list", get(sessions::list))
        .route("/api/video/session/{id}", get(sessions::show))
        .route("/api/video/record/start", post(recordings::start))
        .route("/api/video/record/stop", post(recordings::stop))
        .route("/api/video/record/status/{id}", get(recordings::show))
        .route("/api/video/files/{id}/download", get(files::download))
        .route("/api/video/cleanup", post(cleanup::cleanup))
        .route("/api/video/events", get(events::events))
        .route("/api/preview/{id}/snapshot.jpg", get(preview::snapshot))
        .route("/api/preview/{id}/stream.mjpeg", get(preview::stream))
        .route("/api/preview/{id}/ws", get(preview_socket::open))
        .route("/api/preview/{id}/info", get(preview::info))
        .route("/api/auth/cookie", post(auth::set_cookie));
    let router = public.merge(guard::watch_over(guarded));
    request_id::wrap(router).with_state(app)
}

/// The proxy listener: feeds as they are.
pub fn proxy_router(app: App) -> Router {
    let public = Router::new().route("/health", get(feeds::health));
    let guarded = Router::new()
        .route("/{id}/stream.mjpeg", get(feeds::mjpeg))
        .route("/{id}/stream.mkv", get(feeds::matroska));
    let router = public.merge(guard::watch_over(guarded));
    request_id::wrap(router).with_state(app)
}
