//! Watches what an adapter delivers, and judges it as a feed would.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use tokio::time::{Instant, sleep, timeout};

use crate::camera::{Sink, SinkError};
use crate::cassette::Pictured;
use crate::clock::now_us;
use crate::media::{Codec, VideoTrack};
use crate::plugins::types::{ClockReference, Packet, Track};
use crate::proxy::check_picture;

/// How often somebody who waits looks.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// What was seen so far.
#[derive(Debug, Default, Clone)]
pub struct Seen {
    /// The tracks, as last told.
    pub tracks: Vec<Track>,
    /// Packets of all tracks, in order.
    pub packets: Vec<Pictured>,
    /// Bytes of all packets.
    pub bytes: u64,
    /// Where this host would not have taken it: the first reason.
    pub refused: Option<String>,
    /// When the last picture came.
    pub last: Option<Instant>,
    /// How far the camera's wall clock is ahead of this machine's by its last report, seconds.
    pub clock_ahead_seconds: Option<f64>,
}

impl Seen {
    /// Packets that decoding can start with.
    pub fn keyframes(&self) -> usize {
        self.packets.iter().filter(|packet| packet.keyframe).count()
    }
}

/// A sink that only looks. Cloning shows the same.
#[derive(Clone, Default)]
pub struct Viewer {
    seen: Arc<Mutex<Seen>>,
    /// The track that a feed would take, as it is known now.
    video: Option<(u32, VideoTrack)>,
}

impl Viewer {
    /// What was seen so far.
    pub fn seen(&self) -> Seen {
        self.lock().clone()
    }

    /// Waits until so many packets came; false when they did not in time.
    pub async fn packets(&self, count: usize, within: Duration) -> bool {
        let enough = async {
            while self.lock().packets.len() < count {
                sleep(LOOK_EVERY).await;
            }
        };
        timeout(within, enough).await.is_ok()
    }

    /// The track of pictures as its pictures showed it.
    pub fn video(&self) -> Option<(u32, &VideoTrack)> {
        self.video.as_ref().map(|(id, track)| (*id, track))
    }

    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn judge(&mut self, packet: &Packet) -> Result<(), String> {
        let known = self
            .lock()
            .tracks
            .iter()
            .any(|track| track.id == packet.track);
        if !known {
            let track = packet.track;
            return Err(format!(
                "delivered a packet of track {track}, which it has not told of"
            ));
        }
        if packet.arrived > now_us() as u64 {
            return Err("delivered a packet that arrives in the future".to_owned());
        }
        if let Some((id, track)) = &mut self.video
            && *id == packet.track
        {
            let data = Bytes::copy_from_slice(&packet.data);
            if let Some(changed) = check_picture(track, packet.keyframe, &data)?.track {
                *track = changed;
            }
        }
        Ok(())
    }
}

impl Sink for Viewer {
    fn tracks(&mut self, tracks: Vec<Track>) -> Result<(), SinkError> {
        let video = tracks.iter().find_map(|track| {
            let codec = Codec::from_name(&track.codec)?;
            let known = VideoTrack {
                codec,
                config: Bytes::copy_from_slice(&track.config),
                width: 0,
                height: 0,
            };
            Some((track.id, known))
        });
        let mut seen = self.lock();
        let impossible = tracks
            .iter()
            .find(|track| !(1..=1_000_000_000).contains(&track.clock_rate));
        if let Some(track) = impossible {
            let rate = track.clock_rate;
            let reason = format!("told of a track with {rate} ticks a second");
            seen.refused.get_or_insert(reason);
        }
        seen.tracks = tracks;
        drop(seen);
        self.video = video;
        Ok(())
    }

    fn packets(&mut self, packets: Vec<Packet>) -> Result<(), SinkError> {
        for packet in packets {
            let refused = self.judge(&packet).err();
            let mut seen = self.lock();
            if let Some(reason) = refused {
                seen.refused.get_or_insert(reason);
            }
            seen.bytes += packet.data.len() as u64;
            seen.packets.push(Pictured::of(&packet, false));
            seen.last = Some(Instant::now());
        }
        Ok(())
    }

    fn reference(&mut self, reference: ClockReference) {
        let here = jiff::Timestamp::now().as_nanosecond() as f64 / 1e9;
        if let Some(seconds) = ahead_seconds(reference.ntp, here) {
            self.lock().clock_ahead_seconds = Some(seconds);
        }
    }
}

/// How far a camera's wall clock is ahead of this one, which shows so many seconds since 1970.
/// None for a time before that: a sender without a wall clock counts from something of its own,
/// such as its start (RFC 3550, section 6.4.1), and is not wrong.
fn ahead_seconds(ntp: u64, here: f64) -> Option<f64> {
    // NTP counts from 1900 (RFC 5905, section 6).
    const TO_1970: f64 = 2_208_988_800.0;
    let there = ntp as f64 / 4_294_967_296.0 - TO_1970;
    (there >= 0.0).then_some(there - here)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_that_are_wrong_and_counters_that_are_none() {
        let ntp = |unix: u64| (2_208_988_800 + unix) << 32;
        assert_eq!(
            ahead_seconds(ntp(1_700_000_060), 1_700_000_000.0),
            Some(60.0)
        );
        assert_eq!(ahead_seconds(ntp(0), 100.0), Some(-100.0), "never set");
        assert_eq!(
            ahead_seconds(3_600 << 32, 1_700_000_000.0),
            None,
            "an uptime"
        );
    }
}
