//! `/api/preview/{id}/ws`: one JPEG a binary message (RFC 6455).

use std::time::Duration;

use axum::extract::State;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use tokio::time::{Instant, MissedTickBehavior, interval_at, timeout};
use tokio_util::sync::CancellationToken;
use tracing::debug;

use super::App;
use super::caller::Papers;
use super::input::Id;
use super::origin;
use super::permit::Permit;
use super::problem::Problem;
use super::watching::{can_be_shown, viewed};
use crate::preview::{Audience, Viewer};

/// Nothing is asked of a viewer, so nothing long is listened to: stops clients that send.
const INCOMING_BYTES: usize = 4 << 10;
/// Messages between two pings: stops clients that send many short ones.
const INCOMING_MESSAGES: u32 = 500;
/// What may wait to be written: one picture (at most 8 MiB) and what is said beside it.
const OUTGOING_BYTES: usize = 10 << 20;
/// A viewer that takes a picture in no less time does not read.
const SEND_WITHIN: Duration = Duration::from_secs(10);
/// How often a viewer is asked for a sign of life.
const PING_EVERY: Duration = Duration::from_secs(20);
/// A viewer without one for so long is gone.
const DEAD_AFTER: Duration = Duration::from_secs(50);
/// How long goodbye may take.
const GOODBYE_WITHIN: Duration = Duration::from_secs(1);

/// Live pictures by WebSocket
///
/// One JPEG a binary message. A page of another origin must be named in `server.cors_origins`.
#[utoipa::path(
    get,
    path = "/api/preview/{id}/ws",
    tag = "previews",
    params(Id),
    responses(
        (status = 101, description = "The socket is open"),
        (status = 400, description = "Not a WebSocket handshake"),
        (status = 404, description = "`unknown_session`"),
        (status = 410, description = "`session_closed`"),
        (status = 426, description = "Not a request for a WebSocket"),
        (status = 503, description = "`no_ffmpeg`: the camera sends no JPEGs, and FFmpeg is missing"),
    )
)]
pub async fn open(
    State(app): State<App>,
    papers: Papers,
    Id(id): Id,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Problem> {
    let config = app.sessions.config();
    // First: of a page from elsewhere the cookie is not looked at, and 401 would be no help.
    if !origin::is_welcome(&headers, &config.server.cors_origins) {
        let detail = "this page's origin is not allowed; hint: name it in server.cors_origins";
        let status = StatusCode::FORBIDDEN;
        return Err(Problem::new(status, "origin_not_allowed", detail));
    }
    let watched = viewed(&app, &papers, &id).await?;
    let upgrade = match upgrade {
        Ok(upgrade) => upgrade,
        Err(rejection) => return Ok(not_a_socket(&rejection)),
    };
    can_be_shown(&app, &watched.feed).await?;
    let ffmpeg = &config.video.ffmpeg_path;
    let viewer = app
        .previews
        .view(&id, &watched.feed, ffmpeg, Audience::Viewers);
    let (permit, answers) = (watched.permit, app.answers.clone());
    Ok(bounded(upgrade).on_upgrade(move |socket| {
        let stopping = answers.stopping().clone();
        answers.track(show(socket, viewer, permit, stopping))
    }))
}

/// What is missing for a WebSocket (RFC 6455, 4.2.2 and 4.4).
fn not_a_socket(rejection: &WebSocketUpgradeRejection) -> Response {
    let detail = format!("this is a WebSocket: {}", rejection.body_text());
    let problem = Problem::new(StatusCode::UPGRADE_REQUIRED, "upgrade_required", detail);
    let headers = [
        (header::UPGRADE, "websocket"),
        (header::CONNECTION, "Upgrade"),
        (header::SEC_WEBSOCKET_VERSION, "13"),
    ];
    (headers, problem).into_response()
}

fn bounded(upgrade: WebSocketUpgrade) -> WebSocketUpgrade {
    upgrade
        .max_message_size(INCOMING_BYTES)
        .max_frame_size(INCOMING_BYTES)
        .read_buffer_size(INCOMING_BYTES)
        .write_buffer_size(0)
        .max_write_buffer_size(OUTGOING_BYTES)
}

/// Why a viewer is told goodbye.
struct Goodbye(u16, &'static str);

const SESSION_ENDED: Goodbye = Goodbye(close_code::NORMAL, "the session has ended");
const HOST_STOPS: Goodbye = Goodbye(close_code::AWAY, "the host stops");
const NOT_ALLOWED: Goodbye = Goodbye(close_code::POLICY, "not allowed any more");
const TOO_MANY: Goodbye = Goodbye(close_code::POLICY, "too many messages");

/// Shows pictures until somebody has enough.
async fn show(mut socket: WebSocket, viewer: Viewer, permit: Permit, stopping: CancellationToken) {
    let ending = async {
        tokio::select! {
            () = stopping.cancelled() => HOST_STOPS,
            () = permit.revoked() => NOT_ALLOWED,
        }
    };
    let goodbye = tokio::select! {
        goodbye = ending => Some(goodbye),
        goodbye = pictures(&mut socket, viewer) => goodbye,
    };
    let Some(Goodbye(code, reason)) = goodbye else {
        return;
    };
    let close = CloseFrame {
        code,
        reason: reason.into(),
    };
    let say = async {
        if socket.send(Message::Close(Some(close))).await.is_ok() {
            // Closing with something unread would take the words back: TCP would say "reset".
            while let Some(Ok(_)) = socket.recv().await {}
        }
    };
    // A viewer that does not listen is left.
    let _ = timeout(GOODBYE_WITHIN, say).await;
}

/// The goodbye that is due; none where there is nobody to hear it.
async fn pictures(socket: &mut WebSocket, mut viewer: Viewer) -> Option<Goodbye> {
    let mut ping = interval_at(Instant::now() + PING_EVERY, PING_EVERY);
    ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut heard, mut messages) = (Instant::now(), 0);
    loop {
        let message = tokio::select! {
            incoming = socket.recv() => {
                // Gone, or not a WebSocket's language.
                incoming?.ok()?;
                heard = Instant::now();
                messages += 1;
                if messages > INCOMING_MESSAGES {
                    return Some(TOO_MANY);
                }
                continue;
            }
            picture = viewer.next() => match picture {
                Some(picture) => Message::Binary(picture.jpeg.clone()),
                None => return Some(SESSION_ENDED),
            },
            _ = ping.tick() => {
                if heard.elapsed() > DEAD_AFTER {
                    debug!("a viewer gave no sign of life; its socket is closed");
                    return None;
                }
                messages = 0;
                Message::Ping(axum::body::Bytes::new())
            }
        };
        let Ok(sent) = timeout(SEND_WITHIN, socket.send(message)).await else {
            debug!("a viewer stopped reading; its socket is closed");
            return None;
        };
        sent.ok()?;
    }
}

#[cfg(test)]
#[path = "preview_socket_tests.rs"]
mod tests;
