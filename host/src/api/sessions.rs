//! `/api/video/session/…`

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde_json::{Value, json};

use super::caller::Caller;
use super::input::{Fields, Id, Params};
use super::problem::Problem;
use super::{App, views};
use crate::auth::{Action, Resource};
use crate::recording::RecordingState;
use crate::session::SessionError;

/// `POST /api/video/session/create`
pub async fn create(
    State(app): State<App>,
    Caller(caller): Caller,
    fields: Fields,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let terrain = app.sessions.terrain(&fields.terrain_id()?)?;
    let resource = Resource::terrain(terrain.id.as_str(), terrain.club_id.as_str());
    let limits = app.door.ask(&caller, Action::SessionCreate, &resource)?;
    match app.sessions.create(&terrain, caller.id(), limits).await {
        Ok(session) => {
            let body = json!({"success": true, "session": views::session(&app, &caller, &session)});
            Ok((StatusCode::CREATED, Json(body)))
        }
        Err(SessionError::TerrainBusy {
            terrain,
            session: id,
        }) => {
            // The session is named to those who may see it.
            let busy = app.sessions.get(id.as_str()).ok();
            let visible = busy.is_some_and(|s| {
                app.door
                    .would_allow(&caller, Action::SessionView, &s.resource())
            });
            let error = SessionError::TerrainBusy {
                terrain,
                session: id.clone(),
            };
            let problem = Problem::from(error);
            Err(if visible {
                problem.with("session_id", json!(id.as_str()))
            } else {
                problem
            })
        }
        Err(error) => Err(error.into()),
    }
}

/// `POST /api/video/session/close`
pub async fn close(
    State(app): State<App>,
    Caller(caller): Caller,
    fields: Fields,
) -> Result<Json<Value>, Problem> {
    let session = app.sessions.get(fields.text("session_id")?)?;
    let resource = session.resource();
    app.door.ask(&caller, Action::SessionClose, &resource)?;
    let recording = session.recording_status();
    if recording.is_some_and(|status: crate::recording::RecordingStatus| {
        !matches!(
            status.state,
            RecordingState::Completed | RecordingState::Failed
        )
    }) {
        app.door.ask(&caller, Action::RecordingStop, &resource)?;
    }
    app.sessions.close(&session).await;
    Ok(Json(
        json!({"success": true, "session": views::session(&app, &caller, &session)}),
    ))
}

/// `GET /api/video/session/list`
pub async fn list(
    State(app): State<App>,
    Caller(caller): Caller,
    params: Params,
) -> Result<Json<Value>, Problem> {
    let closed_too = match params.get("status") {
        None | Some("active") => false,
        Some("all") => true,
        Some(_) => return Err(Problem::bad_value("status", "status is `active` or `all`")),
    };
    let all = app.sessions.list(closed_too);
    let visible = all
        .iter()
        .filter(|s| {
            app.door
                .would_allow(&caller, Action::SessionView, &s.resource())
        })
        .map(|s| views::session(&app, &caller, s));
    let sessions: Vec<Value> = visible.collect();
    Ok(Json(json!({"success": true, "sessions": sessions})))
}

/// `GET /api/video/session/{id}`
pub async fn show(
    State(app): State<App>,
    Caller(caller): Caller,
    Id(id): Id,
) -> Result<Json<Value>, Problem> {
    let session = app.sessions.get(&id)?;
    app.door
        .ask(&caller, Action::SessionView, &session.resource())?;
    Ok(Json(
        json!({"success": true, "session": views::session(&app, &caller, &session)}),
    ))
}
