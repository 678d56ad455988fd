//! RTCP (RFC 3550, section 6): when the camera says what time it is, and goodbye.

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
