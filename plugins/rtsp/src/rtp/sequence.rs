//! Packets in their order: duplicates dropped, losses counted, restarts seen.

use std::collections::VecDeque;

use padelvar_sdk::Microseconds;

use super::packet::Rtp;

/// How many packets wait for one that is missing, at most. Twice what a camera of 16 Mbit/s
/// sends in the time below.
const WINDOW_PACKETS: usize = 512;

/// How many bytes wait, at most. Stops a camera that fills memory with packets of 64 KiB.
const WINDOW_BYTES: usize = 1024 * 1024;

/// How long they wait. A network brings packets out of order by a few milliseconds; a
/// wireless one repeats them for some tens. Longer waits would only delay what is lost.
const WINDOW_US: Microseconds = 150_000;

/// A step further than this is no loss but a camera that began anew (compare
/// `MAX_DROPOUT` and `MAX_MISORDER` of RFC 3550, appendix A.1).
const MAX_DROPOUT: i16 = 3_000;
const MAX_MISORDER: i16 = 100;

/// What comes before a packet that is handed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Delivery {
    /// When it arrived.
    pub arrived: Microseconds,
    /// Packets that are missing before it.
    pub lost: u32,
    /// Something may be missing before it, even where `lost` is 0.
    pub gap: bool,
}

#[derive(Debug)]
struct Held {
    sequence: u16,
    ssrc: u32,
    arrived: Microseconds,
    bytes: Vec<u8>,
}

/// The order of one stream.
#[derive(Debug, Default)]
pub struct Sequencer {
    ssrc: Option<u32>,
    /// The sequence number that is due.
    due: u16,
    /// Packets ahead of a missing one, sorted, and how many bytes they are.
    held: VecDeque<Held>,
    held_bytes: usize,
    /// A packet that does not fit at all. Only a second one in a row says that the
    /// camera began anew; a single one is stale data.
    stray: Option<Held>,
}

impl Sequencer {
    /// Before the first packet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Who sends, once anything came.
    pub fn ssrc(&self) -> Option<u32> {
        self.ssrc
    }

    /// Takes a packet, hands on what is in order now. `bytes` is the whole of `rtp`.
    pub fn push(
        &mut self,
        bytes: &[u8],
        rtp: &Rtp<'_>,
        arrived: Microseconds,
        deliver: &mut impl FnMut(&Rtp<'_>, Delivery),
    ) {
        let Some(ssrc) = self.ssrc else {
            self.restart(rtp);
            deliver(
                rtp,
                Delivery {
                    arrived,
                    lost: 0,
                    gap: false,
                },
            );
            return;
        };
        let ahead = rtp.sequence.wrapping_sub(self.due) as i16;
        if rtp.ssrc != ssrc || !(-MAX_MISORDER..=MAX_DROPOUT).contains(&ahead) {
            self.stray(bytes, rtp, arrived, deliver);
            return;
        }
        self.stray = None;
        match ahead {
            0 => {
                self.due = rtp.sequence.wrapping_add(1);
                deliver(
                    rtp,
                    Delivery {
                        arrived,
                        lost: 0,
                        gap: false,
                    },
                );
                self.release(deliver);
            }
            // Late or twice: its place is gone.
            ..0 => {}
            1.. => {
                self.hold(bytes, rtp, arrived);
                while self.is_full() {
                    self.give_up(deliver);
                    self.release(deliver);
                }
            }
        }
        self.expire(arrived, deliver);
    }

    /// Whether more waits than may.
    fn is_full(&self) -> bool {
        self.held.len() > WINDOW_PACKETS || self.held_bytes > WINDOW_BYTES
    }

    /// Hands on what waited long enough for what is missing.
    fn expire(&mut self, now: Microseconds, deliver: &mut impl FnMut(&Rtp<'_>, Delivery)) {
        // Whichever came first waits for the same gap: look at all of them.
        while self
            .held
            .iter()
            .map(|held| held.arrived)
            .min()
            .is_some_and(|first| now.saturating_sub(first) >= WINDOW_US)
        {
            self.give_up(deliver);
            self.release(deliver);
        }
    }

    fn restart(&mut self, rtp: &Rtp<'_>) {
        self.ssrc = Some(rtp.ssrc);
        self.due = rtp.sequence.wrapping_add(1);
    }

    fn hold(&mut self, bytes: &[u8], rtp: &Rtp<'_>, arrived: Microseconds) {
        let due = self.due;
        let ahead = |sequence: u16| sequence.wrapping_sub(due);
        let place = self
            .held
            .binary_search_by_key(&ahead(rtp.sequence), |held| ahead(held.sequence));
        if let Err(at) = place {
            self.held_bytes += bytes.len();
            self.held.insert(at, Held::new(bytes, rtp, arrived));
        }
    }

    fn pop(&mut self) -> Option<Held> {
        let held = self.held.pop_front()?;
        self.held_bytes -= held.bytes.len();
        Some(held)
    }

    /// Hands on what follows without a hole.
    fn release(&mut self, deliver: &mut impl FnMut(&Rtp<'_>, Delivery)) {
        let due = |held: &Held, due: u16| held.sequence == due;
        while self.held.front().is_some_and(|held| due(held, self.due))
            && let Some(held) = self.pop()
        {
            self.due = held.sequence.wrapping_add(1);
            held.deliver(0, false, deliver);
        }
    }

    /// Hands on the first held packet although something before it is missing.
    fn give_up(&mut self, deliver: &mut impl FnMut(&Rtp<'_>, Delivery)) {
        let Some(held) = self.pop() else {
            return;
        };
        let lost = held.sequence.wrapping_sub(self.due);
        self.due = held.sequence.wrapping_add(1);
        held.deliver(u32::from(lost), lost > 0, deliver);
    }

    /// A packet of another source, or far away from what is due.
    fn stray(
        &mut self,
        bytes: &[u8],
        rtp: &Rtp<'_>,
        arrived: Microseconds,
        deliver: &mut impl FnMut(&Rtp<'_>, Delivery),
    ) {
        let follows = |before: &Held| {
            before.ssrc == rtp.ssrc && before.sequence.wrapping_add(1) == rtp.sequence
        };
        match self.stray.take() {
            Some(before) if follows(&before) => {
                while !self.held.is_empty() {
                    self.give_up(deliver);
                }
                self.restart(rtp);
                before.deliver(0, true, deliver);
                deliver(
                    rtp,
                    Delivery {
                        arrived,
                        lost: 0,
                        gap: false,
                    },
                );
            }
            _ => self.stray = Some(Held::new(bytes, rtp, arrived)),
        }
    }
}

impl Held {
    fn new(bytes: &[u8], rtp: &Rtp<'_>, arrived: Microseconds) -> Self {
        Self {
            sequence: rtp.sequence,
            ssrc: rtp.ssrc,
            arrived,
            bytes: bytes.to_vec(),
        }
    }

    fn deliver(&self, lost: u32, gap: bool, deliver: &mut impl FnMut(&Rtp<'_>, Delivery)) {
        // It was parsed before it was held.
        if let Ok(rtp) = Rtp::parse(&self.bytes) {
            let arrived = self.arrived;
            deliver(&rtp, Delivery { arrived, lost, gap });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pushes (ssrc, sequence, milliseconds), returns (sequence, lost, gap).
    fn order(packets: &[(u8, u16, u64)]) -> Vec<(u16, u32, bool)> {
        let mut sequencer = Sequencer::new();
        let mut out = Vec::new();
        for (ssrc, sequence, at_ms) in packets {
            let [high, low] = sequence.to_be_bytes();
            let bytes = [0x80, 96, high, low, 0, 0, 0, 0, 0, 0, 0, *ssrc];
            let rtp = Rtp::parse(&bytes).unwrap();
            sequencer.push(&bytes, &rtp, at_ms * 1000, &mut |rtp, delivery| {
                out.push((rtp.sequence, delivery.lost, delivery.gap));
            });
        }
        out
    }

    #[test]
    fn reorders_drops_duplicates_and_wraps() {
        let packets = [65_534, 0, 65_535, 65_535, 0, 2, 1, 3].map(|sequence| (1, sequence, 0));
        let sequences: Vec<u16> = order(&packets).iter().map(|packet| packet.0).collect();
        assert_eq!(sequences, [65_534, 65_535, 0, 1, 2, 3]);
    }

    #[test]
    fn gives_up_after_a_while() {
        assert_eq!(
            order(&[(1, 10, 0), (1, 13, 0), (1, 14, 50), (1, 15, 150)]),
            [
                (10, 0, false),
                (13, 2, true),
                (14, 0, false),
                (15, 0, false)
            ]
        );
        // The one that came first decides, also where it is not the first in order.
        assert_eq!(
            order(&[(1, 10, 0), (1, 14, 0), (1, 13, 140), (1, 15, 150)])[1..],
            [(13, 2, true), (14, 0, false), (15, 0, false)]
        );
        let packets = WINDOW_PACKETS as u16;
        let many: Vec<_> = (0..=packets + 1)
            .map(|index| (1, 10 + index + u16::from(index > 0), 0))
            .collect();
        let out = order(&many);
        assert_eq!(
            (out.len(), out[1]),
            (usize::from(packets) + 2, (12, 1, true))
        );
    }

    #[test]
    fn what_waits_is_bounded_in_bytes() {
        let mut sequencer = Sequencer::new();
        let mut count = 0;
        for sequence in (0..40u16).filter(|sequence| *sequence != 1) {
            let mut bytes = vec![0; 60_000];
            bytes[0] = 0x80;
            bytes[3] = sequence as u8;
            let rtp = Rtp::parse(&bytes).unwrap();
            sequencer.push(&bytes, &rtp, 0, &mut |_, _| count += 1);
            assert!(sequencer.held_bytes <= WINDOW_BYTES);
        }
        assert_eq!((count, sequencer.held_bytes), (39, 0));
    }

    #[test]
    fn time_alone_ends_a_wait() {
        let mut sequencer = Sequencer::new();
        let mut out = Vec::new();
        for sequence in [0u8, 2] {
            let bytes = [0x80, 96, 0, sequence, 0, 0, 0, 0, 0, 0, 0, 1];
            let rtp = Rtp::parse(&bytes).unwrap();
            sequencer.push(&bytes, &rtp, 1_000, &mut |rtp, _| out.push(rtp.sequence));
        }
        let mut deliver = |rtp: &Rtp<'_>, _| out.push(rtp.sequence);
        sequencer.expire(WINDOW_US, &mut deliver);
        sequencer.expire(WINDOW_US + 1_000, &mut deliver);
        assert_eq!(out, [0, 2]);
    }

    #[test]
    fn a_camera_may_begin_anew_but_one_stale_packet_is_none() {
        assert_eq!(
            order(&[
                (1, 10, 0),
                (2, 500, 0),
                (1, 11, 0),
                (1, 9_000, 0),
                (1, 12, 0)
            ]),
            [(10, 0, false), (11, 0, false), (12, 0, false)]
        );
        assert_eq!(
            order(&[
                (1, 10, 0),
                (1, 12, 0),
                (2, 500, 0),
                (2, 501, 0),
                (2, 502, 0)
            ]),
            [
                (10, 0, false),
                (12, 1, true),
                (500, 0, true),
                (501, 0, false),
                (502, 0, false)
            ]
        );
        assert_eq!(
            order(&[(1, 10, 0), (1, 20_000, 0), (1, 20_001, 0)]),
            [(10, 0, false), (20_000, 0, true), (20_001, 0, false)]
        );
    }
}
