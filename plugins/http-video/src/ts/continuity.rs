//! The counter of a stream's packets (section 2.4.3.3).

use super::packet::Packet;

/// What the counter says of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It follows the last one.
    Next,
    /// The last one once more: to be ignored.
    Duplicate,
    /// At least so many are missing before it; 0 where the sender says that it begins anew.
    Gap(u32),
}

/// Follows one stream.
#[derive(Debug, Default)]
pub struct Continuity {
    last: Option<u8>,
    /// The last packet was one already.
    duplicate: bool,
}

impl Continuity {
    /// Any counter is right for the next packet.
    pub fn restart(&mut self) {
        *self = Self::default();
    }

    /// Takes the next packet.
    pub fn push(&mut self, packet: &Packet<'_>) -> Verdict {
        if packet.payload.is_none() {
            // It does not count.
            return Verdict::Next;
        }
        let verdict = match self.last {
            Some(last) if last == packet.counter && !self.duplicate && !packet.discontinuity => {
                Verdict::Duplicate
            }
            Some(last) if (last + 1) & 0xf != packet.counter => {
                Verdict::Gap(if packet.discontinuity {
                    0
                } else {
                    u32::from(packet.counter.wrapping_sub(last + 1) & 0xf)
                })
            }
            _ => Verdict::Next,
        };
        self.last = Some(packet.counter);
        self.duplicate = verdict == Verdict::Duplicate;
        verdict
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_and_duplicates() {
        let mut continuity = Continuity::default();
        let mut push = |counter, discontinuity| {
            continuity.push(&Packet {
                pid: 256,
                start: false,
                discontinuity,
                counter,
                payload: Some(&[]),
            })
        };
        assert_eq!(push(14, false), Verdict::Next);
        assert_eq!(push(15, false), Verdict::Next);
        assert_eq!(push(0, false), Verdict::Next);
        assert_eq!(push(0, false), Verdict::Duplicate);
        assert_eq!(push(1, false), Verdict::Next);
        assert_eq!(push(4, false), Verdict::Gap(2));
        assert_eq!(push(9, true), Verdict::Gap(0));
        assert_eq!(push(9, false), Verdict::Duplicate);
        assert_eq!(push(9, false), Verdict::Gap(15));
    }
}
