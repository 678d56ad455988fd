//! What the previews and the proxy listener share: who may watch, and JPEGs as an answer.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use tokio_util::sync::CancellationToken;

use super::App;
use super::caller::Papers;
use super::problem::Problem;
use crate::auth::{Action, Purpose};
use crate::preview::Viewer;
use crate::proxy::Feed;
use crate::session::SessionError;

/// Between the parts of a multipart answer.
const BOUNDARY: &str = "padelvar-frame";

/// The feed of a session that the caller may watch.
pub async fn viewed(app: &App, papers: &Papers, id: &str) -> Result<Arc<Feed>, Problem> {
    let caller = papers.caller(app, id, Purpose::Preview).await?;
    let session = app.sessions.get(id)?;
    app.door
        .ask(&caller, Action::PreviewView, &session.resource())?;
    Ok(session.feed().ok_or(SessionError::Closed)?)
}

/// One JPEG a part. A client has one slot, the latest picture: one that is slow sees fewer and
/// costs nobody anything.
pub fn multipart(viewer: Viewer, stopping: CancellationToken) -> Response {
    let parts = stream::unfold((viewer, stopping), |(mut viewer, stopping)| async move {
        let jpeg = tokio::select! {
            () = stopping.cancelled() => return None,
            jpeg = viewer.next() => jpeg?,
        };
        let length = jpeg.len();
        let mut part =
            format!("--{BOUNDARY}\r\nContent-Type: image/jpeg\r\nContent-Length: {length}\r\n\r\n")
                .into_bytes();
        part.extend_from_slice(&jpeg);
        part.extend_from_slice(b"\r\n");
        Some((
            Ok::<_, std::convert::Infallible>(Bytes::from(part)),
            (viewer, stopping),
        ))
    });
    let kind = format!("multipart/x-mixed-replace; boundary={BOUNDARY}");
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    (headers, Body::from_stream(parts)).into_response()
}
