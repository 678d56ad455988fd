//! The proxy listener: a feed as it is, for any number of clients.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use futures_util::{StreamExt, stream};
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::time::timeout;

use super::App;
use super::caller::Papers;
use super::input::Id;
use super::permit::Permit;
use super::problem::Problem;
use super::watching::{
    HeadOnly, Watched, endless, endless_head, multipart, multipart_type, viewed,
};
use crate::media::mkv::{self, Writer};
use crate::media::sound::{Sound, SoundTrack};
use crate::media::{Codec, Packet, VideoTrack};
use crate::preview::{Audience, Counted};
use crate::proxy::{Item, KeyPicture, Reader, Start};
use crate::session::SessionError;

const MATROSKA: &str = "video/x-matroska";
/// What a client of the proxy may have unread, bytes.
const CLIENT_BYTES: usize = 16 << 20;
/// How long a client waits for the first picture.
const FIRST_PICTURE: Duration = Duration::from_secs(10);

/// `GET /health`
pub async fn health(State(app): State<App>) -> Json<Value> {
    let sessions = app.sessions.list(false).len();
    Json(json!({"success": true, "status": "healthy", "feeds": sessions}))
}

async fn watched(app: &App, papers: &Papers, id: &str) -> Result<Watched, Problem> {
    if app.proxy_open {
        papers.open_to_all();
        let feed = app.sessions.get(id)?.feed().ok_or(SessionError::Closed)?;
        let permit = Permit::open_to_all();
        return Ok(Watched { feed, permit });
    }
    viewed(app, papers, id).await
}

/// `GET /{session_id}/stream.mjpeg`
pub async fn mjpeg(
    State(app): State<App>,
    papers: Papers,
    Id(id): Id,
    HeadOnly(head): HeadOnly,
) -> Result<Response, Problem> {
    let Watched { feed, permit } = watched(&app, &papers, &id).await?;
    if !head {
        wait_for_picture(&mut feed.watch_latest()).await?;
    }
    // Of a camera that was never seen the head can only be guessed.
    if feed
        .status()
        .codec
        .is_some_and(|codec| codec != Codec::Mjpeg)
    {
        let detail = "this camera sends no JPEGs; hint: stream.mkv";
        return Err(Problem::new(StatusCode::CONFLICT, "not_mjpeg", detail));
    }
    if head {
        return Ok(endless_head(&multipart_type()));
    }
    let ffmpeg = app.sessions.config().video.ffmpeg_path.clone();
    let client = app
        .previews
        .view(&id, &feed, &ffmpeg, Audience::ProxyClients);
    Ok(multipart(&app.answers, permit, client))
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

/// `GET /{session_id}/stream.mkv`: Matroska, beginning with the newest keyframe. With the sound
/// where the terrain has `audio = true` and its camera was heard when the client came.
pub async fn matroska(
    State(app): State<App>,
    papers: Papers,
    Id(id): Id,
    HeadOnly(head): HeadOnly,
) -> Result<Response, Problem> {
    let Watched { feed, permit } = watched(&app, &papers, &id).await?;
    if head {
        return Ok(endless_head(MATROSKA));
    }
    wait_for_picture(&mut feed.watch_latest()).await?;
    let client = Muxed {
        reader: feed.subscribe_with_sound(Start::NewestKeyframe, CLIENT_BYTES),
        _counted: app.previews.count(&id, &feed, Audience::ProxyClients),
        track: None,
        sound: None,
        output: None,
    };
    let blocks = stream::unfold(client, |mut client| async move {
        let block = client.next().await?;
        Some((stream::iter(block), client))
    });
    let body = app.answers.body(permit, blocks.flatten());
    Ok(endless(MATROSKA, body))
}

/// A client's own Matroska.
struct Muxed {
    reader: Reader,
    _counted: Counted,
    track: Option<Arc<VideoTrack>>,
    sound: Option<Arc<SoundTrack>>,
    output: Option<Output>,
}

/// What a client was told at the beginning.
struct Output {
    writer: Writer,
    zero_us: i64,
    sound: Option<Arc<SoundTrack>>,
}

impl Muxed {
    /// The next block: what stands before its bytes, and they as all clients have them. None
    /// where the stream cannot go on as it was announced: the client connects again.
    async fn next(&mut self) -> Option<[Bytes; 2]> {
        loop {
            match self.reader.next().await? {
                Item::Track(track) => {
                    let other = self.track.as_ref().is_some_and(|t| t.codec != track.codec);
                    if other && self.output.is_some() {
                        return None;
                    }
                    self.track = Some(track);
                }
                Item::SoundTrack(track) => {
                    let told = self
                        .output
                        .as_ref()
                        .and_then(|output| output.sound.as_ref());
                    if told.is_some_and(|told| *told != track) {
                        return None;
                    }
                    self.sound = Some(track);
                }
                Item::Packet(packet) => return self.picture(packet),
                Item::Sound(sound) => {
                    let head = self.output.as_mut().and_then(|output| output.heard(&sound));
                    if let Some(head) = head {
                        return Some([head, sound.data]);
                    }
                }
                Item::Overflow | Item::Lost => {}
            }
        }
    }

    fn picture(&mut self, packet: Packet) -> Option<[Bytes; 2]> {
        let mut head = Vec::new();
        if self.output.is_none() {
            let sound = self.sound.clone();
            head = mkv::header_with(self.track.as_deref()?, sound.as_deref()).ok()?;
            self.output = Some(Output {
                writer: Writer::new(),
                zero_us: packet.pts_us,
                sound,
            });
        }
        let output = self.output.as_mut()?;
        let pts_ms = (packet.pts_us - output.zero_us) / 1000;
        let length = packet.data.len();
        head.extend(output.writer.block_head(pts_ms, packet.keyframe, length));
        Some([Bytes::from(head), packet.data])
    }
}

impl Output {
    /// The head of a piece of sound; none for one that was not announced, or is from before the
    /// first picture.
    fn heard(&mut self, sound: &Sound) -> Option<Bytes> {
        let pts_us = sound.pts_us - self.zero_us;
        let belongs = self.sound.is_some() && pts_us >= 0;
        let head = || self.writer.sound_head(pts_us / 1000, sound.data.len());
        belongs.then(head).map(Bytes::from)
    }
}
