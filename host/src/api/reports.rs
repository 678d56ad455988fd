//! `/api/video/record/report/{id}`: whether a recording is whole.

use axum::Json;
use axum::extract::State;

use super::App;
use super::caller::Caller;
use super::files;
use super::input::Id;
use super::problem::Problem;
use super::views::{ReportAnswer, Reported};
use crate::auth::{Action, Resource};
use crate::config::{ClubId, TerrainId};
use crate::library::FoundFile;
use crate::recording::{RecordingState, RecordingStatus};
use crate::session::{Session, SessionError};

/// Report on a recording
///
/// Whether it is whole, and what is missing where it is not. Of a recording under way, of one
/// that is over, also when its file was deleted since, and of a file whose session is not known
/// any more, with what the file tells. `whole` is true where nothing that matters is missing: no
/// gap, a start at most 2 s late, an end at most 2 s early, at most one picture in 1,000 and one
/// packet in 2,000 pictures lost, and no disk or FFmpeg that failed.
#[utoipa::path(
    get,
    path = "/api/video/record/report/{id}",
    tag = "recordings",
    params(Id),
    responses(
        (status = 200, description = "The report", body = ReportAnswer),
        (status = 404, description = "`unknown_session`, or `no_recording`: none was ever started"),
        (status = 503, description = "`no_catalogue`: it cannot be read now"),
    )
)]
pub async fn report(
    State(app): State<App>,
    Caller(caller): Caller,
    Id(id): Id,
) -> Result<Json<ReportAnswer>, Problem> {
    let library = app.sessions.library();
    let unknown = match app.sessions.get(&id) {
        Ok(session) => {
            app.ask_of(&caller, Action::RecordingView, &session)?;
            let reported = of_session(&session)?;
            let file = library.find(&id, Some(session.club_id.as_str())).await;
            let file = file.and_then(|file| files::view(&app, &caller, &file.record));
            return Ok(Json(ReportAnswer::new(reported, file)));
        }
        Err(unknown) => unknown,
    };
    // More sessions are in the catalogue than are remembered, and more files than sessions.
    let past = app.sessions.past(&id).await?;
    let club = past.as_ref().map(|session| session.club_id.as_str());
    let file = library.find(&id, club).await;
    let reported = match (&past, &file) {
        (Some(session), _) => {
            app.door
                .ask(&caller, Action::RecordingView, &session.resource())?;
            of_session(session)?
        }
        (None, Some(file)) => {
            let resource = Resource {
                kind: "session",
                ..files::resource(&file.record)
            };
            app.door.ask(&caller, Action::RecordingView, &resource)?;
            of_file(file, library.frames(file).await).ok_or(unknown)?
        }
        (None, None) => return Err(unknown.into()),
    };
    let file = file.and_then(|file| files::view(&app, &caller, &file.record));
    Ok(Json(ReportAnswer::new(reported, file)))
}

fn of_session(session: &Session) -> Result<Reported, SessionError> {
    let status = session
        .recording_status()
        .ok_or(SessionError::NoRecording)?;
    Ok(Reported {
        session_id: session.id.to_string(),
        terrain_id: session.terrain_id.clone(),
        club_id: session.club_id.clone(),
        created_at: session.created_at,
        status,
    })
}

/// What a file tells by itself; none where its ids are no ids.
fn of_file(file: &FoundFile, frames: u64) -> Option<Reported> {
    let record = &file.record;
    let mut status = RecordingStatus::starting(0, 0.0);
    status.state = RecordingState::Completed;
    status.end_us = Some(0);
    status.frames = frames;
    status.size_bytes = record.size_bytes;
    status.duration_seconds = Some(record.duration_seconds);
    status.video_path = Some(file.path.display().to_string());
    status.quality = None;
    Some(Reported {
        session_id: record.session_id.clone(),
        terrain_id: TerrainId::new(record.terrain_id.as_str()).ok()?,
        club_id: ClubId::new(record.club_id.as_str()).ok()?,
        created_at: record.created_at,
        status,
    })
}
