//! A feed's shared state: what its camera delivers goes in on one side and out to the readers
//! on the other.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;
use tracing::Instrument;

use super::reader::{Inlet, Item, Reader, Start};
use super::status::{CameraState, CameraStatus, FeedCounters};
use super::supervisor::{self, Candidates};
use crate::camera::CameraSpec;
use crate::media::{Packet, VideoTrack};
use crate::plugins::Registry;

/// What is kept since the newest keyframe, bytes: stops a camera that never sends another one.
/// A GOP of 10 s at 16 Mbit/s fits.
const GROUP_BYTES: usize = 24 << 20;

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
}

#[derive(Default)]
struct Media {
    track: Option<Arc<VideoTrack>>,
    /// The newest keyframe and what followed it; empty while the camera is not live.
    group: Vec<Packet>,
    group_bytes: usize,
    readers: Vec<Arc<Inlet>>,
    /// The feed was closed: there is nothing to read any more.
    ended: bool,
    counters: FeedCounters,
}

impl Feed {
    /// Starts to connect to a camera and keeps at it. `span` carries the ids that belong to
    /// every log line of this feed.
    pub fn start(spec: CameraSpec, registry: &Registry, span: tracing::Span) -> Self {
        let candidates = Candidates::choose(&spec, registry);
        let shared = Arc::new(Shared {
            status: watch::Sender::new(CameraStatus {
                state: CameraState::Connecting,
                codec: None,
                width: None,
                height: None,
                fps: None,
                last_error: None,
                reconnects: 0,
                adapter: candidates.first_name().to_owned(),
                failures: 0,
            }),
            latest: watch::Sender::new(None),
            media: Mutex::new(Media::default()),
        });
        let stop = CancellationToken::new();
        let work = supervisor::run(spec, candidates, Arc::clone(&shared), stop.clone());
        let task = tokio::spawn(work.instrument(span));
        Self {
            shared,
            stop,
            task: Mutex::new(Some(AbortOnDropHandle::new(task))),
        }
    }

    /// The camera, now.
    pub fn status(&self) -> CameraStatus {
        self.shared.status.borrow().clone()
    }

    /// The camera, followed.
    pub fn watch_status(&self) -> watch::Receiver<CameraStatus> {
        self.shared.status.subscribe()
    }

    /// The latest picture that can be shown by itself: for MJPEG each, else the keyframes.
    pub fn watch_latest(&self) -> watch::Receiver<Option<KeyPicture>> {
        self.shared.latest.subscribe()
    }

    /// Sums so far.
    pub fn counters(&self) -> FeedCounters {
        self.shared.media().counters
    }

    /// Bits a second over the group that is kept, once there is enough of it to tell.
    pub fn bitrate(&self) -> Option<f64> {
        let media = self.shared.media();
        let seconds = media.seconds()?;
        (seconds > 0.5).then(|| media.group_bytes as f64 * 8.0 / seconds)
    }

    /// A reader that holds at most `limit_bytes` unread.
    pub fn subscribe(&self, start: Start, limit_bytes: usize) -> Reader {
        let mut media = self.shared.media();
        let inlet = Inlet::new(limit_bytes.max(GROUP_BYTES + (GROUP_BYTES >> 2)));
        if let Some(track) = &media.track {
            inlet.push(Item::Track(Arc::clone(track)));
        }
        if start == Start::NewestKeyframe {
            for packet in &media.group {
                inlet.push(Item::Packet(packet.clone()));
            }
        }
        if media.ended {
            inlet.end();
        } else {
            media.readers.push(Arc::clone(&inlet));
        }
        Reader::new(inlet)
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
    fn media(&self) -> std::sync::MutexGuard<'_, Media> {
        self.media.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Pictures so far.
    pub fn frames(&self) -> u64 {
        self.media().counters.frames
    }

    /// What comes from here on is this track.
    pub fn set_track(&self, track: Arc<VideoTrack>) {
        let mut media = self.media();
        media.send(&Item::Track(Arc::clone(&track)));
        media.track = Some(track);
    }

    /// Hands a picture to everybody. `pts_us` rises from picture to picture.
    pub fn publish(&self, packet: Packet) {
        let mut media = self.media();
        media.counters.frames += 1;
        media.counters.bytes += packet.data.len() as u64;
        media.counters.lost_packets += u64::from(packet.lost_before);
        if packet.keyframe {
            media.group.clear();
            media.group_bytes = 0;
            if let Some(track) = &media.track {
                let picture = KeyPicture {
                    track: Arc::clone(track),
                    packet: packet.clone(),
                };
                self.latest.send_replace(Some(picture));
            }
        }
        if packet.keyframe || !media.group.is_empty() {
            if media.group_bytes + packet.data.len() <= GROUP_BYTES {
                media.group_bytes += packet.data.len();
                media.group.push(packet.clone());
            } else {
                media.group.clear();
                media.group_bytes = 0;
            }
        }
        media.send(&Item::Packet(packet));
    }

    /// The camera is gone: what is kept is no start for a new reader any more.
    pub fn lost(&self) {
        let mut media = self.media();
        media.group.clear();
        media.group_bytes = 0;
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
    fn send(&mut self, item: &Item) {
        // A reader that was dropped is known by the feed's being the last to hold its queue.
        self.readers.retain(|reader| Arc::strong_count(reader) > 1);
        for reader in &self.readers {
            reader.push(item.clone());
        }
    }

    fn seconds(&self) -> Option<f64> {
        let (first, last) = (self.group.first()?, self.group.last()?);
        Some((last.pts_us - first.pts_us) as f64 / 1e6)
    }
}
