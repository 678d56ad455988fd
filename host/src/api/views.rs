//! The host's things as answers show them.

use serde_json::{Value, json};

use super::App;
use crate::auth::{Caller, Purpose};
use crate::clock::now_us;
use crate::recording::RecordingStatus;
use crate::session::Session;

/// A `session`. Its links carry tickets for the caller where the policy allows their purpose.
pub fn session(app: &App, caller: &Caller, session: &Session) -> Value {
    let id = &session.id;
    let resource = session.resource();
    let ticket = app
        .door
        .ticket(caller, &resource, id.as_str(), Purpose::Preview);
    let link = |path: String| {
        ticket
            .as_ref()
            .map(|ticket| format!("{path}?ticket={ticket}"))
    };
    let camera = session.camera();
    let adapter = camera.as_ref().map(|camera| camera.adapter.clone());
    let mjpeg = camera.as_ref().and_then(|camera| camera.codec) == Some(crate::media::Codec::Mjpeg);
    let feed = if mjpeg { "stream.mjpeg" } else { "stream.mkv" };
    json!({
        "session_id": id.as_str(),
        "terrain_id": id_value(session.terrain_id.as_str()),
        "club_id": id_value(session.club_id.as_str()),
        "owner_id": session.owner_id,
        "adapter": adapter,
        "status": session.status(),
        "created_at": session.created_at,
        "camera": camera,
        "preview": {
            "mjpeg_url": link(format!("/api/preview/{id}/stream.mjpeg")),
            "snapshot_url": link(format!("/api/preview/{id}/snapshot.jpg")),
        },
        "proxy_url": link(format!("{}/{id}/{feed}", app.proxy_base)),
    })
}

/// A `recording`.
pub fn recording(session: &Session, status: &RecordingStatus) -> Value {
    let now = now_us();
    json!({
        "session_id": session.id.as_str(),
        "status": status.state,
        "mode": status.mode,
        "started_at": status.started_at,
        "planned_seconds": status.planned_seconds,
        "elapsed_seconds": rounded(status.elapsed_seconds(now)),
        "remaining_seconds": rounded(status.remaining_seconds(now)),
        "frames": status.frames,
        "size_bytes": status.size_bytes,
        "gaps": status.gaps,
        "video_path": status.video_path,
        "error": status.error,
    })
}

/// An id as the configuration's owner wrote it: digits as a number, all else as a text.
pub fn id_value(id: &str) -> Value {
    match id.parse::<u64>() {
        Ok(number) if number.to_string() == id => json!(number),
        _ => json!(id),
    }
}

/// To the millisecond.
pub fn rounded(seconds: f64) -> f64 {
    (seconds * 1000.0).round() / 1000.0
}
