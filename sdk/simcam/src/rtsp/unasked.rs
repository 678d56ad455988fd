//! Sound that a camera sends beside its video: silence in G.711, µ-law (RFC 3551 4.5.14).

use std::time::Duration;

use tokio::time::Instant;

use super::rtp::{Frames, Rtp};

/// What the session description says of it.
pub(super) const DESCRIPTION: &str =
    "m=audio 0 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\na=control:trackID=2\r\n";
/// The static payload type of PCMU (RFC 3551 6).
const PAYLOAD_TYPE: u8 = 0;
/// Time in one packet (RFC 3551 4.2), and its samples at 8 kHz.
const PACKET: Duration = Duration::from_millis(20);
const SAMPLES: usize = 160;
/// What fell due before this is lost.
const MAX_LAG: Duration = Duration::from_secs(1);
/// µ-law's zero.
const SILENCE: u8 = 0xFF;

/// The sound of one client that plays.
#[derive(Debug)]
pub(super) struct Unasked {
    rtp: Rtp,
    timestamp: u32,
    due: Instant,
}

impl Unasked {
    /// Begins now, on this interleaved channel.
    pub(super) fn new(channel: u8, ssrc: u32) -> Self {
        Self {
            rtp: Rtp::new(channel, PAYLOAD_TYPE, ssrc, ssrc as u16),
            timestamp: ssrc,
            due: Instant::now(),
        }
    }

    /// Appends the packets that are due.
    pub(super) fn advance(&mut self, out: &mut Frames) {
        let now = Instant::now();
        if now.saturating_duration_since(self.due) > MAX_LAG {
            self.due = now;
        }
        while self.due <= now {
            self.rtp
                .packet(out, self.timestamp, false, &[&[SILENCE; SAMPLES]]);
            self.timestamp = self.timestamp.wrapping_add(SAMPLES as u32);
            self.due += PACKET;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn fifty_packets_a_second() {
        let mut sound = Unasked::new(2, 7);
        let mut out = Frames::default();
        sound.advance(&mut out);
        out.clear();
        tokio::time::advance(Duration::from_secs(1)).await;
        sound.advance(&mut out);
        assert_eq!(out.bytes().len(), 50 * (4 + 12 + 160));
        assert_eq!(&out.bytes()[..4], [b'$', 2, 0, 172]);
        // After a long pause it goes on, and does not make up for it.
        out.clear();
        tokio::time::advance(Duration::from_mins(1)).await;
        sound.advance(&mut out);
        assert_eq!(out.bytes().len(), 4 + 12 + 160);
    }
}
