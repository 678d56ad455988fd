//! What every codec's way out of RTP has in common.

use padelvar_sdk::Microseconds;

use crate::rtp::{Delivery, Rtp};

/// One picture, or one frame of sound, whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// As in `packet.data`.
    pub data: Vec<u8>,
    /// As in RTP, in ticks of the stream's clock.
    pub timestamp: u32,
    /// When its first packet arrived.
    pub arrived: Microseconds,
    /// Decoding can start here: what `packet.keyframe` promises holds.
    pub keyframe: bool,
}

/// What became of one packet.
#[derive(Debug, Default)]
pub struct Output {
    /// Frames that are complete now, mostly none or one.
    pub frames: Vec<Frame>,
    /// Frames that were thrown away because a part of them is missing.
    pub dropped: u32,
    /// Oddities to tell, once a session each.
    pub oddities: Vec<&'static str>,
}

/// A codec's way out of RTP. One value a stream.
pub trait Depacketiser {
    /// Takes the next packet in order.
    fn push(&mut self, rtp: &Rtp<'_>, delivery: Delivery, output: &mut Output);

    /// The name of the codec in `track.codec`.
    fn codec(&self) -> &'static str;

    /// As in `track.config`. None while it is not known: until then nobody can decode
    /// anything.
    fn config(&self) -> Option<Vec<u8>>;

    /// A number that changes with `config`.
    fn generation(&self) -> u32;
}
