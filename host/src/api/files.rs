//! `/api/video/files/…`: the finished recordings.

use axum::Json;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use tower::ServiceExt;
use tower_http::services::ServeFile;

use super::caller::{Caller as Known, Papers};
use super::input::{Id, Params};
use super::problem::Problem;
use super::reading::Read;
use super::views::{Binary, DeletedAnswer, FileView, FilesAnswer};
use super::{App, views};
use crate::auth::{Action, Caller, Purpose, Resource};
use crate::catalogue::{Cursor, FileQuery, FileRecord};
use crate::config::{ClubId, TerrainId};
use crate::media::Codec;
use crate::recording::RecordingStatus;
use crate::session::Session;

/// Files of a page.
const MOST_FILES: usize = 100;

/// A `file`, as this caller may see it; none of one whose ids are no ids.
pub fn view(app: &App, caller: &Caller, file: &FileRecord) -> Option<FileView> {
    let id = &file.session_id;
    let ticket = app
        .door
        .ticket(caller, &resource(file), id, Purpose::Download);
    Some(FileView {
        id: id.clone(),
        club_id: ClubId::new(file.club_id.as_str()).ok()?,
        terrain_id: TerrainId::new(file.terrain_id.as_str()).ok()?,
        size_bytes: file.size_bytes,
        duration_seconds: Some(file.duration_seconds),
        codec: file.codec.clone(),
        sha256: file.sha256.clone(),
        created_at: file.created_at,
        download_url: ticket.map(|t| format!("/api/video/files/{id}/download?ticket={t}")),
    })
}

/// The `file` of a session whose recording is complete, also when it was deleted since.
pub async fn of_session(
    app: &App,
    caller: &Caller,
    session: &Session,
    status: &RecordingStatus,
) -> FileView {
    let (id, club) = (session.id.as_str(), session.club_id.as_str());
    let found = app.sessions.library().find(id, Some(club)).await;
    let listed = found.and_then(|found| view(app, caller, &found.record));
    listed.unwrap_or_else(|| FileView {
        id: session.id.to_string(),
        club_id: session.club_id.clone(),
        terrain_id: session.terrain_id.clone(),
        size_bytes: status.size_bytes,
        duration_seconds: status.duration_seconds,
        codec: Codec::H264.to_string(),
        sha256: None,
        created_at: session.created_at,
        download_url: None,
    })
}

/// A file, as policies see it.
pub fn resource(file: &FileRecord) -> Resource {
    Resource {
        kind: "file",
        id: file.session_id.clone(),
        club: Some(file.club_id.clone()),
        owner: file.owner_id.clone(),
        terrain: Some(file.terrain_id.clone()),
    }
}

fn unknown() -> Problem {
    Problem::not_found("there is no such file")
}

/// List files
///
/// Newest first; of one club, or of all whose files the caller may list.
#[utoipa::path(
    get,
    path = "/api/video/files/list",
    tag = "files",
    params(
        ("club_id" = Option<views::Id>, Query, description = "Only of this club"),
        ("after" = Option<String>, Query, description = "`next` of the page before"),
        ("limit" = Option<u32>, Query, description = "Files of a page, 1 to 100; 100 unless told"),
    ),
    responses(
        (status = 200, description = "A page of files", body = FilesAnswer),
        (status = 422, description = "`invalid_value`"),
        (status = 503, description = "`no_catalogue`: it cannot be read now"),
    )
)]
pub async fn list(
    State(app): State<App>,
    Known(caller): Known,
    params: Params,
) -> Result<Json<FilesAnswer>, Problem> {
    let limit = params.limit("limit", MOST_FILES)?;
    let wanted = params.club_id("club_id")?;
    let after = params.get("after").filter(|after| !after.is_empty());
    let after = after.map(Cursor::parse).transpose();
    let after =
        after.map_err(|_| Problem::bad_value("after", "after is `next` of the page before"))?;
    let clubs = clubs(&app, &caller, wanted.as_ref())?;
    let query = FileQuery {
        clubs,
        after,
        limit: limit as u32,
    };
    let page = app.sessions.library().list(&query).await?;
    let files = page.files.iter();
    let files = files.filter_map(|file| view(&app, &caller, file)).collect();
    let next = page.next.map(|next| next.to_string());
    Ok(Json(FilesAnswer::new(files, next)))
}

/// The clubs whose files the caller may list; none for all clubs, of yesterday too.
fn clubs(
    app: &App,
    caller: &Caller,
    wanted: Option<&ClubId>,
) -> Result<Option<Vec<String>>, Problem> {
    let may = |club: &str| {
        let resource = Resource::club(club);
        app.door.would_allow(caller, Action::FileList, &resource)
    };
    if let Some(club) = wanted {
        let resource = Resource::club(club.as_str());
        app.door.ask(caller, Action::FileList, &resource)?;
        return Ok(Some(vec![club.to_string()]));
    }
    let every = Resource {
        kind: "club",
        ..Resource::default()
    };
    if app.door.would_allow(caller, Action::FileList, &every) {
        return Ok(None);
    }
    let own = caller.principal.club.clone();
    let config = app.sessions.config();
    let configured = config.clubs.iter().map(|club| club.id.to_string());
    let mut clubs: Vec<String> = configured.chain(own.clone()).collect();
    clubs.sort();
    clubs.dedup();
    clubs.retain(|club| may(club));
    if clubs.is_empty() {
        // The reason is the one that the caller's own club has.
        let resource = own.map_or(every, |club| Resource::club(&club));
        app.door.ask(caller, Action::FileList, &resource)?;
    }
    Ok(Some(clubs))
}

/// Download a file
///
/// With ranges (RFC 9110).
#[utoipa::path(
    get,
    path = "/api/video/files/{id}/download",
    tag = "files",
    params(
        Id,
        ("club_id" = Option<views::Id>, Query, description = "The club that it must belong to"),
        ("Range" = Option<String>, Header, description = "`bytes=…`"),
        ("If-Range" = Option<String>, Header, description = "An `ETag`, or a date"),
    ),
    responses(
        (status = 200, description = "The whole file", body = Binary, content_type = "video/mp4"),
        (status = 206, description = "The range", body = Binary, content_type = "video/mp4"),
        (status = 304, description = "Not modified"),
        (status = 404, description = "`not_found`"),
        (status = 412, description = "`precondition_failed`"),
        (status = 416, description = "`range_not_satisfiable`"),
    )
)]
pub async fn download(
    State(app): State<App>,
    papers: Papers,
    Id(id): Id,
    params: Params,
    request: Request,
) -> Result<Response, Problem> {
    let caller = papers.caller(&app, &id, Purpose::Download).await?;
    let found = app
        .sessions
        .library()
        .find(&id, params.get("club_id"))
        .await;
    let found = found.ok_or_else(unknown)?;
    app.door
        .ask(&caller, Action::FileDownload, &resource(&found.record))?;
    let reading = app.sessions.library().reading(&id);
    let request = with_usable_range(request.map(|_| Body::empty()), &found.path).await;
    let mut response = file(&found.path, request).await?;
    // An id holds nothing that would have to be quoted.
    let disposition = format!("attachment; filename=\"{}.mp4\"", found.record.session_id);
    if let Ok(value) = HeaderValue::from_str(&disposition) {
        response
            .headers_mut()
            .insert(header::CONTENT_DISPOSITION, value);
    }
    Ok(response.map(|body| Read::of(body, reading)))
}

/// Delete a file
#[utoipa::path(
    delete,
    path = "/api/video/files/{id}/delete",
    tag = "files",
    params(
        Id,
        ("club_id" = Option<views::Id>, Query, description = "The club that it must belong to"),
    ),
    responses(
        (status = 200, description = "It is gone", body = DeletedAnswer),
        (status = 404, description = "`not_found`"),
        (status = 409, description = "`being_recorded`"),
        (status = 503, description = "`no_catalogue`: the disk does not let it go"),
    )
)]
pub async fn delete(
    State(app): State<App>,
    Known(caller): Known,
    Id(id): Id,
    params: Params,
) -> Result<Json<DeletedAnswer>, Problem> {
    let club = params.get("club_id");
    if let Ok(session) = app.sessions.get(&id)
        && session.is_recording()
        && club.is_none_or(|club| club == session.club_id.as_str())
    {
        let resource = Resource {
            kind: "file",
            ..session.resource()
        };
        app.door.ask(&caller, Action::FileDelete, &resource)?;
        let detail = "the file is being recorded; hint: stop the recording first";
        return Err(Problem::new(StatusCode::CONFLICT, "being_recorded", detail));
    }
    let library = app.sessions.library();
    let found = library.find(&id, club).await.ok_or_else(unknown)?;
    app.door
        .ask(&caller, Action::FileDelete, &resource(&found.record))?;
    let club = Some(found.record.club_id.as_str());
    if !library.delete(&id, club).await? {
        // Somebody was faster.
        return Err(unknown());
    }
    Ok(Json(DeletedAnswer::new(id)))
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
