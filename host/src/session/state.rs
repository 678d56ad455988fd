//! One session.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;
use tokio::sync::OnceCell;
use tokio::sync::watch;

use super::id::SessionId;
use crate::auth::Resource;
use crate::clock::now_us;
use crate::config::{ClubId, TerrainId};
use crate::proxy::{CameraStatus, Feed};
use crate::recording::{Recording, RecordingStatus};

/// Whether a session goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum SessionStatus {
    /// Its camera is connected or being tried.
    Active,
    /// It is over.
    Closed,
}

/// A camera in somebody's use, from `create` to `close`.
pub struct Session {
    /// Its id.
    pub id: SessionId,
    /// The terrain whose camera it uses.
    pub terrain_id: TerrainId,
    /// The club that the terrain belongs to.
    pub club_id: ClubId,
    /// Who made it.
    pub owner_id: String,
    /// When.
    pub created_at: Timestamp,
    /// When somebody last did something with it, on the monotonic clock, microseconds.
    used_us: AtomicI64,
    /// Set once the file of its recording is listed.
    pub(super) kept: OnceCell<()>,
    state: Mutex<State>,
    /// Tells of a recording that began and of the session's end.
    changed: watch::Sender<()>,
}

/// What is remembered of a session of an earlier run.
#[derive(Clone, Debug)]
pub struct PastSession {
    /// Its id.
    pub id: SessionId,
    /// The terrain whose camera it used.
    pub terrain_id: TerrainId,
    /// The club that the terrain belonged to.
    pub club_id: ClubId,
    /// Who made it.
    pub owner_id: String,
    /// When.
    pub created_at: Timestamp,
    /// The adapter that was in use.
    pub adapter: String,
    /// Its recording, which is over.
    pub recording: Option<RecordingStatus>,
}

/// What changes in a session's life. While it is active it has a feed.
struct State {
    feed: Option<Arc<Feed>>,
    /// The camera when the session closed.
    last_camera: Option<CameraStatus>,
    recording: Option<Kept>,
}

/// A recording of this run of the host, or one of an earlier run.
enum Kept {
    Own(Arc<Recording>),
    Past(Box<RecordingStatus>),
}

impl Session {
    pub(super) fn new(
        id: SessionId,
        terrain_id: TerrainId,
        club_id: ClubId,
        owner_id: String,
        created_at: Timestamp,
        feed: Feed,
    ) -> Self {
        let state = State {
            feed: Some(Arc::new(feed)),
            last_camera: None,
            recording: None,
        };
        Self {
            id,
            terrain_id,
            club_id,
            owner_id,
            created_at,
            used_us: AtomicI64::new(now_us()),
            kept: OnceCell::new(),
            state: Mutex::new(state),
            changed: watch::Sender::new(()),
        }
    }

    /// A session of an earlier run: closed, with what is remembered of it.
    pub(super) fn past(past: PastSession) -> Self {
        let camera = CameraStatus::past(past.adapter);
        Self {
            id: past.id,
            terrain_id: past.terrain_id,
            club_id: past.club_id,
            owner_id: past.owner_id,
            created_at: past.created_at,
            used_us: AtomicI64::new(now_us()),
            kept: OnceCell::new(),
            state: Mutex::new(State {
                feed: None,
                last_camera: Some(camera),
                recording: past.recording.map(|status| Kept::Past(Box::new(status))),
            }),
            changed: watch::Sender::new(()),
        }
    }

    /// Somebody uses it: its idle time begins anew.
    pub fn touch(&self) {
        self.used_us.store(now_us(), Ordering::Relaxed);
    }

    /// Whether a recording is under way.
    pub fn is_recording(&self) -> bool {
        let status = self.recording_status();
        status.is_some_and(|status| !status.state.is_final())
    }

    /// How long nobody called it and nothing was recorded.
    pub fn idle(&self) -> Duration {
        if self.is_recording() {
            self.touch();
        }
        let us = now_us() - self.used_us.load(Ordering::Relaxed);
        Duration::from_micros(us.max(0) as u64)
    }

    /// Whether it goes on.
    pub fn status(&self) -> SessionStatus {
        if self.state().feed.is_some() {
            SessionStatus::Active
        } else {
            SessionStatus::Closed
        }
    }

    /// Its feed, while it is active.
    pub fn feed(&self) -> Option<Arc<Feed>> {
        self.state().feed.clone()
    }

    /// The camera, now or when the session closed.
    pub fn camera(&self) -> Option<CameraStatus> {
        let state = self.state();
        state
            .feed
            .as_ref()
            .map(|feed| feed.status())
            .or_else(|| state.last_camera.clone())
    }

    /// Its recording, under way or over; none for a session of an earlier run.
    pub fn recording(&self) -> Option<Arc<Recording>> {
        match self.state().recording.as_ref()? {
            Kept::Own(recording) => Some(Arc::clone(recording)),
            Kept::Past(_) => None,
        }
    }

    /// Its recording's status.
    pub fn recording_status(&self) -> Option<RecordingStatus> {
        match self.state().recording.as_ref()? {
            Kept::Own(recording) => Some(recording.status()),
            Kept::Past(status) => Some((**status).clone()),
        }
    }

    /// Tells when a recording began and when the session was closed.
    pub(super) fn watch(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }

    /// What the policy is asked about.
    pub fn resource(&self) -> Resource {
        Resource {
            kind: "session",
            id: self.id.to_string(),
            club: Some(self.club_id.to_string()),
            owner: Some(self.owner_id.clone()),
            terrain: Some(self.terrain_id.to_string()),
        }
    }

    /// Puts a recording in, unless there is one or the session is closed.
    pub(super) fn set_recording(&self, recording: Arc<Recording>) {
        self.state().recording = Some(Kept::Own(recording));
        self.changed.send_replace(());
    }

    /// Takes the feed out: from now on the session is closed.
    pub(super) fn take_feed(&self) -> Option<Arc<Feed>> {
        let mut state = self.state();
        let feed = state.feed.take();
        if let Some(feed) = &feed {
            state.last_camera = Some(feed.status());
        }
        self.changed.send_replace(());
        feed
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
