//! Follows one session and publishes its news, from its creation until it is closed and its
//! recording is over. A task that the sessions own.
//!
//! What it follows are the newest states: of two that follow each other within a moment the
//! first may be passed over, the last one never is.

use std::sync::Arc;

use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use super::marks::{CameraMark, RecordingMark};
use super::pace::Pace;
use super::{Bus, Happened};
use crate::clock::now_us;
use crate::proxy::CameraStatus;
use crate::recording::{RecordingState, RecordingStatus};
use crate::session::state::{Session, SessionStatus};

/// What is known of a session's news.
pub struct Watcher {
    session: Arc<Session>,
    bus: Arc<Bus>,
    changed: watch::Receiver<()>,
    /// None once it can tell nothing new.
    camera: Option<watch::Receiver<CameraStatus>>,
    told_camera: Option<CameraMark>,
    pace: Pace,
    /// None before there is one, and once it can tell nothing new.
    recording: Option<watch::Receiver<RecordingStatus>>,
    told_recording: Option<RecordingMark>,
}

impl Watcher {
    /// Publishes that the session was created. What happens from then on is published by
    /// [`run`](Self::run).
    pub fn created(session: Arc<Session>, bus: Arc<Bus>) -> Self {
        let changed = session.watch();
        let mut camera = session.feed().map(|feed| feed.watch_status());
        let status = camera
            .as_mut()
            .map(|status| status.borrow_and_update().clone());
        let watcher = Self {
            changed,
            camera,
            told_camera: status.as_ref().map(CameraMark::of),
            pace: Pace::new(Instant::now()),
            recording: None,
            told_recording: None,
            session,
            bus,
        };
        watcher.publish_session(SessionStatus::Active, status);
        watcher
    }

    /// Follows the session to its end.
    pub async fn run(mut self) {
        let mut open = true;
        loop {
            // Asked before all else is looked at: what happened before the end is told before it.
            let closed = self.session.status() == SessionStatus::Closed;
            self.look_at_recording();
            if closed && open {
                open = false;
                self.camera = None;
                self.publish_session(SessionStatus::Closed, self.session.camera());
            }
            if closed && self.recording.is_none() {
                return;
            }
            let look_again = self.look_at_camera(Instant::now());
            tokio::select! {
                changed = self.changed.changed() => {
                    if changed.is_err() { return }
                }
                () = next(&mut self.camera) => {}
                () = next(&mut self.recording) => {}
                () = at(look_again) => {}
            }
        }
    }

    fn look_at_recording(&mut self) {
        if self.recording.is_none() && self.told_recording.is_none() {
            self.recording = self.session.recording().map(|recording| recording.watch());
        }
        let Some(recording) = &mut self.recording else {
            return;
        };
        let status = recording.borrow_and_update();
        let (mark, over) = (RecordingMark::of(&status), status.state.is_final());
        let publish = |status: RecordingStatus| {
            self.bus.publish(Happened::Recording {
                session: Arc::clone(&self.session),
                status,
                at_us: now_us(),
            });
        };
        if self.told_recording.is_none() && status.state != RecordingState::Starting {
            // Where the camera is live a recording starts for less than a moment; who follows it
            // sees its beginning all the same.
            publish(RecordingStatus::starting(
                status.requested_us,
                status.planned_seconds,
            ));
        }
        if self.told_recording.as_ref() != Some(&mark) {
            publish(status.clone());
        }
        drop(status);
        self.told_recording = Some(mark);
        if over {
            self.recording = None;
        }
    }

    /// Tells when to look again, where there is news that may not pass yet.
    fn look_at_camera(&mut self, now: Instant) -> Option<Instant> {
        let status = self.camera.as_mut()?.borrow_and_update();
        let mark = CameraMark::of(&status);
        if self.told_camera.as_ref() == Some(&mark) {
            return None;
        }
        if let Err(again) = self.pace.take(now) {
            return Some(again);
        }
        let (session, status) = (Arc::clone(&self.session), status.clone());
        self.told_camera = Some(mark);
        self.bus.publish(Happened::Camera { session, status });
        None
    }

    fn publish_session(&self, status: SessionStatus, camera: Option<CameraStatus>) {
        let session = Arc::clone(&self.session);
        self.bus.publish(Happened::Session {
            session,
            status,
            camera,
        });
    }
}

/// Waits for something new. Forgets what can tell nothing new any more.
async fn next<T>(followed: &mut Option<watch::Receiver<T>>) {
    match followed {
        Some(status) => {
            if status.changed().await.is_err() {
                *followed = None;
            }
        }
        None => std::future::pending().await,
    }
}

async fn at(moment: Option<Instant>) {
    match moment {
        Some(moment) => sleep_until(moment).await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use jiff::Timestamp;
    use tokio::task::JoinHandle;

    use super::*;
    use crate::config::{ClubId, TerrainId};
    use crate::proxy::{CameraState, Feed};
    use crate::recording::{Gap, Recording};
    use crate::session::SessionId;

    struct Scene {
        session: Arc<Session>,
        bus: Arc<Bus>,
        feed: Arc<Feed>,
        read: u64,
        task: JoinHandle<()>,
    }

    impl Scene {
        fn new() -> Self {
            let terrain = TerrainId::new("1").unwrap();
            let session = Arc::new(Session::new(
                SessionId::new(&terrain, Timestamp::UNIX_EPOCH),
                terrain,
                ClubId::new("1").unwrap(),
                "7".into(),
                Timestamp::UNIX_EPOCH,
                Feed::without_camera(),
            ));
            let feed = session.feed().unwrap();
            let bus = Arc::new(Bus::new());
            let watcher = Watcher::created(Arc::clone(&session), Arc::clone(&bus));
            let task = tokio::spawn(watcher.run());
            Self {
                session,
                bus,
                feed,
                read: 0,
                task,
            }
        }

        /// The news since the last call.
        async fn news(&mut self) -> Vec<String> {
            // The clock stands still: it moves on only when no task has anything to do.
            tokio::time::sleep(Duration::from_millis(1)).await;
            let mut news = Vec::new();
            while let Some(event) = self.bus.after(self.read).unwrap() {
                self.read = event.number;
                news.push(match &*event.happened {
                    Happened::Session { status, .. } => format!("session {status:?}"),
                    Happened::Camera { status, .. } => {
                        format!("camera {:?} {:?}", status.state, status.width)
                    }
                    Happened::Recording { status, .. } => {
                        format!("recording {:?} {}", status.state, status.gaps.len())
                    }
                    Happened::Plugin { name, .. } => name.clone(),
                });
            }
            news
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_session_from_beginning_to_end() {
        let mut scene = Scene::new();
        assert_eq!(scene.news().await, ["session Active"]);
        scene.feed.show(|status| {
            status.state = CameraState::Live;
            status.width = Some(640);
        });
        assert_eq!(scene.news().await, ["camera Live Some(640)"]);
        scene.feed.show(|status| status.fps = Some(25.0));
        assert!(scene.news().await.is_empty(), "a rate is no news");

        let (recording, status) = Recording::without_recorder();
        scene.session.set_recording(Arc::new(recording));
        assert_eq!(scene.news().await, ["recording Starting 0"]);
        status.send_modify(|status| status.state = RecordingState::Recording);
        assert_eq!(scene.news().await, ["recording Recording 0"]);
        for _ in 0..100 {
            status.send_modify(|status| status.frames += 25);
        }
        assert!(scene.news().await.is_empty(), "counts are no news");
        status.send_modify(|status| {
            status.gaps.push(Gap {
                start_seconds: 1.0,
                seconds: 2.0,
                cause: "camera_lost".into(),
            });
        });
        assert_eq!(scene.news().await, ["recording Recording 1"]);
        // All within a moment, as when a session is closed: the order is kept.
        status.send_modify(|status| status.state = RecordingState::Finalizing);
        status.send_modify(|status| status.state = RecordingState::Completed);
        drop(status);
        drop(scene.session.take_feed());
        let news = scene.news().await;
        assert_eq!(news, ["recording Completed 1", "session Closed"]);
        assert!(scene.task.is_finished(), "nothing is left behind");
    }

    #[tokio::test(start_paused = true)]
    async fn a_recording_that_outlives_its_session_is_followed() {
        let mut scene = Scene::new();
        let (recording, status) = Recording::without_recorder();
        scene.session.set_recording(Arc::new(recording));
        drop(scene.session.take_feed());
        let news = scene.news().await;
        assert_eq!(
            news,
            ["session Active", "recording Starting 0", "session Closed"]
        );
        assert!(!scene.task.is_finished());
        status.send_modify(|status| status.state = RecordingState::Failed);
        assert_eq!(scene.news().await, ["recording Failed 0"]);
        assert!(scene.task.is_finished());
    }

    #[tokio::test(start_paused = true)]
    async fn a_recording_begins_with_its_start() {
        let mut scene = Scene::new();
        let (recording, status) = Recording::without_recorder();
        status.send_modify(|status| {
            status.state = RecordingState::Recording;
            status.frames = 25;
        });
        scene.session.set_recording(Arc::new(recording));
        let wanted = [
            "session Active",
            "recording Starting 0",
            "recording Recording 0",
        ];
        assert_eq!(scene.news().await, wanted);
    }

    #[tokio::test(start_paused = true)]
    async fn a_recorder_that_is_gone_holds_nothing_up() {
        let mut scene = Scene::new();
        let (recording, status) = Recording::without_recorder();
        scene.session.set_recording(Arc::new(recording));
        assert_eq!(scene.news().await.len(), 2);
        drop(status);
        assert!(scene.news().await.is_empty());
        drop(scene.session.take_feed());
        assert_eq!(scene.news().await, ["session Closed"]);
        assert!(scene.task.is_finished());
    }

    #[tokio::test(start_paused = true)]
    async fn a_camera_that_changes_all_the_time_is_told_now_and_then() {
        let mut scene = Scene::new();
        let mut told = Vec::new();
        for width in 1..=5000 {
            scene.feed.show(|status| status.width = Some(width));
            told.extend(scene.news().await);
        }
        assert!((10..=17).contains(&told.len()), "{told:?}");
        tokio::time::sleep(Duration::from_secs(2)).await;
        assert_eq!(scene.news().await, ["camera Connecting Some(5000)"]);
        drop(scene.session.take_feed());
        assert_eq!(scene.news().await, ["session Closed"]);
    }
}
