//! Everything that is shown to somebody.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::task::AbortOnDropHandle;

use super::audience::{Audience, Counted};
use super::desk::Desk;
use super::picture::Picture;
use super::snapshot::{PATIENCE, SnapshotError, decode};
use super::stream::Stream;
use crate::media::Codec;
use crate::proxy::{Feed, KeyPicture};

/// How long somebody who polls is taken to watch after each poll.
const POLLED_FOR: Duration = Duration::from_secs(5);
/// Streams that may run for pollers, a processor core: each takes a tenth of one. The pollers
/// of further sessions see its keyframes.
const POLLED_A_CORE: usize = 4;

/// Somebody who watches. The latest picture waits in one slot; dropping the last viewer of a
/// feed ends its child.
pub struct Viewer {
    latest: watch::Receiver<Option<Arc<Picture>>>,
    _stream: Arc<Stream>,
    _counted: Counted,
}

impl Viewer {
    /// The next picture that this viewer has not seen, passing over those that it missed; none
    /// when the feed has ended. Safe to drop and call again.
    pub async fn next(&mut self) -> Option<Arc<Picture>> {
        loop {
            self.latest.changed().await.ok()?;
            if let Some(picture) = self.latest.borrow_and_update().clone() {
                return Some(picture);
            }
        }
    }
}

/// What is shown of all sessions.
pub struct Previews {
    desks: Mutex<HashMap<String, Arc<Desk>>>,
    /// A place a single picture in the making: many sessions that are asked for one at once
    /// must not take the machine from the recordings.
    making: Arc<Semaphore>,
    /// A place a stream that runs for pollers.
    polled: Arc<Semaphore>,
    /// How long somebody who asks for a single picture is kept waiting.
    patience: Duration,
}

impl Default for Previews {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self::new(cores)
    }
}

impl Previews {
    /// For a machine with so many cores.
    pub fn new(cores: usize) -> Self {
        Self {
            desks: Mutex::default(),
            making: Arc::new(Semaphore::new(cores)),
            polled: Arc::new(Semaphore::new(cores * POLLED_A_CORE)),
            patience: PATIENCE,
        }
    }

    /// Joins those who watch a session's feed; the first one starts the stream.
    pub fn view(
        &self,
        session: &str,
        feed: &Arc<Feed>,
        ffmpeg: &Path,
        audience: Audience,
    ) -> Viewer {
        join(session, &self.desk(session, feed), feed, ffmpeg, audience)
    }

    /// Counts somebody who watches a feed in another way than by [`Previews::view`].
    pub fn count(&self, session: &str, feed: &Arc<Feed>, audience: Audience) -> Counted {
        self.desk(session, feed).counters.count(audience)
    }

    /// How many of a kind watch a session.
    pub fn audience(&self, session: &str, audience: Audience) -> usize {
        let desks = self.desks();
        let desk = desks.get(session);
        desk.map_or(0, |desk| desk.counters.of(audience))
    }

    /// How many watch a session in any way; while somebody does, it is not idle.
    pub fn viewers(&self, session: &str) -> usize {
        self.audience(session, Audience::Viewers) + self.proxy_clients(session)
    }

    /// How many of them are clients of the proxy listener.
    pub fn proxy_clients(&self, session: &str) -> usize {
        self.audience(session, Audience::ProxyClients)
    }

    /// The latest picture that is there: of the stream while one runs, else the newest
    /// keyframe. Somebody who asks again and again is shown pictures that move: for them the
    /// stream runs.
    pub async fn snapshot(
        &self,
        session: &str,
        feed: &Arc<Feed>,
        ffmpeg: &Path,
    ) -> Result<Arc<Picture>, SnapshotError> {
        let key = feed.watch_latest().borrow().clone();
        let key = key.ok_or(SnapshotError::NoPicture)?;
        let desk = self.desk(session, feed);
        if key.track.codec == Codec::Mjpeg {
            return Ok(desk.passed(&key));
        }
        let picture = match self.still(&desk, &key, ffmpeg).await? {
            Some(picture) => picture,
            None => of_stream(&desk).await?,
        };
        self.note_poll(session, &desk, feed, ffmpeg);
        Ok(picture)
    }

    /// The picture of a keyframe, made once for all who ask; none while a stream runs, whose
    /// pictures are newer.
    async fn still(
        &self,
        desk: &Arc<Desk>,
        key: &KeyPicture,
        ffmpeg: &Path,
    ) -> Result<Option<Arc<Picture>>, SnapshotError> {
        let streams = || desk.shown().stream.strong_count() > 0;
        if streams() {
            return Ok(None);
        }
        if let Some(made) = desk.still_of(key) {
            return made.map(Some);
        }
        // Held while FFmpeg works: who asks meanwhile gets the same picture, or at once the one
        // before it. On a busy machine somebody who asks again and again and hangs up each time
        // would otherwise never see one.
        if desk.child.try_lock().is_err()
            && let Some(before) = desk.still_before(key)
        {
            return Ok(Some(before));
        }
        let Ok(only) = timeout(self.patience, Arc::clone(&desk.child).lock_owned()).await else {
            return older_than_late(desk).map(Some);
        };
        if streams() {
            return Ok(None);
        }
        if let Some(made) = desk.still_of(key) {
            return made.map(Some);
        }
        let making = Arc::clone(&self.making);
        let place = match (making.clone().try_acquire_owned(), desk.any_still()) {
            (Ok(place), _) => place,
            // At once is worth more than newest.
            (Err(_), Some(older)) => return Ok(Some(older)),
            (Err(_), None) => match timeout(self.patience, making.acquire_owned()).await {
                Ok(Ok(place)) => place,
                _ => return Err(SnapshotError::Late),
            },
        };
        // In a task of its own: it is finished for those who come later when the one who asked
        // hangs up. A page that asks faster than FFmpeg starts would never see a picture.
        let (keeps, key, ffmpeg) = (Arc::clone(desk), key.clone(), ffmpeg.to_owned());
        let making = tokio::spawn(async move {
            let _held = (only, place);
            let made = decode(&key, &ffmpeg).await;
            if let Ok(_) | Err(SnapshotError::Undecodable) = &made {
                keeps.keep(&key, made.clone());
            }
            made
        });
        match timeout(self.patience, making).await {
            Ok(Ok(made)) => made.map(Some),
            _ => older_than_late(desk).map(Some),
        }
    }

    /// Keeps the stream for somebody who polls.
    fn note_poll(&self, session: &str, desk: &Arc<Desk>, feed: &Arc<Feed>, ffmpeg: &Path) {
        let now = Instant::now();
        let mut shown = desk.shown();
        if !shown.polls.asked(now) {
            return;
        }
        shown.polled_until = Some(now + POLLED_FOR);
        let holds = |task: &AbortOnDropHandle<()>| !task.is_finished();
        if shown.polled.as_ref().is_some_and(holds) {
            return;
        }
        let Ok(place) = Arc::clone(&self.polled).try_acquire_owned() else {
            return;
        };
        drop(shown);
        let viewer = join(session, desk, feed, ffmpeg, Audience::Viewers);
        let task = tokio::spawn(watch_for_poller(Arc::downgrade(desk), viewer, place));
        desk.shown().polled = Some(AbortOnDropHandle::new(task));
    }

    /// A session's desk. Those of feeds that are gone are cleared.
    fn desk(&self, session: &str, feed: &Arc<Feed>) -> Arc<Desk> {
        let mut desks = self.desks();
        if let Some(desk) = desks.get(session) {
            return Arc::clone(desk);
        }
        desks.retain(|_, desk| desk.feed.strong_count() > 0);
        let desk = Arc::new(Desk::new(feed));
        desks.insert(session.to_owned(), Arc::clone(&desk));
        desk
    }

    fn desks(&self) -> MutexGuard<'_, HashMap<String, Arc<Desk>>> {
        self.desks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn join(
    session: &str,
    desk: &Arc<Desk>,
    feed: &Arc<Feed>,
    ffmpeg: &Path,
    audience: Audience,
) -> Viewer {
    let mut shown = desk.shown();
    let stream = shown.stream.upgrade().unwrap_or_else(|| {
        let stream = Stream::start(session, desk, feed, ffmpeg.to_owned());
        shown.stream = Arc::downgrade(&stream);
        stream
    });
    let mut latest = stream.latest.clone();
    latest.mark_changed();
    Viewer {
        latest,
        _stream: stream,
        _counted: desk.counters.count(audience),
    }
}

/// The latest picture of the stream that runs; where it has made none in time, an older one.
async fn of_stream(desk: &Desk) -> Result<Arc<Picture>, SnapshotError> {
    let stream = desk.shown().stream.upgrade();
    if let Some(stream) = stream {
        let mut latest = stream.latest.clone();
        let first = latest.wait_for(Option::is_some);
        if let Ok(Ok(picture)) = timeout(PATIENCE, first).await
            && let Some(picture) = picture.clone()
        {
            return Ok(picture);
        }
    }
    older_than_late(desk)
}

/// What there is, for somebody who has waited long enough.
fn older_than_late(desk: &Desk) -> Result<Arc<Picture>, SnapshotError> {
    desk.any_still().ok_or(SnapshotError::Late)
}

/// Watches for as long as polls come.
async fn watch_for_poller(desk: Weak<Desk>, viewer: Viewer, place: OwnedSemaphorePermit) {
    while let Some(desk) = desk.upgrade() {
        let until = desk.shown().polled_until;
        drop(desk);
        match until.filter(|until| *until > Instant::now()) {
            Some(until) => sleep_until(until).await,
            None => break,
        }
    }
    drop((viewer, place));
}

#[cfg(test)]
#[path = "previews_tests.rs"]
mod tests;
