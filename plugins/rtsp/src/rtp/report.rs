//! RTCP (RFC 3550, section 6): when the camera says what time it is, and goodbye; what a
//! receiver reports.

use super::reception::Block;

/// What matters of an RTCP packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Report {
    /// SR.
    Sender(SenderReport),
    /// BYE, with its first source.
    Bye {
        /// Who leaves.
        ssrc: u32,
    },
}

/// The sender information of an SR (section 6.4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SenderReport {
    /// Who sends.
    pub ssrc: u32,
    /// Seconds since 1900 and fraction.
    pub ntp: u64,
    /// The same moment in ticks of the track.
    pub timestamp: u32,
}

/// A receiver report, with one block where anything was received, and the name that
/// belongs to its sender (sections 6.4.2 and 6.5.1). `name` is cut at 255 bytes.
pub fn receiver_report(ssrc: u32, block: Option<&Block>, name: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(64);
    let (count, words) = if block.is_some() { (1, 7) } else { (0, 1) };
    bytes.extend([0x80 | count, 201, 0, words]);
    bytes.extend(ssrc.to_be_bytes());
    if let Some(block) = block {
        bytes.extend(block.ssrc.to_be_bytes());
        let lost = (block.lost as u32) & 0x00ff_ffff;
        bytes.extend((u32::from(block.fraction_lost) << 24 | lost).to_be_bytes());
        for word in [block.highest, block.jitter, block.last_report, block.delay] {
            bytes.extend(word.to_be_bytes());
        }
    }
    let name = &name.as_bytes()[..name.len().min(255)];
    // The item's two bytes of header, the name, and at least one zero, up to whole words.
    let words = 1 + (2 + name.len()) / 4 + 1;
    let end = bytes.len() + 4 + 4 * words;
    bytes.extend([0x81, 202, 0, words as u8]);
    bytes.extend(ssrc.to_be_bytes());
    bytes.extend([1, name.len() as u8]);
    bytes.extend(name);
    bytes.resize(end, 0);
    bytes
}

/// The reports of a compound packet. Stops at the first thing that does not fit.
pub fn reports(mut bytes: &[u8]) -> impl Iterator<Item = Report> {
    core::iter::from_fn(move || {
        loop {
            let (head, rest) = bytes.split_first_chunk::<4>()?;
            if head[0] >> 6 != 2 {
                return None;
            }
            let len = 4 * usize::from(u16::from_be_bytes([head[2], head[3]]));
            let (body, after) = rest.split_at_checked(len)?;
            bytes = after;
            if let Some(report) = report(head[1], body) {
                return Some(report);
            }
        }
    })
}

fn report(kind: u8, body: &[u8]) -> Option<Report> {
    let word = |index: usize| {
        let bytes = body.get(4 * index..)?.first_chunk::<4>()?;
        Some(u32::from_be_bytes(*bytes))
    };
    match kind {
        200 => Some(Report::Sender(SenderReport {
            ssrc: word(0)?,
            ntp: u64::from(word(1)?) << 32 | u64::from(word(2)?),
            timestamp: word(3)?,
        })),
        203 => Some(Report::Bye { ssrc: word(0)? }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn receiver_reports() {
        let block = Block {
            ssrc: 9,
            fraction_lost: 3,
            lost: -2,
            highest: 70_000,
            jitter: 5,
            last_report: 6,
            delay: 7,
        };
        let bytes = receiver_report(1, Some(&block), "abc");
        let mut expected = vec![0x81, 201, 0, 7, 0, 0, 0, 1, 0, 0, 0, 9, 3, 0xff, 0xff, 0xfe];
        for word in [70_000u32, 5, 6, 7] {
            expected.extend(word.to_be_bytes());
        }
        expected.extend([0x81, 202, 0, 3, 0, 0, 0, 1, 1, 3, b'a', b'b', b'c', 0, 0, 0]);
        assert_eq!(bytes, expected);
        for len in 0..300 {
            let bytes = receiver_report(1, None, &"x".repeat(len));
            assert_eq!(bytes[..4], [0x80, 201, 0, 1]);
            let words = usize::from(bytes[11]);
            assert_eq!(bytes.len(), 8 + 4 + 4 * words, "{len}");
            assert_eq!(bytes.last(), Some(&0), "{len}");
        }
    }

    #[test]
    fn compound_packets() {
        let mut bytes = vec![0x80, 200, 0, 6];
        for word in [9u32, 0xe000_0000, 0x8000_0000, 1234, 5, 6] {
            bytes.extend(word.to_be_bytes());
        }
        bytes.extend([0x81, 202, 0, 1, 0, 0, 0, 9]);
        bytes.extend([0x81, 203, 0, 1, 0, 0, 0, 9]);
        bytes.extend([0x81, 203, 0, 7]);
        assert_eq!(
            reports(&bytes).collect::<Vec<_>>(),
            [
                Report::Sender(SenderReport {
                    ssrc: 9,
                    ntp: 0xe000_0000_8000_0000,
                    timestamp: 1234
                }),
                Report::Bye { ssrc: 9 },
            ]
        );
        assert_eq!(reports(&[0x80, 200, 0, 1, 0, 0, 0, 9]).count(), 0);
        assert_eq!(reports(&[0x80, 203, 0, 0, 0x80]).count(), 0);
        assert_eq!(reports(&[]).count(), 0);
    }
}
