//! `session`.

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::super::App;
use super::words::words;
use super::{CameraView, Id, Success, camera};
use crate::auth::{Caller, Purpose};
use crate::config::{ClubId, TerrainId};
use crate::media::Codec;
use crate::proxy::CameraStatus;
use crate::session::Session;

words! {
    /// Whether a session goes on.
    SessionStatus of crate::session::SessionStatus {
        /// Its camera is connected or being tried.
        Active,
        /// It is over.
        Closed,
    }
}

/// One booking of a terrain's camera.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Session)]
pub struct SessionView {
    /// `sess_<terrain_id>_<unix ms>`.
    #[schema(example = "sess_1_1732281000123")]
    session_id: String,
    /// The terrain whose camera it uses.
    #[schema(value_type = Id)]
    terrain_id: TerrainId,
    /// The club that the terrain belongs to.
    #[schema(value_type = Id)]
    club_id: ClubId,
    /// The user who created it.
    owner_id: String,
    /// The adapter in use, or the one that was tried last.
    #[schema(required)]
    adapter: Option<String>,
    /// Whether it goes on.
    status: SessionStatus,
    /// When it was created.
    created_at: Timestamp,
    /// Its camera, now or when the session closed.
    #[schema(required)]
    camera: Option<CameraView>,
    /// Where to look on.
    preview: PreviewLinks,
    /// Its feed in the proxy, with a ticket; null where the caller may not watch.
    #[schema(required)]
    proxy_url: Option<String>,
}

/// Links with a ticket of 10 minutes, so that `<img src>` works; null where the caller may not
/// watch.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Preview)]
struct PreviewLinks {
    /// One JPEG a part, without end.
    #[schema(required)]
    mjpeg_url: Option<String>,
    /// The latest picture.
    #[schema(required)]
    snapshot_url: Option<String>,
}

/// A session.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SessionAnswer {
    success: Success,
    /// The session.
    session: SessionView,
}

/// Sessions, oldest first.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SessionsAnswer {
    success: Success,
    /// Those that the caller may view.
    sessions: Vec<SessionView>,
}

impl From<SessionView> for SessionAnswer {
    fn from(session: SessionView) -> Self {
        let success = Success;
        Self { success, session }
    }
}

impl From<Vec<SessionView>> for SessionsAnswer {
    fn from(sessions: Vec<SessionView>) -> Self {
        let success = Success;
        Self { success, sessions }
    }
}

/// A `session`, now. Its links carry tickets for the caller where the policy allows their
/// purpose.
pub fn session(app: &App, caller: &Caller, session: &Session) -> SessionView {
    let (status, camera) = (session.status(), session.camera());
    session_as(app, caller, session, status, camera.as_ref())
}

/// A `session` in this state, which need not be the one it is in now.
pub fn session_as(
    app: &App,
    caller: &Caller,
    session: &Session,
    status: crate::session::SessionStatus,
    camera_status: Option<&CameraStatus>,
) -> SessionView {
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
    let mjpeg = camera_status.and_then(|camera| camera.codec) == Some(Codec::Mjpeg);
    let feed = if mjpeg { "stream.mjpeg" } else { "stream.mkv" };
    SessionView {
        session_id: id.to_string(),
        terrain_id: session.terrain_id.clone(),
        club_id: session.club_id.clone(),
        owner_id: session.owner_id.clone(),
        adapter: camera_status.map(|camera| camera.adapter.clone()),
        status: status.into(),
        created_at: session.created_at,
        camera: camera_status.map(camera),
        preview: PreviewLinks {
            mjpeg_url: link(format!("/api/preview/{id}/stream.mjpeg")),
            snapshot_url: link(format!("/api/preview/{id}/snapshot.jpg")),
        },
        proxy_url: link(format!("{}/{id}/{feed}", app.proxy_base)),
    }
}
