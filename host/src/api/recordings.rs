//! `/api/video/record/…`

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde_json::{Value, json};

use super::caller::Caller;
use super::input::{Fields, Id};
use super::problem::Problem;
use super::{App, files, views};
use crate::auth::Action;
use crate::recording::RecordingState;
use crate::session::SessionError;

/// `POST /api/video/record/start`
pub async fn start(
    State(app): State<App>,
    Caller(caller): Caller,
    fields: Fields,
) -> Result<Json<Value>, Problem> {
    let session = app.sessions.get(fields.text("session_id")?)?;
    let length = fields.minutes("duration_minutes")?;
    let limits = app
        .door
        .ask(&caller, Action::RecordingStart, &session.resource())?;
    let status = app
        .sessions
        .start_recording(&session, length, caller.id(), limits)
        .await?;
    Ok(Json(
        json!({"success": true, "recording": views::recording(&session, &status)}),
    ))
}

/// `POST /api/video/record/stop`
pub async fn stop(
    State(app): State<App>,
    Caller(caller): Caller,
    fields: Fields,
) -> Result<Json<Value>, Problem> {
    let session = app.sessions.get(fields.text("session_id")?)?;
    app.door
        .ask(&caller, Action::RecordingStop, &session.resource())?;
    let status = app.sessions.stop_recording(&session).await?;
    let recording = views::recording(&session, &status);
    if status.state == RecordingState::Failed {
        let reason = status
            .error
            .unwrap_or_else(|| "the recording failed".into());
        let problem = Problem::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "recording_failed",
            reason,
        );
        return Err(problem.with("recording", recording));
    }
    let file = files::view(&app, &caller, &session, &status);
    let video_path = status.video_path;
    Ok(Json(json!({
        "success": true, "video_path": video_path, "file": file, "recording": recording
    })))
}

/// `GET /api/video/record/status/{id}`
pub async fn show(
    State(app): State<App>,
    Caller(caller): Caller,
    Id(id): Id,
) -> Result<Json<Value>, Problem> {
    let session = app.sessions.get(&id)?;
    app.door
        .ask(&caller, Action::RecordingView, &session.resource())?;
    let status = session
        .recording_status()
        .ok_or(SessionError::NoRecording)?;
    Ok(Json(
        json!({"success": true, "recording": views::recording(&session, &status)}),
    ))
}
