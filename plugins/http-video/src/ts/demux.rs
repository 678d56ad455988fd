//! From packets to samples.

use std::rc::Rc;

use padelvar_sdk::{Error, Microseconds};

use super::continuity::{Continuity, Verdict};
use super::packet::{Packet, Useless};
use super::pes::{Assembler, Unit};
use super::program::{Program, first_program, program};
use super::section::Sections;
use super::sync::Sync;
use crate::audio::{AacConfig, Adts};
use crate::clock::Unwrap;
use crate::sample::{Demuxer, Format, Sample, Segmented, Stream};
use crate::video::{Pictures, nal_units};

/// So many scrambled packets, and nothing else, are a stream that needs a key.
const MAX_SCRAMBLED: u32 = 1000;

/// One PID of pictures or sound.
#[derive(Debug)]
struct Elementary {
    pid: u16,
    continuity: Continuity,
    assembler: Assembler,
    lost: u32,
}

impl Elementary {
    fn new(pid: u16) -> Self {
        Self {
            pid,
            continuity: Continuity::default(),
            assembler: Assembler::default(),
            lost: 0,
        }
    }

    fn take(&mut self, packet: &Packet<'_>, arrived: Microseconds, done: &mut Vec<Unit>) {
        match self.continuity.push(packet) {
            Verdict::Duplicate => return,
            Verdict::Gap(lost) => {
                self.lost = self.lost.saturating_add(lost);
                self.assembler.interrupt();
            }
            Verdict::Next => {}
        }
        if let Some(payload) = packet.payload {
            self.assembler.push(payload, packet.start, arrived, done);
        }
    }
}

/// See the module.
#[derive(Debug)]
pub struct TsDemuxer {
    sync: Sync,
    streams: Streams,
}

#[derive(Debug)]
struct Streams {
    with_audio: bool,
    association: Sections,
    map_pid: Option<u16>,
    map: Sections,
    program: Option<Program>,
    clock: Unwrap,
    video: Option<(Elementary, Pictures)>,
    audio: Option<(Elementary, Adts)>,
    audio_format: Option<(AacConfig, Rc<Format>)>,
    scrambled: u32,
    failure: Option<Error>,
}

impl TsDemuxer {
    /// Sound is read only where it is wanted.
    pub fn new(with_audio: bool) -> Self {
        Self {
            sync: Sync::default(),
            streams: Streams {
                with_audio,
                association: Sections::default(),
                map_pid: None,
                map: Sections::default(),
                program: None,
                clock: Unwrap::new(33),
                video: None,
                audio: None,
                audio_format: None,
                scrambled: 0,
                failure: None,
            },
        }
    }
}

impl Segmented for TsDemuxer {
    /// Nothing goes on across the end, but tables and parameter sets stay.
    fn end_of_file(&mut self, whole: bool, arrived: Microseconds, samples: &mut Vec<Sample>) {
        let streams = &mut self.streams;
        self.sync
            .finish(|packet| streams.packet(packet, arrived, samples));
        streams.end_of_file(whole, samples);
    }

    fn lost(&mut self, count: u32) {
        if let Some((elementary, _)) = &mut self.streams.video {
            elementary.lost = elementary.lost.saturating_add(count);
        }
    }
}

impl Demuxer for TsDemuxer {
    fn push(
        &mut self,
        bytes: &[u8],
        arrived: Microseconds,
        samples: &mut Vec<Sample>,
    ) -> Result<(), Error> {
        let streams = &mut self.streams;
        self.sync
            .push(bytes, |packet| streams.packet(packet, arrived, samples));
        if let Some((elementary, _)) = &mut streams.video {
            let losses = self.sync.take_losses();
            elementary.lost = elementary.lost.saturating_add(losses);
        }
        streams.failure.take().map_or(Ok(()), Err)
    }
}

impl Streams {
    fn packet(&mut self, bytes: &[u8], arrived: Microseconds, samples: &mut Vec<Sample>) {
        let packet = match Packet::parse(bytes) {
            Ok(packet) => packet,
            // The counter tells of it.
            Err(Useless::Damaged) => return,
            Err(Useless::Scrambled) => {
                self.scrambled += 1;
                if self.scrambled == MAX_SCRAMBLED {
                    self.failure = Some(Error::unsupported("the camera's stream is scrambled"));
                }
                return;
            }
        };
        if packet.pid == 0 {
            self.associate(&packet);
        } else if Some(packet.pid) == self.map_pid {
            self.map(&packet, samples);
        } else {
            let mut done = Vec::new();
            if let Some((elementary, _)) = &mut self.video
                && elementary.pid == packet.pid
            {
                self.scrambled = 0;
                elementary.take(&packet, arrived, &mut done);
                self.pictures(done, samples);
            } else if let Some((elementary, _)) = &mut self.audio
                && elementary.pid == packet.pid
            {
                elementary.take(&packet, arrived, &mut done);
                self.sound(done, samples);
            }
        }
    }

    fn associate(&mut self, packet: &Packet<'_>) {
        let Some(payload) = packet.payload else {
            return;
        };
        let mut found = None;
        self.association.push(payload, packet.start, |section| {
            found = first_program(section).or(found);
        });
        if found.is_some() && found != self.map_pid {
            self.map_pid = found;
            self.map.interrupt();
        }
    }

    fn map(&mut self, packet: &Packet<'_>, samples: &mut Vec<Sample>) {
        let Some(payload) = packet.payload else {
            return;
        };
        let mut found = None;
        self.map.push(payload, packet.start, |section| {
            found = program(section).or(found.take());
        });
        let Some(found) = found.filter(|found| self.program.as_ref() != Some(found)) else {
            return;
        };
        if found.video.is_none() {
            self.failure = Some(Error::unsupported(format!(
                "the camera's stream holds no H.264 or H.265 pictures (it has stream types {:?})",
                found.others
            )));
            return;
        }
        self.end_of_file(true, samples);
        if let Some((pid, codec)) = found.video {
            match &mut self.video {
                Some((elementary, pictures)) if pictures.codec() == codec => elementary.pid = pid,
                _ => self.video = Some((Elementary::new(pid), Pictures::new(codec))),
            }
        }
        let pid = found.audio.filter(|_| self.with_audio);
        self.audio = pid.map(|pid| (Elementary::new(pid), Adts::new()));
        self.program = Some(found);
    }

    fn end_of_file(&mut self, whole: bool, samples: &mut Vec<Sample>) {
        let finish = |elementary: &mut Elementary| {
            let mut done = Vec::new();
            if !whole {
                elementary.assembler.interrupt();
                elementary.lost = elementary.lost.saturating_add(1);
            }
            elementary.assembler.finish(&mut done);
            elementary.continuity.restart();
            done
        };
        if let Some((elementary, _)) = &mut self.video {
            let done = finish(elementary);
            self.pictures(done, samples);
        }
        if let Some((elementary, _)) = &mut self.audio {
            let done = finish(elementary);
            self.sound(done, samples);
        }
        self.association.interrupt();
        self.map.interrupt();
    }

    fn pictures(&mut self, done: Vec<Unit>, samples: &mut Vec<Sample>) {
        let Some((elementary, pictures)) = &mut self.video else {
            return;
        };
        for unit in done {
            if unit.damaged {
                elementary.lost = elementary.lost.max(1);
                continue;
            }
            let Some(raw) = unit.pts else {
                elementary.lost = elementary.lost.saturating_add(1);
                continue;
            };
            let picture = pictures.picture(nal_units(&unit.data), unit.arrived);
            let (Some(picture), Some(format)) = (picture, pictures.format()) else {
                continue;
            };
            // DTS first: it rises, while the PTS goes to and fro.
            let dts = self.clock.push(unit.dts.unwrap_or(raw));
            let pts = if unit.dts.is_some() {
                self.clock.push(raw)
            } else {
                dts
            };
            samples.push(Sample {
                stream: Stream::Video,
                format,
                pts,
                dts,
                arrived: unit.arrived,
                keyframe: picture.keyframe,
                lost: core::mem::take(&mut elementary.lost),
                data: picture.data,
            });
        }
    }

    fn sound(&mut self, done: Vec<Unit>, samples: &mut Vec<Sample>) {
        let Some((elementary, adts)) = &mut self.audio else {
            return;
        };
        let mut frames = Vec::new();
        for unit in done {
            if unit.damaged {
                adts.interrupt();
                elementary.lost = elementary.lost.max(1);
                continue;
            }
            let pts = unit.pts.map(|raw| self.clock.push(raw));
            adts.push(&unit.data, pts, &mut frames);
            elementary.lost = elementary.lost.saturating_add(adts.take_skipped());
            for frame in frames.drain(..) {
                let format = match &self.audio_format {
                    Some((config, format)) if *config == frame.config => Rc::clone(format),
                    _ => {
                        let format = Rc::new(Format {
                            codec: "aac",
                            config: frame.config.bytes.clone(),
                            channels: frame.config.channels,
                            clock_rate: frame.config.rate,
                        });
                        self.audio_format = Some((frame.config, Rc::clone(&format)));
                        format
                    }
                };
                samples.push(Sample {
                    stream: Stream::Audio,
                    format,
                    pts: frame.pts,
                    dts: frame.pts,
                    arrived: unit.arrived,
                    keyframe: true,
                    lost: core::mem::take(&mut elementary.lost),
                    data: frame.data,
                });
            }
        }
    }
}
