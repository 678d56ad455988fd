//! From tags to samples (sections E.4.2 and E.4.3).

use std::rc::Rc;

use padelvar_sdk::{Error, Microseconds};

use super::tags::{Kind, Tag, Tags};
use crate::audio::AacConfig;
use crate::clock::Unwrap;
use crate::sample::{Demuxer, Format, Sample, Stream};
use crate::video::config::{Configuration, avc, hevc, nal_units};
use crate::video::{Codec, Pictures};

/// Ticks of 90 kHz in a millisecond.
const MILLISECOND: u64 = 90;

/// See the module.
#[derive(Debug)]
pub struct FlvDemuxer {
    tags: Tags,
    streams: Streams,
}

#[derive(Debug)]
struct Streams {
    with_audio: bool,
    clock: Unwrap,
    pictures: Option<Pictures>,
    length_bytes: usize,
    lost: u32,
    audio_format: Option<Rc<Format>>,
}

/// What a tag of video says before its data.
struct VideoHeader<'a> {
    codec: Codec,
    configuration: bool,
    /// Milliseconds from decoding to presentation, signed.
    composition_ms: i32,
    data: &'a [u8],
}

impl FlvDemuxer {
    /// Sound is read only where it is wanted.
    pub fn new(with_audio: bool) -> Self {
        Self {
            tags: Tags::default(),
            streams: Streams {
                with_audio,
                clock: Unwrap::new(32),
                pictures: None,
                length_bytes: 4,
                lost: 0,
                audio_format: None,
            },
        }
    }
}

impl Demuxer for FlvDemuxer {
    fn push(
        &mut self,
        bytes: &[u8],
        arrived: Microseconds,
        samples: &mut Vec<Sample>,
    ) -> Result<(), Error> {
        let streams = &mut self.streams;
        self.tags.push(bytes, arrived, |tag| match tag.kind {
            Kind::Video => streams.video(&tag, samples),
            Kind::Audio => {
                streams.audio(&tag, samples);
                Ok(())
            }
        })?;
        let oversized = self.tags.take_oversized();
        self.streams.lost = self.streams.lost.saturating_add(oversized);
        Ok(())
    }
}

impl Streams {
    fn video(&mut self, tag: &Tag<'_>, samples: &mut Vec<Sample>) -> Result<(), Error> {
        let Some(header) = video_header(tag.data)? else {
            return Ok(());
        };
        let pictures = match &mut self.pictures {
            Some(pictures) if pictures.codec() == header.codec => pictures,
            pictures => pictures.insert(Pictures::new(header.codec)),
        };
        if header.configuration {
            let read = match header.codec {
                Codec::H264 => avc,
                Codec::H265 => hevc,
            };
            let Some(Configuration { length_bytes, sets }) = read(header.data) else {
                let message = "the camera's FLV says no configuration of its pictures";
                return Err(Error::protocol(message));
            };
            self.length_bytes = length_bytes;
            for set in sets {
                pictures.parameter_set(set);
            }
            return Ok(());
        }
        let units = nal_units(header.data, self.length_bytes);
        let picture = pictures.picture(units, tag.arrived);
        let (Some(picture), Some(format)) = (picture, pictures.format()) else {
            return Ok(());
        };
        let dts = self.clock.push(u64::from(tag.timestamp)) * MILLISECOND;
        let offset = i64::from(header.composition_ms) * MILLISECOND as i64;
        samples.push(Sample {
            stream: Stream::Video,
            format,
            pts: dts.saturating_add_signed(offset),
            dts,
            arrived: tag.arrived,
            keyframe: picture.keyframe,
            lost: core::mem::take(&mut self.lost),
            data: picture.data,
        });
        Ok(())
    }

    fn audio(&mut self, tag: &Tag<'_>, samples: &mut Vec<Sample>) {
        if !self.with_audio {
            return;
        }
        let (Some(sound), Some(&flags)) = (tag.data.get(1..), tag.data.first()) else {
            return;
        };
        let data = match flags >> 4 {
            10 => match sound.split_first() {
                Some((0, config)) => {
                    self.aac(config);
                    return;
                }
                Some((1, data)) => data,
                _ => return,
            },
            // G.711 is always 8 kHz, whatever the flags say; the last one means stereo.
            kind @ (7 | 8) => {
                let format = Format {
                    codec: if kind == 7 { "pcma" } else { "pcmu" },
                    config: Vec::new(),
                    channels: 1 + (flags & 1),
                    clock_rate: 8_000,
                };
                self.audio_is(format);
                sound
            }
            _ => return,
        };
        let Some(format) = self.audio_format.clone().filter(|_| !data.is_empty()) else {
            return;
        };
        let pts = self.clock.push(u64::from(tag.timestamp)) * MILLISECOND;
        samples.push(Sample {
            stream: Stream::Audio,
            format,
            pts,
            dts: pts,
            arrived: tag.arrived,
            keyframe: true,
            lost: 0,
            data: data.to_vec(),
        });
    }

    fn aac(&mut self, config: &[u8]) {
        if let Some(config) = AacConfig::parse(config) {
            self.audio_is(Format {
                codec: "aac",
                channels: config.channels,
                clock_rate: config.rate,
                config: config.bytes,
            });
        }
    }

    fn audio_is(&mut self, format: Format) {
        if self.audio_format.as_deref() != Some(&format) {
            self.audio_format = Some(Rc::new(format));
        }
    }
}

/// None for a tag without pictures, such as the end of a sequence.
fn video_header(tag: &[u8]) -> Result<Option<VideoHeader<'_>>, Error> {
    let Some((&flags, rest)) = tag.split_first() else {
        return Ok(None);
    };
    if flags & 0x80 != 0 {
        return enhanced(flags & 0xf, rest);
    }
    // A command of the server, not a picture.
    if flags >> 4 == 5 {
        return Ok(None);
    }
    let codec = match flags & 0xf {
        7 => Codec::H264,
        // As many encoders wrote it before there was a standard.
        12 => Codec::H265,
        other => return Err(other_codec(format_args!("number {other}"))),
    };
    let &[kind, c1, c2, c3, ref data @ ..] = rest else {
        return Ok(None);
    };
    Ok((kind < 2).then(|| VideoHeader {
        codec,
        configuration: kind == 0,
        composition_ms: signed(c1, c2, c3),
        data,
    }))
}

/// Enhanced RTMP: a four-letter code instead of a number.
fn enhanced(kind: u8, rest: &[u8]) -> Result<Option<VideoHeader<'_>>, Error> {
    let Some((code, rest)) = rest.split_first_chunk::<4>() else {
        return Ok(None);
    };
    let codec = match code {
        b"avc1" => Codec::H264,
        b"hvc1" => Codec::H265,
        other => {
            let name = String::from_utf8_lossy(other);
            return Err(other_codec(format_args!("{name:?}")));
        }
    };
    let (composition_ms, data) = match (kind, rest) {
        (0 | 3, data) => (0, data),
        (1, &[c1, c2, c3, ref data @ ..]) => (signed(c1, c2, c3), data),
        _ => return Ok(None),
    };
    Ok(Some(VideoHeader {
        codec,
        configuration: kind == 0,
        composition_ms,
        data,
    }))
}

fn other_codec(name: core::fmt::Arguments<'_>) -> Error {
    Error::unsupported(format!(
        "the camera's FLV holds pictures of another codec than H.264 and H.265 ({name})"
    ))
}

/// 24 bits with a sign.
fn signed(high: u8, middle: u8, low: u8) -> i32 {
    i32::from_be_bytes([high, middle, low, 0]) >> 8
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
