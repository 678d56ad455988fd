//! Codecs whose RTP payload is one frame as it stands: G.711 (RFC 3551, section
//! 4.5.14) and Opus (RFC 7587, section 4.2).

use crate::depacketiser::{Depacketiser, Frame, Output};
use crate::rtp::{Delivery, Rtp};

/// See the module.
#[derive(Debug)]
pub struct Whole {
    codec: &'static str,
}

impl Whole {
    /// Of the codec with that name.
    pub fn new(codec: &'static str) -> Self {
        Self { codec }
    }
}

impl Depacketiser for Whole {
    fn push(&mut self, rtp: &Rtp<'_>, delivery: Delivery, output: &mut Output) {
        // Some cameras send empty packets to keep the way open.
        if !rtp.payload.is_empty() {
            output.frames.push(Frame {
                data: rtp.payload.to_vec(),
                timestamp: rtp.timestamp,
                arrived: delivery.arrived,
                keyframe: true,
            });
        }
    }

    fn codec(&self) -> &'static str {
        self.codec
    }

    fn config(&self) -> Option<Vec<u8>> {
        Some(Vec::new())
    }

    fn generation(&self) -> u32 {
        0
    }
}
