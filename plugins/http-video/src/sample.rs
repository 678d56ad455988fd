//! What every demuxer gives, whatever container it reads.

use std::rc::Rc;

use padelvar_sdk::{Error, Microseconds};

/// Ticks a second of all times between demuxers and output (ISO/IEC 13818-1, section 2.4.3.7).
pub const TICKS: u32 = 90_000;

/// Which of the two streams of a camera.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    /// Pictures.
    Video,
    /// Sound.
    Audio,
}

/// What a decoder must know of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Format {
    /// As in `track.codec`.
    pub codec: &'static str,
    /// As in `track.config`: parameter sets behind lengths, or an `AudioSpecificConfig`.
    pub config: Vec<u8>,
    /// 0 for video.
    pub channels: u8,
    /// Ticks a second for the host: 90,000 for video, the sampling rate for sound.
    pub clock_rate: u32,
}

/// One picture or frame of sound, whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sample {
    /// Which stream.
    pub stream: Stream,
    /// In force from this sample on.
    pub format: Rc<Format>,
    /// Presentation time, unwrapped, 90 kHz.
    pub pts: u64,
    /// Decoding time, unwrapped, 90 kHz. Rises from sample to sample of a stream.
    pub dts: u64,
    /// When its first bytes arrived.
    pub arrived: Microseconds,
    /// Decoding can start here.
    pub keyframe: bool,
    /// Network packets or pictures known to be missing just before it.
    pub lost: u32,
    /// As in `packet.data`.
    pub data: Vec<u8>,
}

/// A demuxer of files that follow each other, such as segments.
pub trait Segmented: Demuxer {
    /// A file ends here and another one follows. `whole` says whether the end came where it
    /// should.
    fn end_of_file(&mut self, whole: bool, arrived: Microseconds, samples: &mut Vec<Sample>);

    /// Something is missing before the next picture.
    fn lost(&mut self, count: u32);
}

/// A container's way from bytes to samples.
pub trait Demuxer {
    /// Takes bytes as they came. An error ends the session.
    fn push(
        &mut self,
        bytes: &[u8],
        arrived: Microseconds,
        samples: &mut Vec<Sample>,
    ) -> Result<(), Error>;
}
