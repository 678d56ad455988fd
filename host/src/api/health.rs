//! Whether the host is well. No token: a load balancer has none.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;

use super::App;
use super::problem::Problem;
use super::views::{HealthAnswer, StatusAnswer, Success, Wellness};
use crate::recording::ToolStatus;

/// Liveness
///
/// The process answers.
#[utoipa::path(
    get,
    path = "/healthz",
    tag = "host",
    responses((status = 200, description = "`alive`", body = StatusAnswer))
)]
pub async fn alive() -> Json<StatusAnswer> {
    Json("alive".into())
}

/// Readiness
///
/// A recording could start.
#[utoipa::path(
    get,
    path = "/readyz",
    tag = "host",
    responses(
        (status = 200, description = "`ready`", body = StatusAnswer),
        (status = 503, description = "`not_ready`: `detail` says why"),
    )
)]
pub async fn ready(State(app): State<App>) -> Result<Json<StatusAnswer>, Problem> {
    match problems(&app).await.into_iter().next() {
        None => Ok(Json("ready".into())),
        Some(reason) => Err(Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "not_ready",
            reason,
        )),
    }
}

/// Health
///
/// Always 200.
#[utoipa::path(
    get,
    path = "/api/video/health",
    tag = "host",
    responses((status = 200, description = "How the host is doing", body = HealthAnswer))
)]
pub async fn health(State(app): State<App>) -> Json<HealthAnswer> {
    let config = app.sessions.config();
    let ffmpeg = app.sessions.ffmpeg().await;
    let problems = problems(&app).await;
    let space = app.sessions.library().space(&config).await;
    let videos = space.first().and_then(|space| space.disk.as_ref().ok());
    let status = if problems.is_empty() {
        Wellness::Healthy
    } else {
        Wellness::Degraded
    };
    let ffmpeg_available = ffmpeg.is_available();
    let ffmpeg_version = match ffmpeg {
        ToolStatus::Available(version) => Some(version.clone()),
        ToolStatus::Missing(_) => None,
    };
    Json(HealthAnswer {
        success: Success,
        status,
        problems,
        version: env!("CARGO_PKG_VERSION"),
        ffmpeg_available,
        ffmpeg_path: config.video.ffmpeg_path.display().to_string(),
        ffmpeg_version,
        active_sessions: app.sessions.list(false).len(),
        active_recordings: app.sessions.running_recordings(),
        max_concurrent: config.video.max_concurrent_recordings,
        free_bytes: videos.map(|disk| disk.free_bytes),
        proxy_type: "padelvar (internal)",
        pipeline: "Camera → adapter (WASM) → proxy → FFmpeg → MP4",
    })
}

/// Why no recording could start.
async fn problems(app: &App) -> Vec<String> {
    let config = app.sessions.config();
    let mut problems = Vec::new();
    if let Some(reason) = app.door.policy_missing() {
        problems.push(format!(
            "no policy is in force, everything is denied: {reason}"
        ));
    }
    if let ToolStatus::Missing(reason) = app.sessions.ffmpeg().await {
        problems.push(reason);
    }
    let least = config.video.min_free_bytes;
    let space = app.sessions.library().space(&config).await;
    problems.extend(space.iter().filter_map(|space| space.problem(least)));
    problems
}
