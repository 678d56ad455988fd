//! All sessions of this host.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::watch;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{info, info_span};

use super::errors::SessionError;
use super::events::{Bus, Watcher};
use super::id::SessionId;
use super::memory::Memory;
use super::plans::{camera_spec, demand, plan};
use super::resume::Unfinished;
use super::state::{PastSession, Session, SessionStatus};
use crate::auth::Limits;
use crate::camera::{Listeners, Remembered};
use crate::cassette::CrashFolder;
use crate::clock::now_us;
use crate::config::{Config, Terrain, TerrainId};
use crate::disk::Disk;
use crate::library::Library;
use crate::plugins::Registry;
use crate::proxy::{CameraState, Feed, Start};
use crate::recording::{
    Admission, FfmpegTools, Handover, Plan, Recording, RecordingStatus, StopError, Ticket,
    ToolStatus,
};
use crate::telemetry::metrics::{CameraCounts, metrics};

/// How long `create` waits for the camera: it answers within 5 s whether or not there is one.
const CREATE_WAITS: Duration = Duration::from_millis(4500);
/// Closed sessions that are remembered.
const CLOSED_KEPT: usize = 1000;
/// What a recorder may have unread, bytes: several seconds of any camera.
const RECORDER_BYTES: usize = 32 << 20;
/// How long a call may have been on its way, microseconds: the recording begins with what was
/// there when its caller made it.
const CALL_TAKES_US: i64 = 150_000;

/// The sessions, and what they are made with.
pub struct Sessions {
    config: watch::Receiver<Arc<Config>>,
    registry: Arc<Registry>,
    listeners: Listeners,
    memory: Memory,
    admission: Admission,
    tools: FfmpegTools,
    book: Mutex<Book>,
    /// By terrain, with the URL of its camera.
    remembered: Mutex<HashMap<TerrainId, (String, Remembered)>>,
    events: Arc<Bus>,
    /// One task a session, which tells its news, and one a recording, which closes its session
    /// when it ends.
    tasks: TaskTracker,
    /// The host ends: of the sessions that go on in its next run nothing more is told.
    left: CancellationToken,
}

/// A call to start recording.
struct StartCall<'a> {
    /// When it came, on the monotonic clock, microseconds.
    at_us: i64,
    length: Option<Duration>,
    caller_id: &'a str,
    limits: Limits,
}

#[derive(Default)]
struct Book {
    sessions: BTreeMap<SessionId, Arc<Session>>,
    active: HashMap<TerrainId, SessionId>,
    /// In the order in which they closed.
    closed: std::collections::VecDeque<SessionId>,
    stopping: bool,
}

impl Book {
    /// The active sessions of a user.
    fn active_of(&self, owner_id: &str) -> impl Iterator<Item = &Arc<Session>> {
        self.active
            .values()
            .filter_map(|id| self.sessions.get(id))
            .filter(move |session| session.owner_id == owner_id)
    }

    /// A session is over; of those that are, the newest are remembered.
    fn close(&mut self, session: &Session) {
        if self.active.get(&session.terrain_id) == Some(&session.id) {
            self.active.remove(&session.terrain_id);
        }
        self.closed.push_back(session.id.clone());
        if self.closed.len() > CLOSED_KEPT
            && let Some(oldest) = self.closed.pop_front()
        {
            self.sessions.remove(&oldest);
        }
    }
}

impl Sessions {
    /// No sessions yet. `listeners`: the host's own, which no camera is.
    pub fn new(
        config: watch::Receiver<Arc<Config>>,
        registry: Arc<Registry>,
        listeners: Listeners,
        memory: Memory,
    ) -> Arc<Self> {
        Arc::new(Self {
            config,
            registry,
            listeners,
            memory,
            admission: Admission::default(),
            tools: FfmpegTools::default(),
            book: Mutex::new(Book::default()),
            remembered: Mutex::default(),
            events: Arc::new(Bus::new()),
            tasks: TaskTracker::new(),
            left: CancellationToken::new(),
        })
    }

    /// The configuration in force.
    pub fn config(&self) -> Arc<Config> {
        Arc::clone(&self.config.borrow())
    }

    /// The configuration, as it changes.
    pub fn watch_config(&self) -> watch::Receiver<Arc<Config>> {
        self.config.clone()
    }

    /// The host's own listeners.
    pub fn listeners(&self) -> &Listeners {
        &self.listeners
    }

    /// The plugins.
    pub fn registry(&self) -> &Arc<Registry> {
        &self.registry
    }

    /// The finished files.
    pub fn library(&self) -> &Arc<Library> {
        &self.memory.library
    }

    /// What happens to sessions and plugins.
    pub fn events(&self) -> &Arc<Bus> {
        &self.events
    }

    /// A terrain of the configuration.
    pub fn terrain(&self, id: &TerrainId) -> Result<Terrain, SessionError> {
        let config = self.config();
        let terrain = config.terrain(id).cloned();
        terrain.ok_or_else(|| SessionError::UnknownTerrain(id.to_string()))
    }

    /// Begins a session and waits a while for its camera.
    pub async fn create(
        &self,
        terrain: &Terrain,
        owner_id: &str,
        limits: Limits,
    ) -> Result<Arc<Session>, SessionError> {
        let session = self.open(terrain, owner_id, limits)?;
        if let Some(feed) = session.feed() {
            let mut status = feed.watch_status();
            let settled = status.wait_for(|s| s.state == CameraState::Live || s.failures > 0);
            // A camera that is slow is told as it is; the host keeps trying.
            let _ = timeout(CREATE_WAITS, settled).await;
            feed.note_silence();
        }
        Ok(session)
    }

    fn open(
        &self,
        terrain: &Terrain,
        owner_id: &str,
        limits: Limits,
    ) -> Result<Arc<Session>, SessionError> {
        let mut book = self.book();
        if book.stopping {
            return Err(SessionError::Stopping);
        }
        let own = book.active_of(owner_id).count();
        within(limits, own)?;
        if let Some(busy) = book.active.get(&terrain.id) {
            let (terrain, session) = (terrain.id.to_string(), busy.clone());
            return Err(SessionError::TerrainBusy { terrain, session });
        }
        let mut now = Timestamp::now();
        let mut id = SessionId::new(&terrain.id, now);
        while book.sessions.contains_key(&id) {
            // Closed and created again within a millisecond, or the clock went back.
            now += Duration::from_millis(1);
            id = SessionId::new(&terrain.id, now);
        }
        let feed = self.feed(terrain, &id);
        let (terrain_id, club_id) = (terrain.id.clone(), terrain.club_id.clone());
        let created_at = crate::clock::to_ms(now);
        let session = Session::new(
            id.clone(),
            terrain_id,
            club_id,
            owner_id.to_owned(),
            created_at,
            feed,
        );
        let session = Arc::new(session);
        info!(session_id = %id, terrain_id = %terrain.id, owner_id, "session created");
        metrics().sessions_created.inc();
        self.memory.session(&session);
        self.enter(&mut book, &session);
        Ok(session)
    }

    fn feed(&self, terrain: &Terrain, id: &SessionId) -> Feed {
        let span = info_span!(parent: None, "session", session_id = %id, terrain_id = %terrain.id);
        let counts = CameraCounts::of(terrain.id.as_str());
        let crashes = CrashFolder {
            dir: self.config().video.logs_dir.join("crashes"),
            label: id.to_string(),
        };
        let registry = Arc::clone(&self.registry);
        let remembered = self.remembered(terrain);
        let spec = camera_spec(terrain, &self.listeners, crashes, remembered);
        Feed::start(spec, registry, counts, span)
    }

    /// What adapters remember of a terrain's camera, from session to session; nothing of another
    /// camera than before.
    fn remembered(&self, terrain: &Terrain) -> Remembered {
        let url = terrain.camera.url.as_str();
        let all = self.remembered.lock();
        let mut all = all.unwrap_or_else(PoisonError::into_inner);
        match all.get(&terrain.id) {
            Some((known, remembered)) if known == url => remembered.clone(),
            _ => {
                let fresh = Remembered::default();
                all.insert(terrain.id.clone(), (url.to_owned(), fresh.clone()));
                fresh
            }
        }
    }

    fn enter(&self, book: &mut Book, session: &Arc<Session>) {
        let watcher = Watcher::created(Arc::clone(session), Arc::clone(&self.events));
        let left = self.left.clone();
        self.tasks.spawn(async move {
            tokio::select! {
                () = watcher.run() => {}
                () = left.cancelled() => {}
            }
        });
        let (terrain, id) = (session.terrain_id.clone(), session.id.clone());
        book.active.insert(terrain, id.clone());
        book.sessions.insert(id, Arc::clone(session));
    }

    /// Goes on with a session and its recording that an earlier run of the host left
    /// unfinished.
    pub fn resume(self: &Arc<Self>, unfinished: Unfinished) -> Result<(), SessionError> {
        let terrain = self.terrain(&unfinished.terrain_id)?;
        let feed = self.feed(&terrain, &unfinished.id);
        let session = Session::new(
            unfinished.id,
            unfinished.terrain_id,
            unfinished.club_id,
            unfinished.owner_id,
            unfinished.created_at,
            feed,
        );
        let session = Arc::new(session);
        let Some(feed) = session.feed() else {
            return Err(SessionError::Closed);
        };
        let config = self.config();
        let (now, requested_us) = (now_us(), unfinished.requested_us);
        let over = Duration::from_micros((now - requested_us).max(0) as u64);
        let left = unfinished.length.saturating_sub(over);
        let folder = config.video.videos_dir.join(session.club_id.as_str());
        let demand = demand(&feed, &config.video, left);
        let ticket = self.admission.admit_again(demand, &folder, now);
        let mut plan = plan(&session, &config.video, requested_us, unfinished.length);
        plan.earlier = unfinished.earlier;
        let in_file = plan.earlier.as_ref().map(|earlier| earlier.cut.samples);
        info!(session_id = %session.id, frames = in_file, left_s = left.as_secs(), "an unfinished recording goes on");
        let mut book = self.book();
        self.enter(&mut book, &session);
        self.record(&session, &feed, plan, Start::NewestKeyframe, ticket);
        Ok(())
    }

    /// Begins to record, and closes the session when that ends.
    fn record(
        self: &Arc<Self>,
        session: &Arc<Session>,
        feed: &Feed,
        plan: Plan,
        start: Start,
        ticket: Ticket,
    ) -> Arc<Recording> {
        let reader = feed.subscribe_with_sound(start, RECORDER_BYTES);
        let span = info_span!(parent: None, "recording", session_id = %session.id);
        let recording = Arc::new(Recording::start(plan, reader, ticket, span));
        session.set_recording(Arc::clone(&recording));
        let (sessions, closing) = (Arc::clone(self), Arc::clone(session));
        let ended = Arc::clone(&recording);
        self.tasks.spawn(async move {
            if sessions.memory.follow(&closing, &ended).await {
                sessions.keep(&closing, &ended).await;
                sessions.close_feed(&closing).await;
            }
        });
        recording
    }

    /// Remembers sessions of earlier runs, oldest first.
    pub fn restore(&self, past: impl IntoIterator<Item = PastSession>) {
        let mut book = self.book();
        for session in past {
            let session = Arc::new(Session::past(session));
            if book.sessions.contains_key(&session.id) {
                continue;
            }
            book.sessions
                .insert(session.id.clone(), Arc::clone(&session));
            book.close(&session);
        }
    }

    /// A session by its id.
    pub fn get(&self, id: &str) -> Result<Arc<Session>, SessionError> {
        SessionId::parse(id)
            .and_then(|parsed| self.book().sessions.get(&parsed).cloned())
            .ok_or_else(|| SessionError::UnknownSession(shortened(id)))
    }

    /// Active sessions, or all that are remembered, oldest first.
    pub fn list(&self, closed_too: bool) -> Vec<Arc<Session>> {
        let mut found: Vec<_> = self
            .book()
            .sessions
            .values()
            .filter(|session| closed_too || session.status() == SessionStatus::Active)
            .cloned()
            .collect();
        found.sort_by_key(|session| session.created_at);
        found
    }

    /// The terrain's active session.
    pub fn active_on(&self, terrain: &TerrainId) -> Option<SessionId> {
        self.book().active.get(terrain).cloned()
    }

    /// Begins to record, unless it is recording already. Tells the recording either way.
    pub async fn start_recording(
        self: &Arc<Self>,
        session: &Arc<Session>,
        length: Option<Duration>,
        caller_id: &str,
        limits: Limits,
    ) -> Result<RecordingStatus, SessionError> {
        if let Some(status) = running(session) {
            return Ok(status);
        }
        let requested_us = now_us();
        let config = self.config();
        if let ToolStatus::Missing(reason) = self.tools.status(&config.video.ffmpeg_path).await {
            return Err(SessionError::NoFfmpeg(reason));
        }
        let club = session.club_id.as_str();
        let disk = Admission::disk(&config.video.videos_dir, club).await?;
        let call = StartCall {
            at_us: requested_us,
            length,
            caller_id,
            limits,
        };
        let recording = self.begin(session, &config, disk, &call)?;
        self.memory.begun(session, &recording).await;
        Ok(recording.status())
    }

    /// Begins to record, unless it is recording already.
    fn begin(
        self: &Arc<Self>,
        session: &Arc<Session>,
        config: &Config,
        disk: Disk,
        call: &StartCall<'_>,
    ) -> Result<Arc<Recording>, SessionError> {
        // One start at a time, so that two calls make one recording.
        let book = self.book();
        if let Some(recording) = session.recording().filter(|_| session.is_recording()) {
            return Ok(recording);
        }
        let Some(feed) = session.feed().filter(|_| session.recording().is_none()) else {
            return Err(SessionError::Closed);
        };
        if book.stopping {
            return Err(SessionError::Stopping);
        }
        let video = &config.video;
        let own = book.active_of(call.caller_id);
        let own = own.filter(|other| other.id != session.id && running(other).is_some());
        within(call.limits, own.count())?;
        let length = call.length.unwrap_or(Duration::from_secs_f64(
            video.default_duration_minutes * 60.0,
        ));
        let limits = call.limits;
        let length = limits.max_duration.map_or(length, |most| length.min(most));
        let ticket = self.admission.admit(
            demand(&feed, video, length),
            video.max_concurrent_recordings,
            std::thread::available_parallelism().map_or(1.0, |cores| cores.get() as f64),
            disk,
            video.min_free_bytes,
            call.at_us,
        )?;
        let start = Start::KeyframeAt(call.at_us - CALL_TAKES_US);
        let plan = plan(session, video, call.at_us, length);
        Ok(self.record(session, &feed, plan, start, ticket))
    }

    /// Ends the recording and waits for the file.
    pub async fn stop_recording(
        &self,
        session: &Arc<Session>,
    ) -> Result<RecordingStatus, SessionError> {
        let Some(recording) = session.recording() else {
            // Of an earlier run: it is over, and a repeated stop tells what came of it.
            return session.recording_status().ok_or(SessionError::NotRecording);
        };
        let stopped = recording.stop().await;
        if recording.status().handover != Handover::No {
            return Err(SessionError::Stopping);
        }
        self.keep(session, &recording).await;
        self.close_feed(session).await;
        stopped.map_err(|StopError::NoPicture| SessionError::NoPicture)
    }

    /// Ends the session; a running recording first.
    pub async fn close(&self, session: &Arc<Session>) -> Result<(), SessionError> {
        if let Some(recording) = session.recording() {
            // Without a picture there is no file: the session closes all the same.
            let _ = recording.stop().await;
            if recording.status().handover != Handover::No {
                return Err(SessionError::Stopping);
            }
            self.keep(session, &recording).await;
        }
        self.close_feed(session).await;
        Ok(())
    }

    /// Leaves a session for the host's end: what is being recorded goes on in the next run.
    async fn leave(&self, session: &Arc<Session>) {
        if let Some(recording) = session.recording().filter(|_| session.is_recording()) {
            let status = recording.hand_over().await;
            if status.handover == Handover::Done {
                if let Some(feed) = session.feed() {
                    feed.close().await;
                }
                return;
            }
        }
        // Stopped in the meantime, or never begun.
        let _ = self.close(session).await;
    }

    /// Has the file of a recording that is over listed, once.
    async fn keep(&self, session: &Session, recording: &Recording) {
        let kept = session.kept.get_or_init(|| async {
            let status = recording.finished().await;
            self.memory.finished(session, &status).await;
        });
        kept.await;
    }

    /// Ends everything, for the host's end. Recordings are brought into a form that can be
    /// played, and stay unfinished: the next run goes on with them.
    pub async fn shut_down(&self) {
        self.book().stopping = true;
        let all = self.list(false);
        futures_util::future::join_all(all.iter().map(|session| self.leave(session))).await;
        self.left.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }

    /// Whether FFmpeg is there.
    pub async fn ffmpeg(&self) -> ToolStatus {
        self.tools.status(&self.config().video.ffmpeg_path).await
    }

    /// Recordings that hold a place.
    pub fn running_recordings(&self) -> usize {
        self.admission.running()
    }

    pub(super) async fn close_feed(&self, session: &Arc<Session>) {
        self.close_feed_if(session, || true).await;
    }

    /// Closes the session if it is still as `wanted` says; nothing can begin in between.
    /// Whether it did.
    pub(super) async fn close_feed_if(
        &self,
        session: &Arc<Session>,
        wanted: impl FnOnce() -> bool,
    ) -> bool {
        let feed = {
            let mut book = self.book();
            if !wanted() {
                return false;
            }
            let Some(feed) = session.take_feed() else {
                return false;
            };
            book.close(session);
            feed
        };
        info!(session_id = %session.id, "session closed");
        self.memory.session(session);
        feed.close().await;
        true
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether one more than `own` is within the limits.
fn within(limits: Limits, own: usize) -> Result<(), SessionError> {
    match limits.max_concurrent {
        Some(most) if own >= most as usize => Err(SessionError::LimitReached { most }),
        _ => Ok(()),
    }
}

fn running(session: &Session) -> Option<RecordingStatus> {
    session
        .recording_status()
        .filter(|status| !status.state.is_final())
}

/// An id that is not one, for a message.
fn shortened(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(80).collect()
}
