//! A feed's shared state: what its camera delivers goes in on one side and out to the readers
//! on the other.

use std::sync::{Arc, Mutex, PoisonError};

use futures_util::FutureExt;
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;
use tracing::Instrument;

use super::candidates::Candidates;
use super::reader::{Inlet, Item, Reader, Start};
use super::status::{CameraState, CameraStatus, FeedCounters, NO_ANSWER_YET};
use super::supervisor;
use crate::camera::CameraSpec;
use crate::media::drift::ClockRun;
use crate::media::groups::Groups;
use crate::media::sound::{Sound, SoundTrack, Sounds};
use crate::media::{Packet, VideoTrack};
use crate::plugins::Registry;
use crate::telemetry::metrics::CameraCounts;

/// How long a keyframe must have been there for the group before it to be of no use, microseconds:
/// a recording begins with what was there when its call was made, and the call takes a moment.
const GROUP_REACH_US: i64 = 400_000;
/// What is kept of the newest groups, bytes: stops a camera that never sends a keyframe again.
/// A GOP of 10 s at 16 Mbit/s fits.
const GROUP_BYTES: usize = 24 << 20;

/// A keyframe that is newer, microseconds, is followed by the next one soon enough: many cameras
/// send one every four seconds or more often.
const KEYFRAME_OLD_US: i64 = 5_000_000;

/// One camera's feed. Ends when it is closed or dropped.
pub struct Feed {
    shared: Arc<Shared>,
    stop: CancellationToken,
    task: Mutex<Option<AbortOnDropHandle<()>>>,
}

/// The latest picture that can be shown by itself.
#[derive(Clone, Debug)]
pub struct KeyPicture {
    /// What it is.
    pub track: Arc<VideoTrack>,
    /// The picture.
    pub packet: Packet,
}

pub(super) struct Shared {
    pub status: watch::Sender<CameraStatus>,
    latest: watch::Sender<Option<KeyPicture>>,
    media: Mutex<Media>,
    /// A reader cannot go on without a keyframe.
    keyframe_wanted: Notify,
    /// Its terrain's share of the host's metrics.
    pub counts: CameraCounts,
}

struct Media {
    track: Option<Arc<VideoTrack>>,
    /// The newest keyframe and what followed it, and the group before while that may be asked
    /// for; empty while the camera is not live.
    groups: Groups,
    /// What is heard, and the sound that belongs to the groups.
    sound_track: Option<Arc<SoundTrack>>,
    sounds: Sounds,
    last_us: i64,
    /// Pictures are later than this: those of an earlier connection or track.
    floor_us: i64,
    /// When the newest keyframe of this connection is shown; none before it.
    key_us: Option<i64>,
    readers: Vec<Arc<Inlet>>,
    /// The feed was closed: there is nothing to read any more.
    ended: bool,
    /// Sums; the clock's are those of the connections before this one.
    counters: FeedCounters,
    /// How the camera's clock ran on this connection.
    clock: ClockRun,
}

impl Feed {
    /// Starts to connect to a camera and keeps at it, with the version of its adapter that is in
    /// force at the time. `span` carries the ids that belong to
    /// every log line of this feed, `counts` are its terrain's.
    pub fn start(
        spec: CameraSpec,
        registry: Arc<Registry>,
        counts: CameraCounts,
        span: tracing::Span,
    ) -> Self {
        let candidates = Candidates::choose(&spec, &registry, None);
        let shared = Arc::new(Shared::new(candidates.first_name(&spec), counts));
        let stop = CancellationToken::new();
        let work = supervisor::run(spec, registry, Arc::clone(&shared), stop.clone());
        let task = tokio::spawn(work.instrument(span));
        Self {
            shared,
            stop,
            task: Mutex::new(Some(AbortOnDropHandle::new(task))),
        }
    }

    /// A feed that nobody connects, for tests of what follows one.
    #[cfg(test)]
    pub fn without_camera() -> Self {
        Self::of(Arc::new(Shared::new("none", CameraCounts::default())))
    }

    /// A feed without a camera.
    #[cfg(test)]
    pub(super) fn of(shared: Arc<Shared>) -> Self {
        Self {
            shared,
            stop: CancellationToken::new(),
            task: Mutex::new(None),
        }
    }

    /// Changes what is shown of its camera.
    #[cfg(test)]
    pub fn show(&self, change: impl FnOnce(&mut CameraStatus)) {
        self.shared.status.send_modify(change);
    }

    /// The camera, now.
    pub fn status(&self) -> CameraStatus {
        self.shared.status.borrow().clone()
    }

    /// Tells of a camera that is not live and has not failed either that it has not answered.
    pub fn note_silence(&self) {
        self.shared.status.send_if_modified(|status| {
            let silent = status.state != CameraState::Live && status.last_error.is_none();
            if silent {
                status.last_error = Some(NO_ANSWER_YET.to_owned());
            }
            silent
        });
    }

    /// The camera, followed.
    pub fn watch_status(&self) -> watch::Receiver<CameraStatus> {
        self.shared.status.subscribe()
    }

    /// The latest picture that can be shown by itself: for MJPEG each, else the keyframes.
    pub fn watch_latest(&self) -> watch::Receiver<Option<KeyPicture>> {
        self.shared.latest.subscribe()
    }

    /// When the newest picture was taken, microseconds on the monotonic clock; none before the
    /// first.
    pub fn last_picture_us(&self) -> Option<i64> {
        let last_us = self.shared.media().last_us;
        (last_us > 0).then_some(last_us)
    }

    /// Sums so far.
    pub fn counters(&self) -> FeedCounters {
        self.shared.counters()
    }

    /// Bits a second over what is kept, once there is enough of it to tell.
    pub fn bitrate(&self) -> Option<f64> {
        self.shared.media().groups.bitrate()
    }

    /// A reader of pictures that holds at most `limit_bytes` unread.
    pub fn subscribe(&self, start: Start, limit_bytes: usize) -> Reader {
        self.reader(start, limit_bytes, false)
    }

    /// As [`Feed::subscribe`], with the sound where the camera sends some.
    pub fn subscribe_with_sound(&self, start: Start, limit_bytes: usize) -> Reader {
        self.reader(start, limit_bytes, true)
    }

    fn reader(&self, start: Start, limit_bytes: usize, hears: bool) -> Reader {
        let mut media = self.shared.media();
        let inlet = Inlet::new(limit_bytes.max(GROUP_BYTES + (GROUP_BYTES >> 2)), hears);
        let from_us = match start {
            Start::KeyframeAt(us) => us,
            Start::NewestKeyframe => i64::MAX,
        };
        if let Some(track) = &media.sound_track {
            inlet.push(Item::SoundTrack(Arc::clone(track)));
        }
        let mut sounds = media.sounds.iter().peekable();
        let mut told: Option<&Arc<VideoTrack>> = None;
        for (track, packet) in media.groups.since(from_us) {
            let before = |sound: &&Sound| sound.pts_us < packet.pts_us;
            while let Some(sound) = sounds.next_if(before) {
                inlet.push(Item::Sound(sound.clone()));
            }
            if told.is_none_or(|told| !Arc::ptr_eq(told, track)) {
                inlet.push(Item::Track(Arc::clone(track)));
                told = Some(track);
            }
            inlet.push(Item::Packet(packet.clone()));
        }
        for sound in sounds {
            inlet.push(Item::Sound(sound.clone()));
        }
        if let (None, Some(track)) = (told, &media.track) {
            inlet.push(Item::Track(Arc::clone(track)));
        }
        if media.ended {
            inlet.end();
        } else {
            media.readers.push(Arc::clone(&inlet));
        }
        Reader::new(inlet, Arc::downgrade(&self.shared))
    }

    /// Says goodbye to the camera and ends the readers. Takes a second at most.
    pub async fn close(&self) {
        self.stop.cancel();
        let task = self
            .task
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(task) = task {
            // A feed that panicked is closed as well as one that ended.
            let _ = task.await;
        }
        self.shared.end();
    }
}

impl Drop for Feed {
    fn drop(&mut self) {
        self.stop.cancel();
        self.shared.end();
    }
}

impl Shared {
    /// What is known before the first attempt with this adapter.
    pub fn new(adapter: &str, counts: CameraCounts) -> Self {
        Self {
            status: watch::Sender::new(CameraStatus {
                state: CameraState::Connecting,
                codec: None,
                width: None,
                height: None,
                fps: None,
                last_error: None,
                reconnects: 0,
                adapter: adapter.to_owned(),
                failures: 0,
            }),
            latest: watch::Sender::new(None),
            media: Mutex::new(Media::new()),
            keyframe_wanted: Notify::new(),
            counts,
        }
    }

    fn media(&self) -> std::sync::MutexGuard<'_, Media> {
        self.media.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// When the newest picture so far is shown, microseconds on the monotonic clock.
    pub fn last_us(&self) -> i64 {
        self.media().last_us
    }

    /// Sums so far.
    pub fn counters(&self) -> FeedCounters {
        let media = self.media();
        let clock = media.counters.clock.and(media.clock);
        FeedCounters {
            clock,
            ..media.counters
        }
    }

    /// What comes from here on is this track.
    pub fn set_track(&self, track: Arc<VideoTrack>) {
        let mut media = self.media();
        media.floor_us = media.last_us;
        media.send(&Item::Track(Arc::clone(&track)));
        media.track = Some(track);
    }

    /// Hands the next picture to decode to everybody. Its `pts_us` is later than those of earlier
    /// connections; among those of this one it is the timeline's matter.
    pub fn publish(&self, mut packet: Packet) {
        let mut media = self.media();
        let Some(track) = media.track.clone() else {
            return;
        };
        // Two attempts have two mappings to the host's clock; the second one begins behind what
        // the first one brought.
        packet.pts_us = packet.pts_us.max(media.floor_us + 1000);
        media.last_us = media.last_us.max(packet.pts_us);
        media.counters.frames += 1;
        media.counters.bytes += packet.data.len() as u64;
        media.counters.lost_packets += u64::from(packet.lost_before);
        self.counts
            .picture(packet.data.len(), packet.keyframe, packet.lost_before);
        if packet.keyframe {
            media.key_us = Some(packet.pts_us);
            let picture = KeyPicture {
                track: Arc::clone(&track),
                packet: packet.clone(),
            };
            self.latest.send_replace(Some(picture));
        }
        media.groups.push(&track, packet.clone());
        media.send(&Item::Packet(packet));
    }

    /// Hands a piece of sound to those who hear. It is told of with its first piece: a camera may
    /// announce sound that never comes.
    pub fn publish_sound(&self, track: &Arc<SoundTrack>, sound: Sound) {
        let mut media = self.media();
        if media.sound_track.as_ref() != Some(track) {
            media.sound_track = Some(Arc::clone(track));
            media.sounds.clear();
            media.send(&Item::SoundTrack(Arc::clone(track)));
        }
        // Sound belongs to pictures: without any, there is nothing to keep it for.
        match media.groups.first().map(|(_, us)| us) {
            Some(from_us) => media.sounds.forget_before(from_us),
            None => media.sounds.clear(),
        }
        media.sounds.push(sound.clone());
        media.send(&Item::Sound(sound));
    }

    /// How the camera's clock ran so far on this connection.
    pub fn note_clock(&self, clock: ClockRun) {
        self.media().clock = clock;
    }

    /// The camera's clock is followed anew: what was seen of it is the past.
    pub fn close_clock(&self) {
        let mut media = self.media();
        let clock = std::mem::take(&mut media.clock);
        media.counters.clock = media.counters.clock.and(clock);
    }

    /// A reader cannot go on without a keyframe.
    pub fn want_keyframe(&self) {
        self.keyframe_wanted.notify_one();
    }

    /// What was asked for so far is of the past.
    pub fn forget_wishes(&self) {
        let _ = self.keyframe_wanted.notified().now_or_never();
    }

    /// Resolves when a reader needs a keyframe and a camera that is live has sent none for a
    /// while.
    pub async fn keyframe_needed(&self) {
        loop {
            self.keyframe_wanted.notified().await;
            let media = self.media();
            let old = |key_us: i64| media.last_us.saturating_sub(key_us) > KEYFRAME_OLD_US;
            if media.key_us.is_some_and(old) {
                return;
            }
        }
    }

    /// The camera is gone: what is kept is no start for a new reader any more.
    pub fn lost(&self) {
        let mut media = self.media();
        media.floor_us = media.last_us;
        media.key_us = None;
        media.groups.clear();
        media.sounds.clear();
        media.send(&Item::Lost);
    }

    fn end(&self) {
        let mut media = self.media();
        media.ended = true;
        for reader in media.readers.drain(..) {
            reader.end();
        }
    }
}

impl Media {
    fn new() -> Self {
        Self {
            track: None,
            groups: Groups::new(GROUP_REACH_US, GROUP_BYTES),
            sound_track: None,
            sounds: Sounds::default(),
            last_us: 0,
            floor_us: 0,
            key_us: None,
            readers: Vec::new(),
            ended: false,
            counters: FeedCounters::default(),
            clock: ClockRun::default(),
        }
    }

    fn send(&mut self, item: &Item) {
        // A reader that was dropped is known by the feed's being the last to hold its queue.
        self.readers.retain(|reader| Arc::strong_count(reader) > 1);
        for reader in &self.readers {
            reader.push(item.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use bytes::Bytes;
    use tokio::time::timeout;

    use super::*;
    use crate::media::Codec;

    fn shared() -> Arc<Shared> {
        let shared = Arc::new(Shared::new("fake", CameraCounts::default()));
        shared.set_track(Arc::new(VideoTrack {
            codec: Codec::H264,
            config: Bytes::new(),
            width: 0,
            height: 0,
        }));
        shared
    }

    fn send(shared: &Shared, ms: i64, keyframe: bool) {
        shared.publish(Packet {
            pts_us: ms * 1000,
            keyframe,
            lost_before: 0,
            data: Bytes::from_static(&[0]),
        });
    }

    #[tokio::test(start_paused = true)]
    async fn a_keyframe_is_needed_where_one_is_asked_for_and_none_comes() {
        let shared = shared();
        let reader = Feed::of(Arc::clone(&shared)).subscribe(Start::NewestKeyframe, 1);
        let needed = async || {
            let patience = Duration::from_secs(1);
            timeout(patience, shared.keyframe_needed()).await.is_ok()
        };
        reader.want_keyframe();
        assert!(!needed().await, "the camera is not there");
        send(&shared, 1_000, true);
        send(&shared, 3_000, false);
        reader.want_keyframe();
        assert!(!needed().await, "there was one a moment ago");
        send(&shared, 6_500, false);
        assert!(!needed().await, "nobody asks");
        reader.want_keyframe();
        shared.forget_wishes();
        assert!(!needed().await, "that was long ago");
        reader.want_keyframe();
        assert!(needed().await);
        shared.lost();
        reader.want_keyframe();
        assert!(!needed().await, "the camera is being tried already");
    }

    #[test]
    fn only_another_connection_begins_behind_the_one_before() {
        let shared = shared();
        let feed = Feed::of(Arc::clone(&shared));
        let mut reader = feed.subscribe(Start::NewestKeyframe, 1 << 20);
        for (ms, keyframe) in [(1_000, true), (1_120, false), (1_040, false)] {
            send(&shared, ms, keyframe);
        }
        shared.lost();
        send(&shared, 900, true);
        let mut times = Vec::new();
        while let Some(item) = reader.take_waiting() {
            if let Item::Packet(packet) = item {
                times.push(packet.pts_us / 1000);
            }
        }
        assert_eq!(times, [1_000, 1_120, 1_040, 1_121]);
    }
}
