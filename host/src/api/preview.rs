//! `/api/preview/…`: live pictures.

use std::time::SystemTime;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::App;
use super::caller::Papers;
use super::conditional::has_it;
use super::input::Id;
use super::problem::Problem;
use super::views::{Binary, InfoAnswer, camera};
use super::watching::{HeadOnly, can_be_shown, endless_head, multipart, multipart_type, viewed};
use crate::clock::now_us;
use crate::preview::{Audience, Picture, SnapshotError};

/// Snapshot
///
/// The latest picture that is there, at once.
#[utoipa::path(
    get,
    path = "/api/preview/{id}/snapshot.jpg",
    tag = "previews",
    params(Id),
    responses(
        (status = 200, description = "A picture", body = Binary, content_type = "image/jpeg"),
        (status = 304, description = "Not modified: the client has it"),
        (status = 404, description = "`unknown_session`"),
        (status = 410, description = "`session_closed`"),
        (status = 503, description = "`no_picture` yet, or `no_snapshot`"),
    )
)]
pub async fn snapshot(
    State(app): State<App>,
    papers: Papers,
    Id(id): Id,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let watched = viewed(&app, &papers, &id).await?;
    let ffmpeg = app.sessions.config().video.ffmpeg_path.clone();
    let picture = app.previews.snapshot(&id, &watched.feed, &ffmpeg).await;
    Ok(still(
        &headers,
        &*picture.map_err(|error| no_snapshot(&error))?,
    ))
}

/// A picture, unless the client has it.
fn still(asked: &HeaderMap, picture: &Picture) -> Response {
    let tag = format!("\"{}\"", picture.digest());
    let taken = SystemTime::from(picture.taken_at);
    let unchanged = has_it(asked, &tag, taken);
    let headers = [
        (header::ETAG, tag),
        (header::LAST_MODIFIED, httpdate::fmt_http_date(taken)),
        // Kept by nobody but the browser, and asked about before each use.
        (header::CACHE_CONTROL, "private, no-cache".to_owned()),
    ];
    if unchanged {
        return (StatusCode::NOT_MODIFIED, headers).into_response();
    }
    let kind = [(header::CONTENT_TYPE, "image/jpeg")];
    (headers, kind, picture.jpeg.clone()).into_response()
}

fn no_snapshot(error: &SnapshotError) -> Problem {
    let code = match error {
        SnapshotError::NoPicture => "no_picture",
        _ => "no_snapshot",
    };
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, code, error.to_string())
}

/// Live pictures
///
/// One JPEG a part, of any camera, without end.
#[utoipa::path(
    get,
    path = "/api/preview/{id}/stream.mjpeg",
    tag = "previews",
    params(Id),
    responses(
        (status = 200, description = "Pictures", body = Binary,
            content_type = "multipart/x-mixed-replace"),
        (status = 404, description = "`unknown_session`"),
        (status = 410, description = "`session_closed`"),
        (status = 503, description = "`no_ffmpeg`: the camera sends no JPEGs, and FFmpeg is missing"),
    )
)]
pub async fn stream(
    State(app): State<App>,
    papers: Papers,
    Id(id): Id,
    HeadOnly(head): HeadOnly,
) -> Result<Response, Problem> {
    let watched = viewed(&app, &papers, &id).await?;
    can_be_shown(&app, &watched.feed).await?;
    if head {
        return Ok(endless_head(&multipart_type()));
    }
    let ffmpeg = app.sessions.config().video.ffmpeg_path.clone();
    let viewer = app
        .previews
        .view(&id, &watched.feed, &ffmpeg, Audience::Viewers);
    Ok(multipart(&app.answers, watched.permit, viewer))
}

/// About the live pictures
#[utoipa::path(
    get,
    path = "/api/preview/{id}/info",
    tag = "previews",
    params(Id),
    responses(
        (status = 200, description = "What is known of them", body = InfoAnswer),
        (status = 404, description = "`unknown_session`"),
        (status = 410, description = "`session_closed`"),
    )
)]
pub async fn info(
    State(app): State<App>,
    papers: Papers,
    Id(id): Id,
) -> Result<Json<InfoAnswer>, Problem> {
    let feed = viewed(&app, &papers, &id).await?.feed;
    let viewers = app.previews.audience(&id, Audience::Viewers);
    let age_us = feed.last_picture_us().map(|last_us| now_us() - last_us);
    // A camera's clock may be a little ahead of the host's.
    let age_ms = age_us.map(|age_us| age_us.max(0) / 1000);
    Ok(Json(InfoAnswer::new(
        camera(&feed.status()),
        viewers,
        age_ms,
    )))
}

#[cfg(test)]
mod tests {
    use axum::body::Bytes;

    use super::*;

    #[test]
    fn a_picture_is_sent_once() {
        let picture = Picture::new(Bytes::from_static(b"jpeg"), now_us());
        let first = still(&HeaderMap::new(), &picture);
        assert_eq!(first.status(), StatusCode::OK);
        assert_eq!(first.headers()[header::CONTENT_TYPE], "image/jpeg");
        for (theirs, ours) in [
            (header::ETAG, header::IF_NONE_MATCH),
            (header::LAST_MODIFIED, header::IF_MODIFIED_SINCE),
        ] {
            let known = first.headers()[&theirs].clone();
            let again = still(&[(ours, known)].into_iter().collect(), &picture);
            assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
            assert_eq!(again.headers()[&theirs], first.headers()[&theirs]);
            assert!(!again.headers().contains_key(header::CONTENT_TYPE));
        }
    }
}
