//! The sound of one client that plays, as it set it up.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::rtcp::Report;
use super::rtp::{Frames, Rtp};
use super::timeline::Timeline;
use crate::camera::Shared;
use crate::sound::{Sound, SoundClip};

/// What fell due before this is lost, as with the video.
const MAX_LAG: Duration = Duration::from_secs(5);

/// A block is sent once its last sample was taken.
pub(super) struct Audio {
    shared: Arc<Shared>,
    clip: Arc<SoundClip>,
    rtp: Rtp,
    timeline: Timeline,
    /// The next block to send.
    next: u64,
    next_report: Instant,
    reports: Duration,
}

impl Audio {
    /// Begins with the next block. `reports` is the time between sender reports.
    pub(super) fn new(
        shared: Arc<Shared>,
        clip: Arc<SoundClip>,
        rtp: Rtp,
        timestamp: u32,
        reports: Duration,
    ) -> Self {
        let next = number_at(&clip, shared.clock.elapsed()) + 1;
        let at = offset(&clip, next);
        let (rate, _) = clip.sound.rate();
        let taken = shared.clock.at(at);
        let timeline = Timeline::new(shared.clone(), rate, at, taken, timestamp);
        Self {
            shared,
            clip,
            rtp,
            timeline,
            next,
            next_report: taken,
            reports: reports.max(Duration::from_millis(10)),
        }
    }

    /// `seq` and `rtptime` of the answer to PLAY.
    pub(super) fn rtp_info(&self) -> (u16, u32) {
        (self.rtp.sequence, self.timeline.first().1)
    }

    /// When [`Audio::advance`] is to be called.
    pub(super) fn due(&self) -> Instant {
        self.block_due().min(self.next_report)
    }

    fn block_due(&self) -> Instant {
        self.shared.clock.at(offset(&self.clip, self.next + 1))
    }

    /// Appends what is due.
    pub(super) fn advance(&mut self, out: &mut Frames) {
        let now = Instant::now();
        if self.next_report <= now {
            self.report(out);
            self.next_report = now + self.reports;
        }
        loop {
            let due = self.block_due();
            if due > now {
                return;
            }
            if now > due + MAX_LAG || self.shared.faults.fell_into_stall(due) {
                let newest = number_at(&self.clip, self.shared.clock.elapsed());
                self.next = newest.max(self.next + 1);
                continue;
            }
            if !self.shared.faults.is_mute(due) {
                self.block(out);
            }
            self.next += 1;
        }
    }

    fn block(&mut self, out: &mut Frames) {
        let at = offset(&self.clip, self.next);
        let timestamp = self.timeline.at(at, self.shared.clock.at(at));
        let data = self.clip.block(self.next);
        if let Sound::Aac { .. } = self.clip.sound {
            // One unit with a header of 13 bits of length and 3 of index (RFC 3640 3.3.6).
            let size = (data.len() as u16) << 3;
            let headers = [0, 16, (size >> 8) as u8, size as u8];
            self.rtp.packet(out, timestamp, true, &[&headers, data]);
        } else {
            self.rtp.packet(out, timestamp, false, &[data]);
        }
    }

    fn report(&self, out: &mut Frames) {
        let now = self.shared.clock.elapsed();
        let report = Report {
            ssrc: self.rtp.ssrc,
            unix: self.shared.clock.unix() + now,
            rtp_timestamp: self.timeline.at(now, Instant::now()),
            packets: self.rtp.packets,
            octets: self.rtp.octets,
        };
        out.push(self.rtp.channel + 1, &[&report.bytes()]);
    }
}

/// Time from the camera's start to a block.
fn offset(clip: &SoundClip, number: u64) -> Duration {
    let (rate, _) = clip.sound.rate();
    let samples = u128::from(number) * u128::from(clip.sound.block());
    Duration::from_nanos((samples * 1_000_000_000 / u128::from(rate)) as u64)
}

/// The block that is being taken at that time.
fn number_at(clip: &SoundClip, elapsed: Duration) -> u64 {
    let (rate, _) = clip.sound.rate();
    let samples = elapsed.as_nanos() * u128::from(rate) / 1_000_000_000;
    (samples / u128::from(clip.sound.block())) as u64
}
