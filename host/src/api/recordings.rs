//! `/api/video/record/…`

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde_json::json;

use super::bodies::{Body, OfSession, StartRecording};
use super::caller::Caller;
use super::input::Id;
use super::problem::Problem;
use super::views::{RecordingAnswer, StoppedAnswer};
use super::{App, files, views};
use crate::auth::Action;
use crate::recording::RecordingState;
use crate::session::SessionError;

/// Start recording
///
/// Answers within 2 s, `starting` where there is no picture yet. Nothing after the call is
/// missing from the file. It stops by itself at the planned end, counted from the call. Again
/// while it runs is no mistake.
#[utoipa::path(
    post,
    path = "/api/video/record/start",
    tag = "recordings",
    request_body = StartRecording,
    responses(
        (status = 200, description = "The recording", body = RecordingAnswer),
        (status = 404, description = "`unknown_session`"),
        (status = 410, description = "`session_closed`"),
        (status = 503, description = "`too_many_recordings`, `no_cpu`, `no_ffmpeg`, `stopping`"),
        (status = 507, description = "`no_disk`: the planned length would not fit"),
    )
)]
pub async fn start(
    State(app): State<App>,
    Caller(caller): Caller,
    Body(wanted): Body<StartRecording>,
) -> Result<Json<RecordingAnswer>, Problem> {
    let session = app.sessions.get(&wanted.session_id)?;
    let length = wanted.duration_minutes;
    let limits = app.ask_of(&caller, Action::RecordingStart, &session)?;
    let status = app
        .sessions
        .start_recording(&session, length, caller.id(), limits)
        .await?;
    Ok(Json(views::recording(&session, &status).into()))
}

/// Stop recording
///
/// Answers when the MP4 is final; the session closes. Again is no mistake.
#[utoipa::path(
    post,
    path = "/api/video/record/stop",
    tag = "recordings",
    request_body = OfSession,
    responses(
        (status = 200, description = "The file", body = StoppedAnswer),
        (status = 404, description = "`unknown_session`"),
        (status = 409, description = "`not_recording`, or `no_picture`: the camera sent none, so \
            there is no file"),
        (status = 500, description = "`recording_failed`: the file is not whole, or the host made \
            a mistake"),
    )
)]
pub async fn stop(
    State(app): State<App>,
    Caller(caller): Caller,
    Body(wanted): Body<OfSession>,
) -> Result<Json<StoppedAnswer>, Problem> {
    let session = app.sessions.get(&wanted.session_id)?;
    app.ask_of(&caller, Action::RecordingStop, &session)?;
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
        return Err(problem.with("recording", json!(recording)));
    }
    let file = files::of_session(&app, &caller, &session, &status).await;
    Ok(Json(StoppedAnswer::new(recording, file)))
}

/// A recording
#[utoipa::path(
    get,
    path = "/api/video/record/status/{id}",
    tag = "recordings",
    params(Id),
    responses(
        (status = 200, description = "The recording, under way or over", body = RecordingAnswer),
        (status = 404, description = "`unknown_session`, or `no_recording`: none was ever started"),
    )
)]
pub async fn show(
    State(app): State<App>,
    Caller(caller): Caller,
    Id(id): Id,
) -> Result<Json<RecordingAnswer>, Problem> {
    let session = app.sessions.get(&id)?;
    app.ask_of(&caller, Action::RecordingView, &session)?;
    let status = session
        .recording_status()
        .ok_or(SessionError::NoRecording)?;
    let mut recording = views::recording(&session, &status);
    if status.state == RecordingState::Completed {
        let (library, club) = (app.sessions.library(), session.club_id.as_str());
        let file = library.find(&id, Some(club)).await;
        recording = recording.with_sha256(file.and_then(|file| file.record.sha256));
    }
    Ok(Json(recording.into()))
}
