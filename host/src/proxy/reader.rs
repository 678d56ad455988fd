//! One reader's queue: bounded in bytes, never waited for.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use tokio::sync::Notify;

use super::feed::Shared;
use crate::media::drift::ClockRun;
use crate::media::sound::{Sound, SoundTrack};
use crate::media::{Packet, VideoTrack};

/// Where a reader begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// With the newest keyframe that is there and what followed it, if the camera is live.
    NewestKeyframe,
    /// With the newest keyframe at or before this moment (microseconds on the monotonic clock)
    /// and what followed it, or with the oldest that is kept.
    KeyframeAt(i64),
}

/// What a reader gets.
#[derive(Clone, Debug)]
pub enum Item {
    /// What the packets from here on are. Comes before the first packet, and again when it
    /// changes.
    Track(Arc<VideoTrack>),
    /// A picture.
    Packet(Packet),
    /// What the sound from here on is. Only for readers that hear.
    SoundTrack(Arc<SoundTrack>),
    /// A piece of sound. Only for readers that hear.
    Sound(Sound),
    /// The reader was too slow: pictures up to the next keyframe were dropped.
    Overflow,
    /// The connection to the camera was lost; after it, packets begin with a keyframe.
    Lost,
}

#[derive(Default)]
struct Queue {
    items: VecDeque<Item>,
    bytes: usize,
    /// Packets before the next keyframe are of no use to this reader.
    wants_keyframe: bool,
    ended: bool,
}

/// The side that the feed holds.
pub struct Inlet {
    queue: Mutex<Queue>,
    changed: Notify,
    limit_bytes: usize,
    /// Whether it is given sound.
    hears: bool,
}

impl Inlet {
    pub fn new(limit_bytes: usize, hears: bool) -> Arc<Self> {
        let queue = Mutex::new(Queue {
            wants_keyframe: true,
            ..Queue::default()
        });
        Arc::new(Self {
            queue,
            changed: Notify::new(),
            limit_bytes,
            hears,
        })
    }

    /// Adds an item; drops to the next keyframe when the queue is full.
    pub fn push(&self, item: Item) {
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        match &item {
            Item::Packet(packet) => {
                if queue.wants_keyframe && !packet.keyframe {
                    return;
                }
                if queue.bytes + packet.data.len() > self.limit_bytes {
                    // The reader is behind by more than it may be. What it has not read is
                    // of no use once there is a hole; it goes on with the next keyframe.
                    queue.items.retain(|item| {
                        matches!(item, Item::Track(_) | Item::SoundTrack(_) | Item::Lost)
                    });
                    queue.bytes = 0;
                    queue.wants_keyframe = true;
                    queue.items.push_back(Item::Overflow);
                    self.changed.notify_one();
                    return;
                }
                queue.wants_keyframe = false;
                queue.bytes += packet.data.len();
            }
            Item::Lost => queue.wants_keyframe = true,
            Item::SoundTrack(_) if !self.hears => return,
            Item::Sound(sound) => {
                let length = sound.data.len();
                // Without pictures it is of no use, and it is never what fills a queue.
                let full = queue.bytes + length > self.limit_bytes;
                if !self.hears || queue.wants_keyframe || full {
                    return;
                }
                queue.bytes += length;
            }
            Item::Track(_) | Item::SoundTrack(_) | Item::Overflow => {}
        }
        queue.items.push_back(item);
        self.changed.notify_one();
    }

    /// Ends the reader once it has read what is there.
    pub fn end(&self) {
        self.queue
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .ended = true;
        self.changed.notify_one();
    }
}

/// A reader of a feed. Dropping it takes it off the feed.
pub struct Reader {
    inlet: Arc<Inlet>,
    feed: Weak<Shared>,
}

impl Reader {
    pub(super) fn new(inlet: Arc<Inlet>, feed: Weak<Shared>) -> Self {
        Self { inlet, feed }
    }

    /// How the camera's clock ran so far, over all connections; none once the feed is gone.
    pub fn clock(&self) -> Option<ClockRun> {
        Some(self.feed.upgrade()?.counters().clock)
    }

    /// Asks for a keyframe. Where the camera has sent none for a while, the feed connects anew:
    /// cameras begin with one.
    pub fn want_keyframe(&self) {
        if let Some(feed) = self.feed.upgrade() {
            feed.want_keyframe();
        }
    }

    /// The next item; none when the feed has ended. Safe to drop and call again.
    pub async fn next(&mut self) -> Option<Item> {
        loop {
            if let Some(item) = self.take_waiting() {
                return Some(item);
            }
            if self.queue().ended {
                return None;
            }
            self.inlet.changed.notified().await;
        }
    }

    /// The next item if there is one already.
    pub fn take_waiting(&mut self) -> Option<Item> {
        let mut queue = self.queue();
        let item = queue.items.pop_front()?;
        queue.bytes -= match &item {
            Item::Packet(packet) => packet.data.len(),
            Item::Sound(sound) => sound.data.len(),
            _ => 0,
        };
        Some(item)
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.inlet
            .queue
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::media::sound::SoundCodec;

    fn packet(pts_us: i64, keyframe: bool, size: usize) -> Item {
        let data = Bytes::from(vec![0; size]);
        Item::Packet(Packet {
            pts_us,
            keyframe,
            lost_before: 0,
            data,
        })
    }

    async fn drain(reader: &mut Reader) -> Vec<String> {
        let mut seen = Vec::new();
        while let Some(item) = reader.next().await {
            seen.push(match item {
                Item::Packet(packet) => packet.pts_us.to_string(),
                Item::Overflow => "overflow".into(),
                Item::Lost => "lost".into(),
                Item::Track(_) => "track".into(),
                Item::SoundTrack(track) => track.codec.to_string(),
                Item::Sound(sound) => format!("sound {}", sound.pts_us),
            });
        }
        seen
    }

    #[tokio::test]
    async fn a_slow_reader_goes_on_at_the_next_keyframe() {
        let inlet = Inlet::new(100, false);
        for item in [
            packet(0, false, 10), // before any keyframe: of no use
            packet(1, true, 40),
            packet(2, false, 40),
            packet(3, false, 40), // too much
            packet(4, false, 10),
            packet(5, true, 40),
            packet(6, false, 40),
        ] {
            inlet.push(item);
        }
        inlet.end();
        let mut reader = Reader::new(inlet, Weak::new());
        assert_eq!(drain(&mut reader).await, ["overflow", "5", "6"]);
    }

    #[tokio::test]
    async fn sound_is_for_those_who_hear_and_see() {
        let track = SoundTrack {
            codec: SoundCodec::Pcma,
            rate: 8000,
            channels: 1,
            config: Bytes::new(),
        };
        let sound = |pts_us| {
            let data = Bytes::from_static(&[0; 8]);
            Item::Sound(Sound { pts_us, data })
        };
        for (hears, wanted) in [
            (true, &["pcma", "1", "sound 2", "lost", "5", "sound 6"][..]),
            (false, &["1", "lost", "5"]),
        ] {
            let inlet = Inlet::new(100, hears);
            for item in [
                Item::SoundTrack(Arc::new(track.clone())),
                sound(0),
                packet(1, true, 10),
                sound(2),
                Item::Lost,
                sound(4),
                packet(5, true, 10),
                sound(6),
            ] {
                inlet.push(item);
            }
            inlet.end();
            let mut reader = Reader::new(inlet, Weak::new());
            assert_eq!(drain(&mut reader).await, wanted);
        }
    }

    #[tokio::test]
    async fn after_a_loss_it_begins_with_a_keyframe() {
        let inlet = Inlet::new(100, false);
        for item in [
            packet(1, true, 1),
            Item::Lost,
            packet(2, false, 1),
            packet(3, true, 1),
        ] {
            inlet.push(item);
        }
        inlet.end();
        assert_eq!(
            drain(&mut Reader::new(inlet, Weak::new())).await,
            ["1", "lost", "3"]
        );
    }
}
