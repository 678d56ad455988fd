//! What there is to show of one session: its stream, its last single picture, who watches.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use tokio::time::Instant;
use tokio_util::task::AbortOnDropHandle;

use super::audience::Counters;
use super::picture::Picture;
use super::polls::Polls;
use super::snapshot::SnapshotError;
use super::stream::Stream;
use crate::proxy::{Feed, KeyPicture};

/// A session's desk, for as long as its feed lives.
pub struct Desk {
    /// Weak: what watches a feed must not keep it alive when its session has closed it.
    pub feed: Weak<Feed>,
    pub counters: Arc<Counters>,
    /// Held while a child is started or makes a single picture: a feed has at most one child
    /// for who watches.
    pub child: Arc<tokio::sync::Mutex<()>>,
    shown: Mutex<Shown>,
}

/// By how much a picture may be older than the newest keyframe for it to be shown to those who
/// would have to wait while somebody else's is made: two usual groups of pictures.
const HARDLY_OLDER_US: i64 = 5_000_000;

#[derive(Default)]
pub struct Shown {
    /// What is running for those who watch.
    pub stream: Weak<Stream>,
    /// The last single picture, or why there is none.
    still: Option<Still>,
    pub polls: Polls,
    /// Until when somebody who polls is taken to watch.
    pub polled_until: Option<Instant>,
    /// Holds the stream for them.
    pub polled: Option<AbortOnDropHandle<()>>,
}

/// Of one keyframe.
struct Still {
    pts_us: i64,
    made: Result<Arc<Picture>, SnapshotError>,
}

impl Desk {
    pub fn new(feed: &Arc<Feed>) -> Self {
        Self {
            feed: Arc::downgrade(feed),
            counters: Arc::default(),
            child: Arc::default(),
            shown: Mutex::default(),
        }
    }

    pub fn shown(&self) -> MutexGuard<'_, Shown> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What came of this keyframe, or of one after it.
    pub fn still_of(&self, key: &KeyPicture) -> Option<Result<Arc<Picture>, SnapshotError>> {
        let shown = self.shown();
        let still = shown.still.as_ref();
        still
            .filter(|still| still.pts_us >= key.packet.pts_us)
            .map(|still| still.made.clone())
    }

    /// The last single picture, of whichever keyframe.
    pub fn any_still(&self) -> Option<Arc<Picture>> {
        self.shown().still.as_ref()?.made.as_ref().ok().cloned()
    }

    /// The last single picture, if its keyframe is hardly older than this one.
    pub fn still_before(&self, key: &KeyPicture) -> Option<Arc<Picture>> {
        let shown = self.shown();
        let still = shown.still.as_ref()?;
        let recent = key.packet.pts_us.saturating_sub(still.pts_us) <= HARDLY_OLDER_US;
        still.made.as_ref().ok().filter(|_| recent).cloned()
    }

    /// Keeps what came of a keyframe, unless there is something of a later one.
    pub fn keep(&self, key: &KeyPicture, made: Result<Arc<Picture>, SnapshotError>) {
        let pts_us = key.packet.pts_us;
        let mut shown = self.shown();
        if shown
            .still
            .as_ref()
            .is_none_or(|still| still.pts_us <= pts_us)
        {
            shown.still = Some(Still { pts_us, made });
        }
    }

    /// An MJPEG camera's picture.
    pub fn passed(&self, key: &KeyPicture) -> Arc<Picture> {
        if let Some(Ok(picture)) = self.still_of(key) {
            return picture;
        }
        let picture = Picture::new(key.packet.data.clone(), key.packet.pts_us);
        let picture = Arc::new(picture);
        self.keep(key, Ok(Arc::clone(&picture)));
        picture
    }
}
