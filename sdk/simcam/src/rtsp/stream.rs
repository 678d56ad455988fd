//! The video of one client that plays.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;

use super::jpeg;
use super::nal::{self, Syntax};
use super::rtcp::Report;
use super::rtp::{Frames, Rtp};
use super::timeline::Timeline;
use super::{ParameterSets, RtspConfig, StartAt};
use crate::camera::{Sent, Shared};
use crate::clip::{Clip, Codec, JpegParts, Picture, jpeg_parts};
use crate::fault::Once;

/// RTP ticks a second (RFC 6184 8.2.1, RFC 7798 7.1).
const CLOCK_RATE: u32 = 90_000;
/// A client that is so late has lost what fell due meanwhile, as with a
/// camera's full send queue.
/// Long, so that a busy machine's pauses make the simulated camera late and not lossy.
const MAX_LAG: Duration = Duration::from_secs(5);

pub(super) struct Stream {
    shared: Arc<Shared>,
    /// What is shown, until a keyframe of what is wanted.
    clip: Arc<Clip>,
    /// A packet that changes places with the next one.
    late: Vec<u8>,
    config: Arc<RtspConfig>,
    rtp: Rtp,
    frames: Frames,
    /// The next frame to send.
    next: u64,
    timeline: Timeline,
    next_report: Instant,
}

impl Stream {
    pub(super) fn new(
        shared: Arc<Shared>,
        config: Arc<RtspConfig>,
        rtp: Rtp,
        timestamp: u32,
    ) -> Self {
        let (clip, clock) = (&shared.clip, &shared.clock);
        let now = clock.number().saturating_sub(held_back(clip));
        let next = match config.start_at {
            StartAt::NextFrame => now + 1,
            StartAt::NextKeyframe => clip.keyframe_from(now + 1),
            StartAt::CachedGop => clip.keyframe_at(now),
        };
        let taken = clock.due(next);
        let at = clock.offset(next);
        let timeline = Timeline::new(shared.clone(), CLOCK_RATE, at, taken, timestamp);
        Self {
            clip: shared.wanted(),
            late: Vec::new(),
            rtp,
            frames: Frames::default(),
            next,
            timeline,
            next_report: taken,
            shared,
            config,
        }
    }

    /// `seq` and `rtptime` of the answer to PLAY.
    pub(super) fn rtp_info(&self) -> (u16, u32) {
        (self.rtp.sequence, self.timeline.first().1)
    }

    /// When [`Stream::advance`] is to be called.
    pub(super) fn due(&self) -> Instant {
        self.picture_due().min(self.next_report)
    }

    /// When the next picture is sent. One that is shown after others that are decoded behind it
    /// is sent once it was taken; so all of them wait.
    fn picture_due(&self) -> Instant {
        let held_back = held_back(&self.shared.clip);
        self.shared.clock.due(self.next.saturating_add(held_back))
    }

    /// Appends to `out` what is due, and says which frame that was.
    pub(super) fn advance(&mut self, out: &mut Frames) -> Option<Sent> {
        let now = Instant::now();
        if self.next_report <= now {
            self.report(out);
            self.next_report = now + self.config.sender_reports.max(Duration::from_millis(10));
        }
        let due = self.picture_due();
        if due > now {
            return None;
        }
        let burst = self.config.start_at == StartAt::CachedGop
            && self.shared.clock.offset(self.next) < self.timeline.first().0 + self.gop();
        let lost = now > due + MAX_LAG || self.shared.faults.fell_into_stall(due);
        if !burst && lost {
            let (clip, now) = (&self.shared.clip, self.shared.clock.number());
            self.next = clip.keyframe_from(now.saturating_sub(held_back(clip)).max(self.next));
            return None;
        }
        let sent = self.frame(out);
        self.next += 1;
        Some(sent)
    }

    fn gop(&self) -> Duration {
        self.shared.clock.offset(u64::from(self.config.clip.gop))
    }

    fn frame(&mut self, out: &mut Frames) -> Sent {
        let wanted = self.shared.wanted();
        if wanted.picture(self.next).key {
            self.clip = wanted;
        }
        let clip = &self.clip;
        let picture = clip.picture(self.next);
        let frames = u64::from(clip.params().frames());
        // B-frames travel after the frame that they are shown before.
        let number = self.next - self.next % frames + u64::from(picture.index);
        let timestamp = self.timestamp(number);
        let in_band = picture.key && self.config.parameter_sets != ParameterSets::Sdp;
        let sets = if in_band { clip.parameter_sets() } else { &[] };
        self.frames.clear();
        let faults = &self.shared.faults;
        let codec = clip.params().codec;
        let spoil = faults.spoil();
        let units = |units: &[Bytes]| -> Vec<Bytes> {
            match spoil {
                Some(spoil) => units.iter().map(|u| spoil.unit(faults, codec, u)).collect(),
                None => units.to_vec(),
            }
        };
        let (rtp, frames) = (&mut self.rtp, &mut self.frames);
        let mode = self.config.packetization;
        let syntax = match codec {
            Codec::H264 => Some(Syntax::H264),
            Codec::H265 => Some(Syntax::H265),
            Codec::Jpeg => None,
        };
        if let Some(syntax) = syntax {
            let (sets, slices) = (units(sets), units(&picture.units));
            nal::picture(rtp, frames, (syntax, mode), timestamp, &sets, &slices);
        } else if let Some((jpeg, parts)) = jpeg_of(picture) {
            let spoilt = spoil.map(|spoil| spoil.jpeg(faults, jpeg));
            let data = spoilt.as_deref().unwrap_or(jpeg);
            let scan = &data[parts.scan.clone()];
            jpeg::picture(rtp, frames, timestamp, &parts, scan);
        }
        let whole = put(faults, &self.frames, &mut self.late, out) && spoil.is_none();
        Sent {
            number,
            index: picture.index,
            at: Duration::ZERO,
            key: picture.key,
            whole,
            rtp_timestamp: timestamp,
        }
    }

    /// The RTP timestamp of a frame.
    fn timestamp(&self, number: u64) -> u32 {
        let clock = &self.shared.clock;
        self.timeline.at(clock.offset(number), clock.due(number))
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

/// The one JPEG of a picture, and what RTP says of it.
fn jpeg_of(picture: &Picture) -> Option<(&Bytes, JpegParts)> {
    let jpeg = picture.units.first()?;
    Some((jpeg, jpeg_parts(jpeg)?))
}

/// Frames' time for which an encoder with B-frames holds all pictures back.
fn held_back(clip: &Clip) -> u64 {
    clip.params().bframes.into()
}

/// Appends the packets that the faults let pass; true where all did. `late` is the packet that
/// changes places with the next one.
fn put(
    faults: &crate::fault::Faults,
    frames: &Frames,
    late: &mut Vec<u8>,
    out: &mut Frames,
) -> bool {
    let truncate = faults.take(|f| (*f == Once::TruncateFrame).then_some(()));
    let lie = faults.take(|f| match f {
        Once::LengthLie(says) => Some(*says),
        _ => None,
    });
    let count = frames.iter().len();
    let kept = if truncate.is_some() { count / 2 } else { count };
    let mut whole = kept == count && lie.is_none();
    for (i, packet) in frames.iter().take(kept).enumerate() {
        if faults.loses() {
            whole = false;
            continue;
        }
        if late.is_empty() && faults.reorders() {
            late.extend_from_slice(packet);
            continue;
        }
        out.append(packet);
        if let Some(says) = lie.filter(|_| i == 0) {
            out.claim(says.min(0xFFFF) as u16);
        }
        if !late.is_empty() {
            out.append(late);
            late.clear();
        }
    }
    if truncate.is_some() && kept == 0 {
        // A picture of one packet: half of that, with the length that fits.
        if let Some(packet) = frames.iter().next() {
            let half = (packet.len() / 2).max(4 + 12 + 1).min(packet.len());
            out.append(&packet[..half]);
            out.claim((half - 4) as u16);
        }
    }
    whole
}
