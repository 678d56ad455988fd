//! Packets in their order: duplicates dropped, losses counted, restarts seen.

use padelvar_sdk::Microseconds;

use super::packet::Rtp;

/// How many packets wait for one that is missing. Bounds memory to about 1 MiB.
const WINDOW_PACKETS: usize = 16;

/// How long they wait.
const WINDOW_US: Microseconds = 100_000;

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
    /// Packets ahead of a missing one, sorted.
    held: Vec<Held>,
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
                let waited = |held: &Held| arrived.saturating_sub(held.arrived) >= WINDOW_US;
                while self.held.len() > WINDOW_PACKETS || self.held.first().is_some_and(waited) {
                    self.give_up(deliver);
                    self.release(deliver);
                }
            }
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
            self.held.insert(at, Held::new(bytes, rtp, arrived));
        }
    }

    /// Hands on what follows without a hole.
    fn release(&mut self, deliver: &mut impl FnMut(&Rtp<'_>, Delivery)) {
        while self
            .held
            .first()
            .is_some_and(|held| held.sequence == self.due)
        {
            let held = self.held.remove(0);
            self.due = held.sequence.wrapping_add(1);
            held.deliver(0, false, deliver);
        }
    }

    /// Hands on the first held packet although something before it is missing.
    fn give_up(&mut self, deliver: &mut impl FnMut(&Rtp<'_>, Delivery)) {
        if self.held.is_empty() {
            return;
        }
        let held = self.held.remove(0);
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
            order(&[(1, 10, 0), (1, 13, 0), (1, 14, 50), (1, 15, 100)]),
            [
                (10, 0, false),
                (13, 2, true),
                (14, 0, false),
                (15, 0, false)
            ]
        );
        let many: Vec<_> = (0..=17)
            .map(|index| (1, 10 + index + u16::from(index > 0), 0))
            .collect();
        let out = order(&many);
        assert_eq!((out.len(), out[1]), (18, (12, 1, true)));
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
