//! The first moments of a stream. Pure.
//!
//! A camera may begin with a burst of pictures that it had kept. Their arrival says nothing of
//! when they were taken; only the last of them do. So the first pictures are held back for a
//! moment, and each is then given the arrival that it would have had at its camera's pace.

use crate::plugins::types::Packet;

/// How long pictures are held back, microseconds. A burst over a local network is over by then.
const HOLD_US: u64 = 100_000;
/// Pictures and bytes that are held back at most.
const MOST_PACKETS: usize = 1000;
const MOST_BYTES: usize = 24 << 20;

/// Holds pictures back until it is known when they were taken.
#[derive(Debug)]
pub struct Settle {
    clock_rate: u32,
    held: Vec<Packet>,
    bytes: usize,
    done: bool,
}

impl Settle {
    /// For a track's ticks a second.
    pub fn new(clock_rate: u32) -> Self {
        Self {
            clock_rate: clock_rate.max(1),
            held: Vec::new(),
            bytes: 0,
            done: false,
        }
    }

    /// Takes a picture; gives those whose arrival is settled.
    pub fn push(&mut self, packet: Packet) -> Vec<Packet> {
        if self.done || packet.timestamp.is_none() {
            self.done = true;
            let mut ready = std::mem::take(&mut self.held);
            ready.push(packet);
            return ready;
        }
        self.bytes += packet.data.len();
        self.held.push(packet);
        let first = self.held.first().map_or(0, |packet| packet.arrived);
        let last = self.held.last().map_or(0, |packet| packet.arrived);
        let full = self.held.len() >= MOST_PACKETS || self.bytes >= MOST_BYTES;
        if last.saturating_sub(first) < HOLD_US && !full {
            return Vec::new();
        }
        self.done = true;
        self.settled()
    }

    /// The held pictures, each with the arrival at which it would have come, had it come at its
    /// camera's pace: the earliest that fits all of them.
    fn settled(&mut self) -> Vec<Packet> {
        let mut held = std::mem::take(&mut self.held);
        let Some(zero) = held.first().and_then(|packet| packet.timestamp) else {
            return held;
        };
        let at = |packet: &Packet| -> i64 {
            // Around the end of a 32-bit counter the difference is what counts.
            let ticks = packet.timestamp.unwrap_or(zero).wrapping_sub(zero) as u32 as i32;
            i64::from(ticks) * 1_000_000 / i64::from(self.clock_rate)
        };
        let offset = held
            .iter()
            .map(|packet| packet.arrived as i64 - at(packet))
            .min();
        let offset = offset.unwrap_or_default();
        for packet in &mut held {
            packet.arrived = (offset + at(packet)).max(0) as u64;
        }
        held
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(timestamp: Option<u64>, arrived: u64) -> Packet {
        Packet {
            track: 1,
            timestamp,
            arrived,
            keyframe: true,
            lost_before: 0,
            data: vec![0],
        }
    }

    fn arrivals(pictures: impl IntoIterator<Item = (u64, u64)>) -> Vec<u64> {
        let mut settle = Settle::new(90_000);
        let ready = pictures
            .into_iter()
            .flat_map(|(timestamp, arrived)| settle.push(packet(Some(timestamp), arrived)));
        ready.map(|packet| packet.arrived).collect()
    }

    #[test]
    fn a_burst_is_put_back_into_its_past() {
        // Ten pictures of 40 ms at once at second 10, then the pace of the camera.
        let burst = (0..10).map(|n| (n * 3600, 10_000_000 + n * 100));
        let live = (10..14).map(|n| (n * 3600, 10_000_000 + (n - 9) * 40_000));
        let arrived = arrivals(burst.chain(live));
        assert_eq!(arrived.len(), 14);
        let first = arrived[0] as i64;
        assert!((9_639_000..=9_641_000).contains(&first), "{arrived:?}");
        assert!(
            arrived
                .windows(2)
                .all(|pair| (39_000..=41_000).contains(&(pair[1] - pair[0])))
        );
    }

    #[test]
    fn a_steady_stream_is_left_as_it_is_and_late_pictures_are_mended() {
        assert_eq!(arrivals((0..5).map(|n| (n * 3600, n * 40_000))).len(), 5);
        let late = arrivals([
            (0, 30_000),
            (3600, 40_000),
            (7200, 80_000),
            (10_800, 131_000),
        ]);
        assert_eq!(late, [0, 40_000, 80_000, 120_000]);
    }

    #[test]
    fn pictures_that_are_shown_out_of_order_are_laid_where_they_were_taken() {
        // I P B B: each was held back for two pictures' time.
        let arrived = arrivals([
            (0, 80_000),
            (10_800, 120_000),
            (3600, 160_000),
            (7200, 200_000),
        ]);
        assert_eq!(arrived, [0, 120_000, 40_000, 80_000]);
    }

    #[test]
    fn across_the_end_of_the_counter() {
        let start = (1_u64 << 32) - 3600;
        let arrived = arrivals([(start, 0), (0, 40_000), (3600, 80_000), (7200, 120_000)]);
        assert_eq!(arrived, [0, 40_000, 80_000, 120_000]);
    }

    #[test]
    fn without_timestamps_nothing_is_held() {
        let mut settle = Settle::new(1000);
        assert_eq!(settle.push(packet(None, 5)).len(), 1);
    }
}
