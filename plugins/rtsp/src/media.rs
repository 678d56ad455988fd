//! From interleaved data to packets for the host.

use padelvar_sdk::{ClockReference, Io, Microseconds, Packet, Track};

use crate::notes::Notes;
use crate::rtp::{Delivery, Report, Rtp, Sequencer, reports};
use crate::video::{Depacketiser, Output, Picture};

/// The one track of this adapter.
const VIDEO_TRACK: u32 = 0;

/// Losses are told together, this far apart: a bad line loses packets all the time.
const LOSS_LOG_US: Microseconds = 10_000_000;

/// What was agreed in SETUP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Agreement {
    /// Interleaved channel of RTP.
    pub rtp_channel: u8,
    /// Interleaved channel of RTCP.
    pub rtcp_channel: u8,
    /// RTP payload type of the video.
    pub payload_type: u8,
    /// Ticks a second of its timestamps.
    pub clock_rate: u32,
}

/// The video stream of one session.
pub struct Media {
    io: Io,
    notes: Notes,
    agreement: Agreement,
    sequencer: Sequencer,
    depacketiser: Box<dyn Depacketiser>,
    /// Of the parameter sets that the host was told of.
    told: Option<u32>,
    lost: u32,
    losses: Losses,
    last_packet: Option<Microseconds>,
    bye: Option<Microseconds>,
}

#[derive(Debug, Default)]
struct Losses {
    packets: u32,
    pictures: u32,
    told_at: Microseconds,
}

impl Media {
    /// Before the first packet.
    pub fn new(io: &Io, agreement: Agreement, depacketiser: Box<dyn Depacketiser>) -> Self {
        Self {
            io: io.clone(),
            notes: Notes::new(io),
            agreement,
            sequencer: Sequencer::new(),
            depacketiser,
            told: None,
            lost: 0,
            losses: Losses::default(),
            last_packet: None,
            bye: None,
        }
    }

    /// When the last video packet arrived.
    pub fn last_packet(&self) -> Option<Microseconds> {
        self.last_packet
    }

    /// When the camera said goodbye, if no video came since.
    pub fn bye(&self) -> Option<Microseconds> {
        self.bye
    }

    /// Tells the host of the track as soon as its parameter sets are known. To be
    /// called once PLAY was asked for.
    pub fn announce(&mut self) {
        let generation = self.depacketiser.generation();
        let config = self.depacketiser.config();
        if self.told == Some(generation) || config.is_empty() {
            return;
        }
        self.told = Some(generation);
        self.io.tracks(vec![Track {
            id: VIDEO_TRACK,
            codec: self.depacketiser.codec().to_owned(),
            clock_rate: self.agreement.clock_rate,
            config,
            channels: 0,
        }]);
    }

    /// Takes interleaved data of any channel.
    pub fn data(&mut self, channel: u8, bytes: &[u8], arrived: Microseconds) {
        if channel == self.agreement.rtcp_channel {
            self.control(bytes, arrived);
        } else if channel == self.agreement.rtp_channel {
            // RFC 5761, section 4: some cameras send both on one channel.
            if bytes.get(1).is_some_and(|kind| (200..=207).contains(kind)) {
                self.control(bytes, arrived);
            } else {
                self.video(bytes, arrived);
            }
        }
        // Else stale data of an older session, or sound that nobody asked for.
    }

    fn video(&mut self, bytes: &[u8], arrived: Microseconds) {
        let Ok(rtp) = Rtp::parse(bytes) else {
            self.notes
                .once("the camera sends RTP packets that are damaged; they are skipped");
            return;
        };
        if rtp.payload_type != self.agreement.payload_type {
            self.notes.once(
                "the camera sends RTP packets of a type that it did not announce; they are skipped",
            );
            return;
        }
        self.last_packet = Some(arrived);
        self.bye = None;
        let mut output = Output::default();
        let (depacketiser, lost) = (&mut self.depacketiser, &mut self.lost);
        let mut packets = 0u32;
        self.sequencer.push(
            bytes,
            &rtp,
            arrived,
            &mut |rtp: &Rtp<'_>, delivery: Delivery| {
                packets = packets.saturating_add(delivery.lost);
                *lost = lost.saturating_add(delivery.lost);
                depacketiser.push(rtp, delivery, &mut output);
            },
        );
        self.losses.packets = self.losses.packets.saturating_add(packets);
        self.losses.pictures = self.losses.pictures.saturating_add(output.dropped);
        for oddity in output.oddities {
            self.notes.once(oddity);
        }
        for picture in output.pictures {
            self.emit(picture);
        }
    }

    fn emit(&mut self, picture: Picture) {
        self.announce();
        if self.told.is_none() {
            // Nobody can decode anything before the first parameter sets.
            return;
        }
        self.io.emit(Packet {
            track: VIDEO_TRACK,
            timestamp: Some(u64::from(picture.timestamp)),
            arrived: picture.arrived,
            keyframe: picture.keyframe,
            lost_before: core::mem::take(&mut self.lost),
            data: picture.data,
        });
    }

    fn control(&mut self, bytes: &[u8], arrived: Microseconds) {
        for report in reports(bytes) {
            match report {
                Report::Sender(report) if self.is_video(report.ssrc) => {
                    if self.told.is_some() && report.ntp != 0 {
                        self.io.reference(ClockReference {
                            track: VIDEO_TRACK,
                            timestamp: u64::from(report.timestamp),
                            ntp: report.ntp,
                        });
                    }
                }
                Report::Bye { ssrc } if self.is_video(ssrc) => self.bye = Some(arrived),
                // Of an older session.
                Report::Sender(_) | Report::Bye { .. } => {}
            }
        }
    }

    fn is_video(&self, ssrc: u32) -> bool {
        self.sequencer.ssrc() == Some(ssrc)
    }

    /// Tells of losses now and then.
    pub fn tell_losses(&mut self) {
        let now = self.io.now();
        let Losses {
            packets,
            pictures,
            told_at,
        } = self.losses;
        let any = packets > 0 || pictures > 0;
        if any && (told_at == 0 || now.saturating_sub(told_at) >= LOSS_LOG_US) {
            self.io.info(format_args!(
                "{packets} packets lost, {pictures} pictures dropped"
            ));
            self.losses = Losses {
                told_at: now,
                ..Losses::default()
            };
        }
    }
}
