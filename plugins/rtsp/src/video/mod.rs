//! From RTP payloads to whole pictures.

mod annexb;
mod h264;
mod unit;

pub use self::annexb::nal_units;
pub use self::h264::H264;

use padelvar_sdk::Microseconds;

use crate::rtp::{Delivery, Rtp};

/// One access unit, whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// NAL units, each behind its length as four bytes.
    pub data: Vec<u8>,
    /// As in RTP.
    pub timestamp: u32,
    /// When its first packet arrived.
    pub arrived: Microseconds,
    /// Decoding can start here: the parameter sets stand at its start.
    pub keyframe: bool,
}

/// What became of one packet.
#[derive(Debug, Default)]
pub struct Output {
    /// Pictures that are complete now, mostly none or one.
    pub pictures: Vec<Picture>,
    /// Pictures that were thrown away because a part of them is missing.
    pub dropped: u32,
    /// Oddities to tell, once a session each.
    pub oddities: Vec<&'static str>,
}

/// A codec's way into RTP. One value a stream.
pub trait Depacketiser {
    /// Takes the next packet in order.
    fn push(&mut self, rtp: &Rtp<'_>, delivery: Delivery, output: &mut Output);

    /// The name of the codec in `track.codec`.
    fn codec(&self) -> &'static str;

    /// The current parameter sets as in `track.config`; empty while incomplete.
    fn config(&self) -> Vec<u8>;

    /// A number that changes with `config`.
    fn generation(&self) -> u32;
}
