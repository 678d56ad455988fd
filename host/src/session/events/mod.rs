//! What happens to sessions, told to whoever listens.
//!
//! A task a session (`watcher`) looks at its camera and its recording whenever they change and
//! publishes what a person would call news, never mere counts. The `bus` keeps the newest events
//! in a `ring`, numbered; listeners read from there at their own pace. Publishing waits for
//! nobody, and a listener that is too slow for the ring learns that it is.

mod bus;
mod marks;
mod pace;
mod ring;
mod watcher;

use std::sync::Arc;

use serde_json::Value;

use super::state::{Session, SessionStatus};
use crate::proxy::CameraStatus;
use crate::recording::RecordingStatus;

pub use bus::{Bus, FellBehind};
pub(super) use watcher::Watcher;

/// An event, with its place in the order of this run's events.
#[derive(Clone)]
pub struct Event {
    /// Rises by one from event to event; the first one has 1.
    pub number: u64,
    /// What happened.
    pub happened: Arc<Happened>,
}

/// Something that happened, as it was then.
pub enum Happened {
    /// A session was created or closed.
    Session {
        /// Which.
        session: Arc<Session>,
        /// Active: it was created.
        status: SessionStatus,
        /// Its camera then.
        camera: Option<CameraStatus>,
    },
    /// A recording has another state, a new gap, its file, another plan, or a problem.
    Recording {
        /// Its session.
        session: Arc<Session>,
        /// The recording then.
        status: RecordingStatus,
        /// When that was, on the monotonic clock, microseconds: its lengths count up to then.
        at_us: i64,
    },
    /// A camera has another state, codec or size, failed in another way, or came back.
    Camera {
        /// The session that it is in use for.
        session: Arc<Session>,
        /// The camera then.
        status: CameraStatus,
    },
    /// A plugin was loaded, replaced, rejected, quarantined or released.
    Plugin {
        /// Its name.
        name: String,
        /// The plugin as the list of plugins shows it.
        object: Value,
    },
}

impl Happened {
    /// `session`, `recording`, `camera` or `plugin`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Session { .. } => "session",
            Self::Recording { .. } => "recording",
            Self::Camera { .. } => "camera",
            Self::Plugin { .. } => "plugin",
        }
    }

    /// About how many bytes it holds, for the ring's bound: what it has of its own that grows.
    fn bytes(&self) -> usize {
        let own = size_of::<Self>();
        let camera = |status: &CameraStatus| status.last_error.as_ref().map_or(0, String::len);
        own + match self {
            Self::Session { camera: status, .. } => status.as_ref().map_or(0, camera),
            Self::Camera { status, .. } => camera(status),
            Self::Recording { status, .. } => {
                let text = |text: &Option<String>| text.as_ref().map_or(0, String::len);
                size_of_val(status.gaps.as_slice()) + text(&status.error) + text(&status.warning)
            }
            Self::Plugin { object, .. } => object.to_string().len(),
        }
    }
}
