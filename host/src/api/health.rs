//! Whether the host is well. No token: a load balancer has none.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde_json::{Value, json};

use super::App;
use super::problem::Problem;
use crate::recording::{Admission, ToolStatus};

/// `GET /healthz`: the process answers.
pub async fn alive() -> Json<Value> {
    Json(json!({"success": true, "status": "alive"}))
}

/// `GET /readyz`: a recording could start.
pub async fn ready(State(app): State<App>) -> Result<Json<Value>, Problem> {
    match problems(&app).await.into_iter().next() {
        None => Ok(Json(json!({"success": true, "status": "ready"}))),
        Some(reason) => Err(Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "not_ready",
            reason,
        )),
    }
}

/// `GET /api/video/health`: always 200, with the reference's keys.
pub async fn health(State(app): State<App>) -> Json<Value> {
    let config = app.sessions.config();
    let ffmpeg = app.sessions.ffmpeg().await;
    let problems = problems(&app).await;
    let status = if problems.is_empty() {
        "healthy"
    } else {
        "degraded"
    };
    let ffmpeg_version = match &ffmpeg {
        ToolStatus::Available(version) => Some(version),
        ToolStatus::Missing(_) => None,
    };
    Json(json!({
        "success": true,
        "status": status,
        "problems": problems,
        "version": env!("CARGO_PKG_VERSION"),
        "ffmpeg_available": ffmpeg.is_available(),
        "ffmpeg_path": config.video.ffmpeg_path.display().to_string(),
        "ffmpeg_version": ffmpeg_version,
        "active_sessions": app.sessions.list(false).len(),
        "active_recordings": app.sessions.running_recordings(),
        "max_concurrent": config.video.max_concurrent_recordings,
        "free_bytes": Admission::free_bytes(&config.video.videos_dir).ok(),
        "proxy_type": "padelvar (internal)",
        "pipeline": "Camera → adapter (WASM) → proxy → FFmpeg → MP4",
    }))
}

/// Why no recording could start.
async fn problems(app: &App) -> Vec<String> {
    let config = app.sessions.config();
    let mut problems = Vec::new();
    if let ToolStatus::Missing(reason) = app.sessions.ffmpeg().await {
        problems.push(reason);
    }
    match Admission::free_bytes(&config.video.videos_dir) {
        Ok(free) if free < config.video.min_free_bytes => {
            let least = config.video.min_free_bytes;
            problems.push(format!(
                "{free} bytes are free on the disk, {least} must stay free"
            ));
        }
        Ok(_) => {}
        Err(error) => problems.push(error.to_string()),
    }
    problems
}
