//! Telling the host of tracks and samples.

use std::rc::Rc;

use padelvar_sdk::{Io, Microseconds, Packet, Track};

use crate::clock::rescale;
use crate::sample::{Format, Sample, Stream};

const VIDEO_TRACK: u32 = 0;
const AUDIO_TRACK: u32 = 1;

/// Losses are told together, this far apart: a bad line loses packets all the time.
const LOSS_LOG_US: Microseconds = 10_000_000;

/// The way to the host.
#[derive(Debug)]
pub struct Output {
    io: Io,
    video: Option<Rc<Format>>,
    audio: Option<Rc<Format>>,
    /// When the last picture was handed over.
    last_picture: Option<Microseconds>,
    lost: u32,
    told_at: Option<Microseconds>,
}

impl Output {
    /// Nothing told yet.
    pub fn new(io: &Io) -> Self {
        Self {
            io: io.clone(),
            video: None,
            audio: None,
            last_picture: None,
            lost: 0,
            told_at: None,
        }
    }

    /// When the last picture was handed over, on the host's clock.
    pub fn last_picture(&self) -> Option<Microseconds> {
        self.last_picture
    }

    /// Hands one sample over. Sound before the first picture is left out: a camera without
    /// pictures is of no use.
    pub fn emit(&mut self, sample: Sample) {
        let known = match sample.stream {
            Stream::Audio if self.video.is_none() => return,
            Stream::Audio => &mut self.audio,
            Stream::Video => &mut self.video,
        };
        if known.as_deref() != Some(&*sample.format) {
            *known = Some(Rc::clone(&sample.format));
            self.announce();
        }
        let track = match sample.stream {
            Stream::Video => VIDEO_TRACK,
            Stream::Audio => AUDIO_TRACK,
        };
        if sample.stream == Stream::Video {
            self.last_picture = Some(self.io.now());
            self.lost = self.lost.saturating_add(sample.lost);
            self.tell_losses();
        }
        self.io.emit(Packet {
            track,
            timestamp: Some(rescale(sample.pts, sample.format.clock_rate)),
            arrived: sample.arrived,
            keyframe: sample.keyframe,
            lost_before: sample.lost,
            data: sample.data,
        });
    }

    fn announce(&self) {
        let track = |id, format: &Rc<Format>| Track {
            id,
            codec: format.codec.to_owned(),
            clock_rate: format.clock_rate,
            config: format.config.clone(),
            channels: format.channels,
        };
        let video = self.video.iter().map(|format| track(VIDEO_TRACK, format));
        let audio = self.audio.iter().map(|format| track(AUDIO_TRACK, format));
        self.io.tracks(video.chain(audio).collect());
    }

    fn tell_losses(&mut self) {
        let now = self.io.now();
        let due = self
            .told_at
            .is_none_or(|at| now.saturating_sub(at) >= LOSS_LOG_US);
        if self.lost > 0 && due {
            self.io
                .info(format_args!("{} packets or pictures lost", self.lost));
            self.lost = 0;
            self.told_at = Some(now);
        }
    }
}
