//! `/api/video/files/…`: the finished recordings.

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use tower::ServiceExt;
use tower_http::services::ServeFile;

use super::App;
use super::caller::Papers;
use super::input::{Id, Params};
use super::problem::Problem;
use super::views::id_value;
use crate::auth::{Action, Caller, Purpose, Resource};
use crate::recording::RecordingStatus;
use crate::session::{Session, SessionId};

/// A `file`.
pub fn view(app: &App, caller: &Caller, session: &Session, status: &RecordingStatus) -> Value {
    let id = &session.id;
    let ticket = app
        .door
        .ticket(caller, &resource(session), id.as_str(), Purpose::Download);
    json!({
        "id": id.as_str(),
        "club_id": id_value(session.club_id.as_str()),
        "terrain_id": id_value(session.terrain_id.as_str()),
        "size_bytes": status.size_bytes,
        "duration_seconds": status.duration_seconds,
        "codec": "h264",
        "sha256": null,
        "created_at": session.created_at,
        "download_url": ticket.map(|t| format!("/api/video/files/{id}/download?ticket={t}")),
    })
}

/// A session's file, as policies see it.
fn resource(session: &Session) -> Resource {
    Resource {
        kind: "file",
        ..session.resource()
    }
}

/// `GET /api/video/files/{id}/download`, with ranges.
pub async fn download(
    State(app): State<App>,
    papers: Papers,
    Id(id): Id,
    params: Params,
    request: Request,
) -> Result<Response, Problem> {
    let caller = papers.caller(&app, &id, Purpose::Download).await?;
    let unknown = || Problem::not_found("there is no such file");
    let id = SessionId::parse(&id).ok_or_else(unknown)?;
    let config = app.sessions.config();
    let known = app.sessions.get(id.as_str()).ok();
    let name = format!("{id}.mp4");
    // A file is found by its folder; ids hold nothing that a path could be made of.
    let club = config
        .clubs
        .iter()
        .map(|club| club.id.to_string())
        .find(|club| config.video.videos_dir.join(club).join(&name).is_file());
    let club = club.ok_or_else(unknown)?;
    if params.get("club_id").is_some_and(|asked| asked != club) {
        return Err(unknown());
    }
    let resource = known.map_or_else(
        || Resource {
            kind: "file",
            id: id.to_string(),
            club: Some(club.clone()),
            owner: None,
            terrain: None,
        },
        |session| resource(&session),
    );
    app.door.ask(&caller, Action::FileDownload, &resource)?;
    let path = config.video.videos_dir.join(&club).join(&name);
    let request = with_usable_range(request.map(|_| Body::empty()), &path).await;
    let mut response = file(&path, request).await?;
    let disposition = format!("attachment; filename=\"{name}\"");
    if let Ok(value) = HeaderValue::from_str(&disposition) {
        response
            .headers_mut()
            .insert(header::CONTENT_DISPOSITION, value);
    }
    Ok(response)
}

async fn file(path: &std::path::Path, request: Request) -> Result<Response, Problem> {
    let mime = "video/mp4"
        .parse()
        .map_err(|_| Problem::not_found("there is no such file"))?;
    let Ok(response) = ServeFile::new_with_mime(path, &mime).oneshot(request).await;
    Ok(response.map(Body::new).into_response())
}

/// Mends what the file service does not know of ranges (RFC 9110): a range under an `If-Range`
/// that does not hold is not asked for (13.1.5), and the last N bytes of a shorter file are the
/// whole file (14.1.2).
async fn with_usable_range(mut request: Request, path: &std::path::Path) -> Request {
    let Some(range) = text_header(request.headers(), header::RANGE) else {
        return request;
    };
    let mut head = Request::new(Body::empty());
    *head.method_mut() = Method::HEAD;
    let Ok(found) = file(path, head).await else {
        return request;
    };
    if let Some(condition) = text_header(request.headers(), header::IF_RANGE) {
        let holds = [header::ETAG, header::LAST_MODIFIED]
            .into_iter()
            .filter_map(|name| text_header(found.headers(), name))
            .any(|value| value == condition && !value.starts_with("W/"));
        if !holds {
            request.headers_mut().remove(header::RANGE);
            return request;
        }
    }
    let length = text_header(found.headers(), header::CONTENT_LENGTH);
    let length: Option<u64> = length.and_then(|length| length.parse().ok());
    let last = range
        .strip_prefix("bytes=-")
        .and_then(|last| last.parse::<u64>().ok());
    if let (Some(length), Some(last)) = (length, last)
        && last > length
    {
        request
            .headers_mut()
            .insert(header::RANGE, HeaderValue::from_static("bytes=0-"));
    }
    request
}

fn text_header(headers: &HeaderMap, name: header::HeaderName) -> Option<String> {
    Some(headers.get(name)?.to_str().ok()?.trim().to_owned())
}
