//! The proxy listener: a feed as it is, for any number of clients.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::{StreamExt, stream};
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::App;
use super::caller::Papers;
use super::input::Id;
use super::problem::Problem;
use super::watching::{multipart, viewed};
use crate::media::mkv::{self, Writer};
use crate::media::{Codec, Packet, VideoTrack};
use crate::proxy::{Feed, Item, KeyPicture, Reader, Start};
use crate::session::SessionError;
use crate::telemetry::metrics::{Held, metrics};

/// What a client of the proxy may have unread, bytes.
const CLIENT_BYTES: usize = 16 << 20;
/// How long a client waits for the first picture.
const FIRST_PICTURE: Duration = Duration::from_secs(10);

/// `GET /health`
pub async fn health(State(app): State<App>) -> Json<Value> {
    let sessions = app.sessions.list(false).len();
    Json(json!({"success": true, "status": "healthy", "feeds": sessions}))
}

async fn feed(app: &App, papers: &Papers, id: &str) -> Result<Arc<Feed>, Problem> {
    if app.proxy_open {
        papers.open_to_all();
        return Ok(app.sessions.get(id)?.feed().ok_or(SessionError::Closed)?);
    }
    viewed(app, papers, id).await
}

/// `GET /{session_id}/stream.mjpeg`
pub async fn mjpeg(
    State(app): State<App>,
    papers: Papers,
    Id(id): Id,
) -> Result<Response, Problem> {
    let feed = feed(&app, &papers, &id).await?;
    let mut latest = feed.watch_latest();
    wait_for_picture(&mut latest).await?;
    if feed.status().codec != Some(Codec::Mjpeg) {
        let detail = "this camera sends no JPEGs; hint: stream.mkv";
        return Err(Problem::new(StatusCode::CONFLICT, "not_mjpeg", detail));
    }
    let ffmpeg = app.sessions.config().video.ffmpeg_path.clone();
    Ok(counted(multipart(
        app.previews.view(&id, &feed, &ffmpeg),
        app.stopping.clone(),
    )))
}

async fn wait_for_picture(latest: &mut watch::Receiver<Option<KeyPicture>>) -> Result<(), Problem> {
    if let Ok(Ok(_)) = timeout(FIRST_PICTURE, latest.wait_for(Option::is_some)).await {
        return Ok(());
    }
    let detail = "the camera sends no picture";
    Err(Problem::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "no_picture",
        detail,
    ))
}

/// `GET /{session_id}/stream.mkv`: Matroska, beginning with the newest keyframe.
pub async fn matroska(
    State(app): State<App>,
    papers: Papers,
    Id(id): Id,
) -> Result<Response, Problem> {
    let feed = feed(&app, &papers, &id).await?;
    wait_for_picture(&mut feed.watch_latest()).await?;
    let reader = feed.subscribe(Start::NewestKeyframe, CLIENT_BYTES);
    let body = Muxed {
        reader,
        stopping: app.stopping.clone(),
        track: None,
        output: None,
    };
    let chunks = stream::unfold(body, |mut body| async move {
        let chunk = body.next().await?;
        Some((Ok::<_, std::convert::Infallible>(chunk), body))
    });
    let headers = [
        (header::CONTENT_TYPE, "video/x-matroska"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    Ok(counted(
        (headers, Body::from_stream(chunks)).into_response(),
    ))
}

/// A client of this listener, counted for as long as its answer is open.
fn counted(response: Response) -> Response {
    let held = Held::one(&metrics().proxy_clients);
    response.map(|body| {
        let chunks = body.into_data_stream();
        Body::from_stream(chunks.inspect(move |_| {
            let _ = &held;
        }))
    })
}

/// A client's own Matroska.
struct Muxed {
    reader: Reader,
    stopping: CancellationToken,
    track: Option<Arc<VideoTrack>>,
    output: Option<(Writer, i64)>,
}

impl Muxed {
    async fn next(&mut self) -> Option<Bytes> {
        loop {
            let item = tokio::select! {
                () = self.stopping.cancelled() => return None,
                item = self.reader.next() => item?,
            };
            match item {
                // A stream cannot change its codec half-way: the client connects again.
                Item::Track(track) => {
                    let other = self.track.as_ref().is_some_and(|t| t.codec != track.codec);
                    if other && self.output.is_some() {
                        return None;
                    }
                    self.track = Some(track);
                }
                Item::Packet(packet) => return self.block(&packet),
                Item::Overflow | Item::Lost => {}
            }
        }
    }

    fn block(&mut self, packet: &Packet) -> Option<Bytes> {
        let mut out = Vec::new();
        if self.output.is_none() {
            out = mkv::header(self.track.as_deref()?).ok()?;
            self.output = Some((Writer::new(), packet.pts_us));
        }
        let (writer, zero_us) = self.output.as_mut()?;
        let pts_ms = (packet.pts_us - *zero_us) / 1000;
        out.extend(writer.block(pts_ms, packet.keyframe, &packet.data));
        Some(Bytes::from(out))
    }
}
