//! From RTP and RTCP packets to packets for the host.

mod losses;
mod setup;
mod stream;
mod together;

use padelvar_sdk::{ClockReference, Io, Microseconds, Packet, Track};

pub use self::setup::Setup;

use self::losses::Losses;
use self::stream::Stream;
use self::together::{Moment, Together};
use crate::depacketiser::{Frame, Output};
use crate::notes::Notes;
use crate::rtp::{Report, Rtp, SenderReport, reports};

/// The stream that is the video.
const VIDEO: usize = 0;
/// The one that is the sound, if there is any.
const SOUND: usize = VIDEO + 1;

/// The streams of one session: the video, then the sound if there is any. A stream's
/// place is the id of its track.
pub struct Media {
    io: Io,
    notes: Notes,
    streams: Vec<Stream>,
    /// Generation of each stream when the host was told of the tracks.
    told: Option<Vec<u32>>,
    losses: Losses,
    together: Option<Together>,
    last_packet: Option<Microseconds>,
    bye: Option<Microseconds>,
}

impl Media {
    /// Before the first packet.
    pub fn new(io: &Io, streams: Vec<Setup>) -> Self {
        Self {
            io: io.clone(),
            notes: Notes::new(io),
            streams: streams.into_iter().map(Stream::new).collect(),
            told: None,
            losses: Losses::default(),
            together: None,
            last_packet: None,
            bye: None,
        }
    }

    /// Whether there is a stream of sound.
    pub fn has_sound(&self) -> bool {
        self.streams.len() > SOUND
    }

    /// Lays the sound beside the pictures by their timestamps at one moment, which was at about
    /// `now`. From here on the camera's own reports only say that time has passed.
    pub fn begin_together(&mut self, starts: [u32; 2], now: Microseconds) {
        if let [pictures, sound, ..] = &self.streams[..] {
            let rates = [pictures, sound].map(Stream::clock_rate);
            self.together = Some(Together::new(starts, rates, now));
            self.tell_beginning();
        }
    }

    fn tell_beginning(&self) {
        if let (Some(together), Some(_)) = (&self.together, &self.told) {
            self.tell(together.latest());
        }
    }

    fn tell(&self, moment: Moment) {
        let streams = (0..).zip(&self.streams).zip(moment.timestamps);
        for ((track, _), timestamp) in streams.filter(|((_, stream), _)| stream.told) {
            self.io.reference(ClockReference {
                track,
                timestamp: u64::from(timestamp),
                ntp: moment.ntp,
            });
        }
    }

    /// When the last video packet arrived. Sound is no sign of life.
    pub fn last_packet(&self) -> Option<Microseconds> {
        self.last_packet
    }

    /// When the camera said goodbye to the video, if none came since.
    pub fn bye(&self) -> Option<Microseconds> {
        self.bye
    }

    /// Tells the host of the tracks as soon as the video can be decoded, and again when
    /// that changes. To be called once PLAY was asked for.
    pub fn announce(&mut self) {
        let generations = self.streams.iter().map(Stream::generation);
        if self
            .told
            .as_ref()
            .is_some_and(|told| generations.clone().eq(told.iter().copied()))
        {
            return;
        }
        let generations = generations.collect();
        let tracks: Vec<Track> = (0..)
            .zip(&self.streams)
            .filter_map(|(id, stream)| stream.track(id))
            .collect();
        if tracks.first().is_none_or(|track| track.id != VIDEO as u32) {
            return;
        }
        for (id, stream) in (0..).zip(&mut self.streams) {
            stream.told = tracks.iter().any(|track| track.id == id);
        }
        self.told = Some(generations);
        self.io.tracks(tracks);
        self.tell_beginning();
    }

    /// Takes what came where the RTP packets of a stream are expected. RTCP is
    /// recognised there, too (RFC 5761, section 4), and so is another stream by its
    /// payload type: some cameras send everything on one channel.
    pub fn rtp(&mut self, stream: usize, bytes: &[u8], arrived: Microseconds) {
        if bytes.get(1).is_some_and(|kind| (200..=207).contains(kind)) {
            return self.rtcp(stream, bytes, arrived);
        }
        let Ok(rtp) = Rtp::parse(bytes) else {
            self.notes
                .once("the camera sends RTP packets that are damaged; they are skipped");
            return;
        };
        let takes = |stream: &Stream| stream.takes(rtp.payload_type);
        let index = if self.streams.get(stream).is_some_and(takes) {
            stream
        } else if let Some(other) = self.streams.iter().position(takes) {
            other
        } else {
            self.notes.once(
                "the camera sends RTP packets of a type that it did not announce; they are skipped",
            );
            return;
        };
        self.packet(index, bytes, &rtp, arrived);
    }

    fn packet(&mut self, index: usize, bytes: &[u8], rtp: &Rtp<'_>, arrived: Microseconds) {
        let Some(stream) = self.streams.get_mut(index) else {
            return;
        };
        let mut output = Output::default();
        let lost = stream.push(bytes, rtp, arrived, &mut output);
        self.losses.add_packets(lost);
        if index == VIDEO {
            self.last_packet = Some(arrived);
            self.bye = None;
            self.losses.add_pictures(output.dropped);
        }
        for oddity in output.oddities {
            self.notes.once(oddity);
        }
        for frame in output.frames {
            self.emit(index, frame);
        }
    }

    fn emit(&mut self, index: usize, frame: Frame) {
        self.announce();
        let Some(stream) = self.streams.get_mut(index).filter(|stream| stream.told) else {
            // Nobody can decode anything before the first parameter sets, and sound
            // without pictures is not wanted.
            return;
        };
        let (lost_before, report) = (core::mem::take(&mut stream.lost), stream.take_report());
        if let Some(report) = report {
            self.refer(index, report);
        }
        self.io.emit(Packet {
            track: index as u32,
            timestamp: Some(u64::from(frame.timestamp)),
            arrived: frame.arrived,
            keyframe: frame.keyframe,
            lost_before,
            data: frame.data,
        });
    }

    /// Hands a report of a stream on.
    fn refer(&mut self, index: usize, report: SenderReport) {
        match &mut self.together {
            None => self.io.reference(reference(index, report)),
            Some(together) if index == VIDEO => {
                let moment = together.at(report.timestamp);
                self.tell(moment);
            }
            Some(_) => {}
        }
    }

    /// Takes what came where the RTCP packets of a stream are expected.
    pub fn rtcp(&mut self, stream: usize, bytes: &[u8], arrived: Microseconds) {
        for report in reports(bytes) {
            match report {
                // Without a wall clock (RFC 3550, section 6.4.1) it says nothing.
                Report::Sender(report) if report.ntp == 0 => {}
                Report::Sender(report) => {
                    let sender = self.sent_by(stream, report.ssrc);
                    if let Some(index) = sender.filter(|index| self.streams[*index].told) {
                        self.refer(index, report);
                    } else if let Some(stream) = self.streams.get_mut(stream) {
                        stream.keep_report(report);
                    }
                }
                Report::Bye { ssrc } => {
                    if self.sent_by(stream, ssrc) == Some(VIDEO) {
                        self.bye = Some(arrived);
                    }
                }
            }
        }
    }

    /// The stream of a source, `first` if it is that one. None for a source of an older
    /// session.
    fn sent_by(&self, first: usize, ssrc: u32) -> Option<usize> {
        let sends = |stream: &Stream| stream.is_sent_by(ssrc);
        if self.streams.get(first).is_some_and(sends) {
            return Some(first);
        }
        self.streams.iter().position(sends)
    }

    /// Tells of losses now and then.
    pub fn tell_losses(&mut self) {
        self.losses.tell(&self.io);
    }
}

fn reference(index: usize, report: SenderReport) -> ClockReference {
    ClockReference {
        track: index as u32,
        timestamp: u64::from(report.timestamp),
        ntp: report.ntp,
    }
}
