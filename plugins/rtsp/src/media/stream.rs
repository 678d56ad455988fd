//! One stream: its packets in order, its frames, its track.

use padelvar_sdk::{Microseconds, Track};

use super::setup::Setup;
use crate::depacketiser::Output;
use crate::rtp::{Delivery, Rtp, SenderReport, Sequencer};

/// See the module.
pub struct Stream {
    setup: Setup,
    sequencer: Sequencer,
    /// Packets lost before the next frame.
    pub lost: u32,
    /// The host knows the track.
    pub told: bool,
    /// A report that came before it was known who sends, or before the host knew the track:
    /// cameras send the first one before the first packet.
    early: Option<SenderReport>,
}

impl Stream {
    /// Before the first packet.
    pub fn new(setup: Setup) -> Self {
        Self {
            setup,
            sequencer: Sequencer::new(),
            lost: 0,
            told: false,
            early: None,
        }
    }

    /// Keeps a report until it is known whose it is.
    pub fn keep_report(&mut self, report: SenderReport) {
        self.early = Some(report);
    }

    /// The report that was kept, if it is of the source that sends.
    pub fn take_report(&mut self) -> Option<SenderReport> {
        let report = self.early.take()?;
        self.is_sent_by(report.ssrc).then_some(report)
    }

    /// Whether packets of that type belong here.
    pub fn takes(&self, payload_type: u8) -> bool {
        self.setup.payload_type == payload_type
    }

    /// Whether that source sends it.
    pub fn is_sent_by(&self, ssrc: u32) -> bool {
        self.sequencer.ssrc() == Some(ssrc)
    }

    /// Ticks a second of its timestamps.
    pub fn clock_rate(&self) -> u32 {
        self.setup.clock_rate
    }

    /// Changes with what `track` answers.
    pub fn generation(&self) -> u32 {
        self.setup.depacketiser.generation()
    }

    /// Its track under that number, once a decoder could be set up for it.
    pub fn track(&self, id: u32) -> Option<Track> {
        Some(Track {
            id,
            codec: self.setup.depacketiser.codec().to_owned(),
            clock_rate: self.setup.clock_rate,
            config: self.setup.depacketiser.config()?,
            channels: self.setup.channels,
        })
    }

    /// Takes a packet; `bytes` is the whole of `rtp`. How many are missing before those
    /// that are in order now.
    pub fn push(
        &mut self,
        bytes: &[u8],
        rtp: &Rtp<'_>,
        arrived: Microseconds,
        output: &mut Output,
    ) -> u32 {
        let depacketiser = &mut self.setup.depacketiser;
        let mut lost = 0u32;
        let mut deliver = |rtp: &Rtp<'_>, delivery: Delivery| {
            lost = lost.saturating_add(delivery.lost);
            depacketiser.push(rtp, delivery, output);
        };
        self.sequencer.push(bytes, rtp, arrived, &mut deliver);
        self.lost = self.lost.saturating_add(lost);
        lost
    }
}
