//! `/api/video/session/…`

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde_json::json;

use super::App;
use super::bodies::{Body, CreateSession, OfSession};
use super::caller::Caller;
use super::input::{Id, Params};
use super::problem::Problem;
use super::views::{self, SessionAnswer, SessionView, SessionsAnswer};
use crate::auth::{Action, Resource};
use crate::recording::RecordingState;
use crate::session::SessionError;

/// Create a session
///
/// Connects the terrain's camera. Answers within 5 s whether or not it is there: `camera.state`
/// tells, and the host keeps trying.
#[utoipa::path(
    post,
    path = "/api/video/session/create",
    tag = "sessions",
    request_body = CreateSession,
    responses(
        (status = 201, description = "The new session", body = SessionAnswer),
        (status = 404, description = "`unknown_terrain`"),
        (status = 409, description = "`terrain_busy`: it has an active session, which `session_id` \
            names to those who may view it"),
        (status = 503, description = "`stopping`: the host is going down"),
    )
)]
pub async fn create(
    State(app): State<App>,
    Caller(caller): Caller,
    Body(wanted): Body<CreateSession>,
) -> Result<(StatusCode, Json<SessionAnswer>), Problem> {
    let terrain = app.sessions.terrain(&wanted.terrain_id)?;
    let resource = Resource::terrain(terrain.id.as_str(), terrain.club_id.as_str());
    let limits = app.door.ask(&caller, Action::SessionCreate, &resource)?;
    match app.sessions.create(&terrain, caller.id(), limits).await {
        Ok(session) => {
            let session = views::session(&app, &caller, &session);
            Ok((StatusCode::CREATED, Json(session.into())))
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

/// Close a session
///
/// Stops a running recording first; then `recording.stop` must be allowed too. Again is no
/// mistake.
#[utoipa::path(
    post,
    path = "/api/video/session/close",
    tag = "sessions",
    request_body = OfSession,
    responses(
        (status = 200, description = "The closed session", body = SessionAnswer),
        (status = 404, description = "`unknown_session`"),
    )
)]
pub async fn close(
    State(app): State<App>,
    Caller(caller): Caller,
    Body(wanted): Body<OfSession>,
) -> Result<Json<SessionAnswer>, Problem> {
    let session = app.sessions.get(&wanted.session_id)?;
    app.ask_of(&caller, Action::SessionClose, &session)?;
    let recording = session.recording_status();
    if recording.is_some_and(|status: crate::recording::RecordingStatus| {
        !matches!(
            status.state,
            RecordingState::Completed | RecordingState::Failed
        )
    }) {
        app.ask_of(&caller, Action::RecordingStop, &session)?;
    }
    app.sessions.close(&session).await?;
    Ok(Json(views::session(&app, &caller, &session).into()))
}

/// Which sessions are listed.
#[derive(utoipa::ToSchema)]
#[schema(rename_all = "lowercase", default = "active")]
#[expect(dead_code, reason = "shown in the document only")]
enum Which {
    Active,
    All,
}

/// List sessions
///
/// Those that the caller may view.
#[utoipa::path(
    get,
    path = "/api/video/session/list",
    tag = "sessions",
    params(("status" = inline(Option<Which>), Query, description = "`all`: closed ones too")),
    responses(
        (status = 200, description = "Sessions, oldest first", body = SessionsAnswer),
        (status = 422, description = "`status` is neither `active` nor `all`"),
    )
)]
pub async fn list(
    State(app): State<App>,
    Caller(caller): Caller,
    params: Params,
) -> Result<Json<SessionsAnswer>, Problem> {
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
    let sessions: Vec<SessionView> = visible.collect();
    // Each was asked about; where there are none, nothing is shown.
    caller.asked.open();
    Ok(Json(sessions.into()))
}

/// A session
#[utoipa::path(
    get,
    path = "/api/video/session/{id}",
    tag = "sessions",
    params(Id),
    responses(
        (status = 200, description = "The session, active or closed", body = SessionAnswer),
        (status = 404, description = "`unknown_session`"),
    )
)]
pub async fn show(
    State(app): State<App>,
    Caller(caller): Caller,
    Id(id): Id,
) -> Result<Json<SessionAnswer>, Problem> {
    let session = app.sessions.get(&id)?;
    app.ask_of(&caller, Action::SessionView, &session)?;
    Ok(Json(views::session(&app, &caller, &session).into()))
}
