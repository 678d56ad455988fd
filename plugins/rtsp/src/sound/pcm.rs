//! Sound that is handed on as samples: 16 bits, signed, little-endian, interleaved.

use super::g726::{Decoder, Order, code_words};
use crate::depacketiser::{Depacketiser, Frame, Output};
use crate::rtp::{Delivery, Rtp};

/// How samples come.
#[derive(Debug)]
pub enum Samples {
    /// 16 bits, signed, big-endian (RFC 3551, section 4.5.11).
    L16,
    /// 8 bits with an offset of 128 (RFC 3551, section 4.5.10).
    L8,
    /// Code words of G.726.
    G726 {
        /// Goes on from packet to packet.
        decoder: Box<Decoder>,
        /// How they lie in bytes.
        order: Order,
    },
}

impl Samples {
    /// G.726 with 2 to 5 bits a code word.
    pub fn g726(bits: u8, order: Order) -> Self {
        let decoder = Box::new(Decoder::new(bits));
        Self::G726 { decoder, order }
    }

    fn decode(&mut self, payload: &[u8]) -> Vec<u8> {
        match self {
            Self::L16 => {
                let (pairs, _) = payload.as_chunks::<2>();
                pairs.iter().flat_map(|&[high, low]| [low, high]).collect()
            }
            Self::L8 => payload
                .iter()
                .flat_map(|byte| [0, byte.wrapping_sub(128)])
                .collect(),
            Self::G726 { decoder, order } => code_words(payload, decoder.bits(), *order)
                .flat_map(|word| decoder.sample(word).to_le_bytes())
                .collect(),
        }
    }
}

/// See the module.
#[derive(Debug)]
pub struct Pcm {
    samples: Samples,
    /// Bytes of one sample of all channels, as they are handed on.
    group_bytes: usize,
}

impl Pcm {
    /// So many channels.
    pub fn new(samples: Samples, channels: u8) -> Self {
        Self {
            samples,
            group_bytes: 2 * usize::from(channels.max(1)),
        }
    }
}

impl Depacketiser for Pcm {
    fn push(&mut self, rtp: &Rtp<'_>, delivery: Delivery, output: &mut Output) {
        let mut data = self.samples.decode(rtp.payload);
        data.truncate(data.len() / self.group_bytes * self.group_bytes);
        if !data.is_empty() {
            output.frames.push(Frame {
                data,
                timestamp: rtp.timestamp,
                arrived: delivery.arrived,
                keyframe: true,
            });
        }
    }

    fn codec(&self) -> &'static str {
        "pcm"
    }

    fn config(&self) -> Option<Vec<u8>> {
        Some(Vec::new())
    }

    fn generation(&self) -> u32 {
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples() {
        assert_eq!(Samples::L16.decode(&[1, 2, 3, 4, 5]), [2, 1, 4, 3]);
        assert_eq!(Samples::L8.decode(&[0, 128, 255]), [0, 128, 0, 0, 0, 127]);
        let mut g726 = Samples::g726(5, Order::LowFirst);
        assert_eq!(g726.decode(&[0; 5]).len(), 16);
    }
}
