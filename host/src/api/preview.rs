//! `/api/preview/…`: live pictures.

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::App;
use super::caller::Papers;
use super::input::Id;
use super::problem::Problem;
use super::watching::{multipart, viewed};

/// `GET /api/preview/{id}/snapshot.jpg`: the latest picture that is there, at once.
pub async fn snapshot(
    State(app): State<App>,
    papers: Papers,
    Id(id): Id,
) -> Result<Response, Problem> {
    let feed = viewed(&app, &papers, &id).await?;
    let latest = feed.watch_latest().borrow().clone();
    let picture = latest.ok_or_else(no_picture)?;
    let ffmpeg = app.sessions.config().video.ffmpeg_path.clone();
    let jpeg = app
        .snapshots
        .jpeg(&id, &picture, &ffmpeg)
        .await
        .map_err(|error| {
            Problem::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "no_snapshot",
                error.to_string(),
            )
        })?;
    let headers = [
        (header::CONTENT_TYPE, "image/jpeg"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    Ok((headers, jpeg).into_response())
}

/// `GET /api/preview/{id}/stream.mjpeg`: JPEGs of any camera.
pub async fn stream(
    State(app): State<App>,
    papers: Papers,
    Id(id): Id,
) -> Result<Response, Problem> {
    let feed = viewed(&app, &papers, &id).await?;
    let ffmpeg = app.sessions.config().video.ffmpeg_path.clone();
    Ok(multipart(
        app.previews.view(&id, &feed, &ffmpeg),
        app.stopping.clone(),
    ))
}

fn no_picture() -> Problem {
    let detail = "the camera has not sent a picture yet";
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "no_picture", detail)
}
