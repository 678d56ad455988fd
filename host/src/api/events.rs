//! `GET /api/video/events`: what happens, as server-sent events (WHATWG HTML, 9.2).
//!
//! A stream without `Last-Event-ID` begins with what there is: a `session` event for every
//! active session that the caller may view and a `recording` event for its recording, none of
//! them with an id, then an empty block with the id that a client should come back with. So a
//! page needs no second request, and nothing is missed between two.
//!
//! With the id of an event, the stream goes on behind that event. With an id that is of another
//! run of the host or too old, it begins with an event `reset` (which clients that do not know
//! it never see), goes on with all events that are kept, and then tells what there is.
//!
//! Every event is asked about when it is sent: tickets in it are fresh, and what the caller may
//! not view (any more) is passed over. The host keeps nothing for a client but its place in the
//! ring of events; one that falls behind what the ring holds is disconnected, and comes back
//! with its last id.

mod listener;

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, header};
use axum::response::sse::{self, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use serde_json::{Value, json};

use self::listener::{Listener, Told, View};
use super::App;
use super::caller::Papers;
use super::problem::Problem;
use super::views;
use crate::auth::{self, Action, Resource};
use crate::session::Session;
use crate::session::events::Happened;
use crate::telemetry::metrics::{Held, metrics};

/// Without news a comment is sent this often, so that nobody on the way takes the connection
/// for dead.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// How long a client should wait before it comes back.
const RETRY: Duration = Duration::from_secs(2);

/// Events
///
/// Server-sent events `session`, `recording`, `camera` and `plugin`, each with the object as its
/// data; those that the caller may view. A stream begins with what there is, or goes on behind
/// `Last-Event-ID`; where that is not known any more, it begins with the event `reset`.
#[utoipa::path(
    get,
    path = "/api/video/events",
    tag = "events",
    params(("Last-Event-ID" = Option<String>, Header, description = "The last event that was seen")),
    responses((status = 200, description = "What happens, without end", body = String,
        content_type = "text/event-stream"))
)]
pub async fn events(
    State(app): State<App>,
    papers: Papers,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let (caller, only) = papers.watcher(&app).await?;
    // Anybody with a good token may listen: what is told is asked about event by event.
    caller.asked.open();
    let last_id = headers.get("last-event-id");
    let last_id = last_id.map(|id| id.to_str().unwrap_or_default());
    let bus = app.sessions.events();
    let listener = Listener::new(bus, last_id, || app.sessions.list(false));
    let state = Open {
        listener,
        viewer: Viewer {
            app: app.clone(),
            caller,
            only,
        },
        _held: Held::one(&metrics().event_streams),
    };
    let events = stream::unfold(state, |mut open| async move {
        let told = tokio::select! {
            biased;
            told = open.listener.next(&open.viewer) => told?,
            () = open.viewer.app.stopping.cancelled() => return None,
        };
        Some((Ok::<_, Infallible>(written(told)), open))
    });
    let headers = [
        (header::CACHE_CONTROL, "no-store"),
        // nginx would keep events back until a buffer is full.
        (HeaderName::from_static("x-accel-buffering"), "no"),
    ];
    let keep_alive = KeepAlive::new().interval(KEEP_ALIVE);
    Ok((headers, Sse::new(events).keep_alive(keep_alive)).into_response())
}

/// An answer that goes on.
struct Open {
    listener: Listener,
    viewer: Viewer,
    _held: Held,
}

fn written(told: Told) -> sse::Event {
    match told {
        Told::Event { kind, id, object } => {
            let event = sse::Event::default().event(kind).data(object.to_string());
            match id {
                Some(id) => event.id(id),
                None => event,
            }
        }
        // An id without data is remembered by clients and shown to nobody.
        Told::Place { id } => sse::Event::default().id(id).retry(RETRY),
    }
}

/// What one caller may see, asked anew each time.
struct Viewer {
    app: App,
    caller: auth::Caller,
    /// The one session that a ticket is for.
    only: Option<String>,
}

impl View for Viewer {
    fn session(&self, session: &Session) -> Option<Value> {
        let viewed = self.may(Action::SessionView, &session.resource());
        viewed.then(|| json!(views::session(&self.app, &self.caller, session)))
    }

    fn recording(&self, session: &Session) -> Option<Value> {
        let status = session.recording_status()?;
        let viewed = self.may(Action::RecordingView, &session.resource());
        viewed.then(|| json!(views::recording(session, &status)))
    }

    fn happened(&self, happened: &Happened) -> Option<Value> {
        match happened {
            Happened::Session {
                session,
                status,
                camera,
            } => {
                let viewed = self.may(Action::SessionView, &session.resource());
                let camera = camera.as_ref();
                // As it was then, and not as it is now.
                let then = || views::session_as(&self.app, &self.caller, session, *status, camera);
                viewed.then(|| json!(then()))
            }
            Happened::Recording {
                session,
                status,
                at_us,
            } => {
                let viewed = self.may(Action::RecordingView, &session.resource());
                viewed.then(|| json!(views::recording_at(session, status, *at_us)))
            }
            Happened::Camera { session, status } => {
                let viewed = self.may(Action::SessionView, &session.resource());
                viewed.then(|| {
                    let mut object = json!(views::camera(status));
                    object["session_id"] = json!(session.id.as_str());
                    object["terrain_id"] = json!(session.terrain_id);
                    object["club_id"] = json!(session.club_id);
                    object
                })
            }
            Happened::Plugin { name, object } => {
                let viewed = self.may(Action::PluginView, &Resource::plugin(name));
                viewed.then(|| object.clone())
            }
        }
    }
}

impl Viewer {
    fn may(&self, action: Action, resource: &Resource) -> bool {
        let shown = self
            .only
            .as_ref()
            .is_none_or(|only| resource.kind == "session" && resource.id == *only);
        shown && self.app.door.would_allow(&self.caller, action, resource)
    }
}
