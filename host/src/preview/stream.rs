//! The pictures of one feed, made once for all who watch it.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio_util::task::AbortOnDropHandle;
use tracing::{Instrument, debug, info_span, warn};

use super::desk::Desk;
use super::encoder::{Encoder, Ended};
use super::picture::Picture;
use super::snapshot::decode;
use crate::clock::now_us;
use crate::media::Codec;
use crate::proxy::{CameraState, Feed, KeyPicture, Start};

/// What the child may have unread of its camera, bytes.
const UNREAD_BYTES: usize = 8 << 20;
/// Before another child is started when one ended by itself.
const RETRY: Duration = Duration::from_secs(2);
/// Before another child is started for pictures of another kind: stops an adapter that tells
/// of another track with every picture.
const RESTART: Duration = Duration::from_millis(200);

/// The latest picture, in one slot.
type Slot = watch::Sender<Option<Arc<Picture>>>;

/// A running stream. It ends with its feed, or when it is dropped.
pub struct Stream {
    /// The latest picture.
    pub latest: watch::Receiver<Option<Arc<Picture>>>,
    _task: AbortOnDropHandle<()>,
}

impl Stream {
    /// Starts to make pictures.
    pub fn start(session: &str, desk: &Arc<Desk>, feed: &Arc<Feed>, ffmpeg: PathBuf) -> Arc<Self> {
        let (slot, latest) = watch::channel(None);
        let source = Source {
            desk: Arc::clone(desk),
            keys: feed.watch_latest(),
            slot,
            ffmpeg,
        };
        let span = info_span!(parent: None, "preview", session_id = session);
        let task = tokio::spawn(source.serve().instrument(span));
        Arc::new(Self {
            latest,
            _task: AbortOnDropHandle::new(task),
        })
    }
}

struct Source {
    desk: Arc<Desk>,
    keys: watch::Receiver<Option<KeyPicture>>,
    slot: Slot,
    ffmpeg: PathBuf,
}

impl Source {
    /// Makes pictures until the feed ends.
    async fn serve(mut self) {
        let mut told = None;
        loop {
            let codec = match self.keys.wait_for(Option::is_some).await {
                Ok(picture) => picture.as_ref().map(|picture| picture.track.codec),
                Err(_) => return,
            };
            let ended = match codec {
                Some(Codec::Mjpeg) => self.pass_through().await,
                _ => self.encode().await,
            };
            let wait = match ended {
                Ended::Feed => return,
                Ended::OtherTrack => RESTART,
                Ended::Child(reason) => {
                    // Once, however often it happens.
                    if told.as_ref() == Some(&reason) {
                        debug!(reason, "the preview's FFmpeg ended again");
                    } else {
                        warn!(reason, "the preview's FFmpeg ended; another one is started");
                        told = Some(reason);
                    }
                    RETRY
                }
            };
            tokio::time::sleep(wait).await;
        }
    }

    /// The camera's own JPEGs.
    async fn pass_through(&mut self) -> Ended {
        loop {
            let key = self.keys.borrow_and_update().clone();
            if let Some(key) = key {
                if key.track.codec != Codec::Mjpeg {
                    return Ended::OtherTrack;
                }
                self.slot.send_replace(Some(self.desk.passed(&key)));
            }
            if self.keys.changed().await.is_err() {
                return Ended::Feed;
            }
        }
    }

    /// Small JPEGs by a child.
    async fn encode(&mut self) -> Ended {
        let desk = Arc::clone(&self.desk);
        // A single picture that is being made is waited for: it is the first one here.
        let starting = desk.child.lock().await;
        self.show_still().await;
        let Some(mut reader) = desk
            .feed
            .upgrade()
            .map(|feed| feed.subscribe(Start::NewestKeyframe, UNREAD_BYTES))
        else {
            return Ended::Feed;
        };
        let encoder = match Encoder::start(&self.ffmpeg) {
            Ok(encoder) => encoder,
            Err(reason) => return Ended::Child(reason),
        };
        drop(starting);
        let slot = &self.slot;
        let show = |jpeg| drop(slot.send_replace(Some(Arc::new(Picture::new(jpeg, now_us())))));
        encoder.run(&mut reader, show).await
    }

    /// Shows the newest keyframe where that is quicker than the child is: when there is a
    /// picture of it already, or when the camera is gone and it is all there is.
    async fn show_still(&self) {
        let key = self.keys.borrow().clone();
        let Some(key) = key.filter(|_| self.slot.borrow().is_none()) else {
            return;
        };
        let mut made = self.desk.still_of(&key);
        let feed = self.desk.feed.upgrade();
        let live = feed.is_some_and(|feed| feed.status().state == CameraState::Live);
        if made.is_none() && !live {
            made = Some(decode(&key, &self.ffmpeg).await);
        }
        if let Some(Ok(picture)) = made {
            self.slot.send_replace(Some(picture));
        }
    }
}
