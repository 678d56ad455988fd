//! From segments to samples.

use std::collections::VecDeque;
use std::rc::Rc;

use padelvar_sdk::buffer::Buffer;
use padelvar_sdk::{Error, Microseconds};

use super::fragment::{Defaults, Piece, pieces};
use super::init::{Content, tracks};
use crate::clock::BASE;
use crate::sample::{Demuxer, Format, Sample, Segmented, Stream};
use crate::video::config::nal_units;
use crate::video::{MAX_PICTURE_BYTES, Pictures};

/// The description of a fragment of some seconds is some kilobytes long.
const MAX_FRAGMENT_BYTES: u64 = 1024 * 1024;

/// Times are taken modulo 2^40 ticks of 90 kHz, which are 141 days.
const TIME_MASK: u64 = (1 << 40) - 1;

/// See the module.
#[derive(Debug, Default)]
pub struct Mp4Demuxer {
    with_audio: bool,
    /// Pictures are left out.
    only_audio: bool,
    video: Option<Video>,
    audio: Option<Audio>,
    buffer: Buffer,
    /// Place of the buffer's start in its file.
    at: u64,
    /// Bytes that are of no use.
    skip: u64,
    /// Where the box of samples ends that is being read.
    samples_until: Option<u64>,
    pieces: VecDeque<Piece>,
    lost: u32,
}

#[derive(Debug)]
struct Video {
    id: u32,
    timescale: u32,
    defaults: Defaults,
    length_bytes: usize,
    pictures: Pictures,
}

#[derive(Debug)]
struct Audio {
    id: u32,
    timescale: u32,
    defaults: Defaults,
    format: Rc<Format>,
}

impl Mp4Demuxer {
    /// Sound is read only where it is wanted.
    pub fn new(with_audio: bool) -> Self {
        Self {
            with_audio,
            ..Self::default()
        }
    }

    /// For files of sound: pictures are left out.
    pub fn of_sound() -> Self {
        Self {
            with_audio: true,
            only_audio: true,
            ..Self::default()
        }
    }

    /// Takes the initialisation segment, whole.
    pub fn init(&mut self, file: &[u8]) -> Result<(), Error> {
        (self.video, self.audio) = (None, None);
        for track in tracks(file)? {
            let (id, timescale) = (track.id, track.timescale);
            let defaults = Defaults {
                duration: track.duration,
                size: track.size,
            };
            match track.content {
                Content::Video(codec, configuration)
                    if self.video.is_none() && !self.only_audio =>
                {
                    let mut pictures = Pictures::new(codec);
                    for set in configuration.sets {
                        pictures.parameter_set(set);
                    }
                    self.video = Some(Video {
                        id,
                        timescale,
                        defaults,
                        length_bytes: configuration.length_bytes,
                        pictures,
                    });
                }
                Content::Audio(config) if self.with_audio && self.audio.is_none() => {
                    let format = Rc::new(Format {
                        codec: "aac",
                        channels: config.channels,
                        clock_rate: config.rate,
                        config: config.bytes,
                    });
                    self.audio = Some(Audio {
                        id,
                        timescale,
                        defaults,
                        format,
                    });
                }
                _ => {}
            }
        }
        if self.only_audio && self.audio.is_none() {
            return Err(Error::unsupported("the camera's MP4 holds no AAC"));
        }
        if self.video.is_none() && !self.only_audio {
            let message = "the camera's MP4 holds no H.264 or H.265 pictures";
            return Err(Error::unsupported(message));
        }
        Ok(())
    }

    /// Reads the header of the next box. Whether there is more to do.
    fn next_box(&mut self) -> Result<bool, Error> {
        let &[s1, s2, s3, s4, k1, k2, k3, k4, ref rest @ ..] = self.buffer.bytes() else {
            return Ok(false);
        };
        let short = u32::from_be_bytes([s1, s2, s3, s4]);
        let (header, size) = match (short, rest.first_chunk::<8>()) {
            // To the end of the file.
            (0, _) => (8, u64::MAX),
            (1, None) => return Ok(false),
            (1, Some(long)) => (16, u64::from_be_bytes(*long)),
            (size, _) => (8, u64::from(size)),
        };
        if size < header {
            return Err(Error::protocol("the camera's MP4 is damaged"));
        }
        match &[k1, k2, k3, k4] {
            b"moof" if size > MAX_FRAGMENT_BYTES => {
                return Err(Error::protocol(
                    "a fragment of the camera's MP4 is too large",
                ));
            }
            b"moof" => {
                let Some(whole) = self.buffer.bytes().get(header as usize..size as usize) else {
                    return Ok(false);
                };
                let defaults = |id| {
                    let video = self.video.as_ref().filter(|video| video.id == id);
                    let audio = self.audio.as_ref().filter(|audio| audio.id == id);
                    video
                        .map(|video| video.defaults)
                        .or(audio.map(|audio| audio.defaults))
                };
                self.pieces = pieces(whole, self.at, defaults).into();
                self.pass(size);
            }
            b"mdat" => {
                self.samples_until = Some(self.at.saturating_add(size));
                self.pass(header);
            }
            _ => self.pass(size),
        }
        Ok(true)
    }

    /// Goes on behind `count` bytes, of which some may be still to come.
    fn pass(&mut self, count: u64) {
        let there = count.min(self.buffer.len() as u64);
        self.buffer.consume(there as usize);
        self.at = self.at.saturating_add(there);
        self.skip = count - there;
    }

    /// Reads samples. Whether there is more to do.
    fn next_sample(&mut self, end: u64, arrived: Microseconds, samples: &mut Vec<Sample>) -> bool {
        let Some(piece) = self
            .pieces
            .front()
            .copied()
            .filter(|piece| piece.offset < end)
        else {
            self.samples_until = None;
            self.pass(end.saturating_sub(self.at));
            return true;
        };
        let size = piece.size as usize;
        let wrong = piece.offset < self.at
            || size > MAX_PICTURE_BYTES
            || piece.offset.saturating_add(size as u64) > end;
        if wrong {
            self.pieces.pop_front();
            self.lost = self.lost.saturating_add(1);
        } else if piece.offset > self.at {
            self.pass(piece.offset - self.at);
        } else if self.buffer.len() >= size {
            let data = self.buffer.take(size).bytes;
            self.at += size as u64;
            self.pieces.pop_front();
            samples.extend(self.sample(piece, data, arrived));
        } else {
            return false;
        }
        true
    }

    fn sample(&mut self, piece: Piece, data: Vec<u8>, arrived: Microseconds) -> Option<Sample> {
        if let Some(video) = self.video.as_mut().filter(|video| video.id == piece.track) {
            let units = nal_units(&data, video.length_bytes);
            let picture = video.pictures.picture(units, arrived)?;
            let dts = ticks(piece.dts, video.timescale);
            let offset = i64::from(piece.composition) * 90_000 / i64::from(video.timescale);
            return Some(Sample {
                stream: Stream::Video,
                format: video.pictures.format()?,
                pts: dts.saturating_add_signed(offset),
                dts,
                arrived,
                keyframe: picture.keyframe,
                lost: core::mem::take(&mut self.lost),
                data: picture.data,
            });
        }
        let audio = self
            .audio
            .as_ref()
            .filter(|audio| audio.id == piece.track)?;
        let pts = ticks(piece.dts, audio.timescale);
        (!data.is_empty()).then(|| Sample {
            stream: Stream::Audio,
            format: Rc::clone(&audio.format),
            pts,
            dts: pts,
            arrived,
            keyframe: true,
            lost: 0,
            data,
        })
    }
}

/// As 90 kHz.
fn ticks(time: u64, timescale: u32) -> u64 {
    let ticks = u128::from(time) * 90_000 / u128::from(timescale.max(1));
    BASE + (ticks as u64 & TIME_MASK)
}

impl Demuxer for Mp4Demuxer {
    fn push(
        &mut self,
        bytes: &[u8],
        arrived: Microseconds,
        samples: &mut Vec<Sample>,
    ) -> Result<(), Error> {
        let skipped = self.skip.min(bytes.len() as u64);
        self.skip -= skipped;
        self.at = self.at.saturating_add(skipped);
        self.buffer
            .push(bytes[skipped as usize..].to_vec(), arrived);
        while self.skip == 0 {
            let more = match self.samples_until {
                Some(end) => self.next_sample(end, arrived, samples),
                None => self.next_box()?,
            };
            if !more {
                break;
            }
        }
        Ok(())
    }
}

impl Segmented for Mp4Demuxer {
    fn end_of_file(&mut self, whole: bool, _: Microseconds, _: &mut Vec<Sample>) {
        if !whole || !self.pieces.is_empty() {
            self.lost = self.lost.saturating_add(1);
        }
        self.buffer.consume(self.buffer.len());
        (self.at, self.skip, self.samples_until) = (0, 0, None);
        self.pieces.clear();
    }

    fn lost(&mut self, count: u32) {
        self.lost = self.lost.saturating_add(count);
    }
}
