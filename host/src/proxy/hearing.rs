//! Where an attempt's sound lies on the host's clock.
//!
//! Pictures and sound have two counters with two origins. What they have in common is the camera's
//! wall clock, where it sends sender reports for both (RFC 3550, section 6.4.1): then the sound is
//! laid beside the pictures by it. Without them its arrival counts, as that of pictures does.

use std::sync::Arc;

use tracing::debug;

use super::trace::Trace;
use crate::media::sound::SoundTrack;
use crate::media::timeline::Timeline;

/// Ticks a second of the timeline.
const CLOCK_RATE: u32 = 1_000_000;
/// Keeps times above what a timeline takes for a counter of 32 bits.
const BIAS_US: i64 = 1 << 61;
/// Wall clocks that put the sound further from its arrival than this, microseconds, are not
/// believed: some cameras report two different ones.
const BELIEVED_US: i64 = 2_000_000;
/// A correction that is further off, microseconds, is made at once: half of what is heard as out
/// of step (ITU-R BT.1359: 45 ms early, 125 ms late).
const AT_ONCE_US: i64 = 30_000;
/// Else it is made in steps a packet, microseconds, that nobody hears.
const STEP_US: i64 = 500;

/// See the module.
#[derive(Debug)]
pub struct Hearing {
    track: Arc<SoundTrack>,
    trace: Trace,
    timeline: Timeline,
    /// What is added to the timeline's times, microseconds.
    correction_us: Option<i64>,
    last_us: i64,
}

impl Hearing {
    /// Sound whose timestamps have so many ticks a second.
    pub fn new(track: SoundTrack, clock_rate: u32) -> Self {
        Self {
            track: Arc::new(track),
            trace: Trace::new(clock_rate),
            timeline: Timeline::new(CLOCK_RATE),
            correction_us: None,
            last_us: i64::MIN,
        }
    }

    /// What it is.
    pub fn track(&self) -> &Arc<SoundTrack> {
        &self.track
    }

    /// Takes a sender report.
    pub fn report(&mut self, timestamp: u64, ntp: u64) {
        self.trace.report(timestamp, ntp);
    }

    /// When a piece is to be heard, microseconds on the monotonic clock. `wall_offset_us`: what
    /// this clock shows minus the camera's wall clock, by its pictures. None for a piece that
    /// would be heard before one that was placed already.
    pub fn place(
        &mut self,
        timestamp: Option<u64>,
        arrived_us: i64,
        data: &[u8],
        wall_offset_us: Option<i64>,
    ) -> Option<i64> {
        // A piece is sent when it is over.
        let arrived_us = arrived_us.saturating_sub(self.track.length_us(data));
        let seen = self.trace.picture(timestamp, arrived_us, data);
        let biased = seen
            .camera_us
            .map(|us| us.saturating_add(BIAS_US).max(1 << 33) as u64);
        let by_arrival = self.timeline.stamp(biased, arrived_us);
        let by_wall = self.trace.wall_us(&seen).zip(wall_offset_us);
        let wanted = by_wall.map(|(wall_us, offset_us)| {
            wall_us.saturating_add(offset_us).saturating_sub(by_arrival)
        });
        if let Some(wanted) = wanted.filter(|us| us.abs() <= BELIEVED_US) {
            self.correction_us = Some(match self.correction_us {
                Some(now) if (wanted - now).abs() <= AT_ONCE_US => {
                    now + (wanted - now).clamp(-STEP_US, STEP_US)
                }
                before => {
                    debug!(us = wanted, ?before, "sound laid beside the pictures");
                    wanted
                }
            });
        }
        let pts_us = by_arrival.saturating_add(self.correction_us.unwrap_or(0));
        let later = pts_us > self.last_us;
        if later {
            self.last_us = pts_us;
        }
        later.then_some(pts_us)
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::media::sound::SoundCodec;

    fn hearing() -> Hearing {
        let track = SoundTrack {
            codec: SoundCodec::Pcma,
            rate: 8000,
            channels: 1,
            config: Bytes::new(),
        };
        Hearing::new(track, 8000)
    }

    /// 20 ms pieces from `from`, which arrive so much after they were heard.
    fn place(
        hearing: &mut Hearing,
        pieces: std::ops::Range<i64>,
        late_us: i64,
        wall: Option<i64>,
    ) -> Vec<i64> {
        let placed = pieces.map(|n| {
            let arrived_us = 1_000_000 + n * 20_000 + late_us;
            hearing.place(
                Some(7_000 + n as u64 * 160),
                arrived_us,
                &[n as u8; 160],
                wall,
            )
        });
        placed.flatten().collect()
    }

    /// A point of the camera's wall clock in NTP's form.
    fn ntp(us: i64) -> u64 {
        ((us as u128) << 32).div_ceil(1_000_000) as u64
    }

    #[test]
    fn without_reports_the_arrival_counts() {
        let placed = place(&mut hearing(), 0..50, 60_000, None);
        assert_eq!(placed.len(), 50);
        assert!(
            (placed[49] - (1_040_000 + 49 * 20_000)).abs() < 2_000,
            "{placed:?}"
        );
    }

    #[test]
    fn with_reports_it_lies_beside_the_pictures() {
        let mut hearing = hearing();
        // Piece 0 was heard at second 500 of the camera's clock; its pictures say that this is
        // second 1 of the host's.
        hearing.report(7_000, ntp(500_000_000));
        let placed = place(&mut hearing, 0..50, 300_000, Some(1_000_000 - 500_000_000));
        for (n, us) in (0..).zip(&placed) {
            assert!((us - (1_000_000 + n * 20_000)).abs() < 2_000, "{n}: {us}");
        }
        assert_eq!(placed.len(), 50);
    }

    #[test]
    fn a_wall_clock_that_cannot_be_is_not_believed() {
        let mut hearing = hearing();
        hearing.report(7_000, ntp(900_000_000));
        let placed = place(&mut hearing, 0..10, 0, Some(1_000_000 - 500_000_000));
        assert!((placed[9] - 1_160_000).abs() < 2_000, "{placed:?}");
    }

    #[test]
    fn nothing_is_heard_before_what_was() {
        let mut hearing = hearing();
        let early = place(&mut hearing, 0..50, 100_000, None);
        hearing.report(7_000, ntp(500_000_000));
        let later = place(
            &mut hearing,
            50..100,
            100_000,
            Some(1_000_000 - 500_000_000),
        );
        assert!(later.len() >= 40 && later[0] > early[49]);
        assert!(later.windows(2).all(|two| two[0] < two[1]));
    }
}
