//! `POST /api/video/cleanup`, and the same by itself from time to time: what nobody uses ends,
//! what is no recording goes.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use tokio::time::{Instant, sleep};
use tracing::warn;
use utoipa::ToSchema;

use super::App;
use super::caller::Caller;
use super::problem::Problem;
use super::views::Success;
use crate::auth::{Action, Resource};
use crate::session::SessionId;

/// How often sessions are looked at, at the most and at the least.
const MOST_OFTEN: Duration = Duration::from_secs(1);
const LEAST_OFTEN: Duration = Duration::from_mins(1);
/// How often the folder of videos is looked through.
const FILES_EVERY: Duration = Duration::from_mins(10);

/// What was removed.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CleanupAnswer {
    success: Success,
    /// Sessions that nobody used: they are closed.
    sessions: Vec<String>,
    /// Sessions whose feed ended.
    feeds: Vec<String>,
    /// Files that held no picture: they are deleted.
    files: Vec<String>,
}

/// Clean up
///
/// Ends sessions that nobody has called, watched or recorded for `session_idle_minutes`, with
/// their feeds, and deletes MP4s under 1 KB or without a picture. The host does the same by
/// itself from time to time.
#[utoipa::path(
    post,
    path = "/api/video/cleanup",
    tag = "host",
    responses((status = 200, description = "The ids of what was removed", body = CleanupAnswer))
)]
pub async fn cleanup(
    State(app): State<App>,
    Caller(caller): Caller,
) -> Result<Json<CleanupAnswer>, Problem> {
    app.door
        .ask(&caller, Action::SystemCleanup, &Resource::host())?;
    let sessions = end_idle(&app).await;
    let files = remove_junk(&app).await;
    // A feed lives and ends with its session.
    Ok(Json(CleanupAnswer {
        success: Success,
        feeds: sessions.clone(),
        sessions,
        files,
    }))
}

/// Cleans up until the host stops.
pub async fn clean_up_regularly(app: App) {
    let mut files_at = Instant::now();
    loop {
        let every = (app.sessions.idle_after() / 4).clamp(MOST_OFTEN, LEAST_OFTEN);
        tokio::select! {
            () = app.stopping.cancelled() => return,
            () = sleep(every) => {}
        }
        end_idle(&app).await;
        if files_at <= Instant::now() {
            files_at = Instant::now() + FILES_EVERY;
            remove_junk(&app).await;
        }
    }
}

async fn end_idle(app: &App) -> Vec<String> {
    let watched = |id: &SessionId| app.previews.viewers(id.as_str()) > 0;
    let ended = app.sessions.end_idle(watched).await;
    ended.iter().map(ToString::to_string).collect()
}

async fn remove_junk(app: &App) -> Vec<String> {
    let sessions = &app.sessions;
    let active = |id: &str| {
        let session = sessions.get(id);
        session.is_ok_and(|session| session.is_recording())
    };
    match sessions.library().remove_junk(&active).await {
        Ok(removed) => removed,
        Err(error) => {
            warn!(%error, "the folder of videos could not be looked through");
            Vec::new()
        }
    }
}
