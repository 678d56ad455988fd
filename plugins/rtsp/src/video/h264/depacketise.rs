//! RTP payload structures (RFC 6184, section 5).

use super::super::assemble::Assembler;
use super::nal::Avc;
use crate::depacketiser::{Depacketiser, Output};
use crate::rtp::{Delivery, Rtp};

const STAP_A: u8 = 24;
const FU_A: u8 = 28;

const INTERLEAVED: &str = "the camera sends H.264 in interleaved mode, which is not supported";
const SHORT: &str = "the camera sends H.264 packets that are cut short";

/// An H.264 stream.
#[derive(Debug, Default)]
pub struct H264 {
    assembler: Assembler<Avc>,
    /// Type of the NAL unit whose fragments are coming.
    fragment: Option<u8>,
}

impl H264 {
    /// With the parameter sets of the session description.
    pub fn new<'a>(parameter_sets: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut this = Self::default();
        for set in parameter_sets {
            this.assembler.parameters.insert(set);
        }
        this
    }

    fn aggregate(&mut self, mut rest: &[u8], output: &mut Output) {
        while !rest.is_empty() {
            let unit = rest.split_first_chunk::<2>().and_then(|(size, after)| {
                after.split_at_checked(usize::from(u16::from_be_bytes(*size)))
            });
            let Some((unit, after)) = unit else {
                output.oddities.push(SHORT);
                self.assembler.damage();
                return;
            };
            rest = after;
            // An aggregate in an aggregate is not allowed (section 5.7).
            if unit
                .first()
                .is_some_and(|header| matches!(header & 0x1f, 1..=23))
            {
                self.assembler.nal(unit, output);
            }
        }
    }

    fn fragment(&mut self, indicator: u8, payload: &[u8], output: &mut Output) {
        let [_, header, piece @ ..] = payload else {
            output.oddities.push(SHORT);
            self.assembler.damage();
            return;
        };
        let (start, end, kind) = (header & 0x80 != 0, header & 0x40 != 0, header & 0x1f);
        if start {
            self.assembler.begin(&[indicator & 0xe0 | kind], piece);
            self.fragment = Some(kind);
        } else if self.fragment == Some(kind) {
            self.assembler.extend(piece);
        } else {
            self.fragment = None;
            self.assembler.damage();
        }
        if end && self.fragment.take().is_some() {
            self.assembler.end(output);
        }
    }
}

impl Depacketiser for H264 {
    fn push(&mut self, rtp: &Rtp<'_>, delivery: Delivery, output: &mut Output) {
        if delivery.gap {
            self.fragment = None;
        }
        self.assembler
            .packet(rtp.timestamp, delivery.arrived, delivery.gap, output);
        let Some(&indicator) = rtp.payload.first() else {
            // Some cameras send empty packets to keep the way open.
            return;
        };
        let kind = indicator & 0x1f;
        if kind != FU_A {
            self.fragment = None;
            self.assembler.interrupt();
        }
        match kind {
            1..=23 => self.assembler.nal(rtp.payload, output),
            STAP_A => self.aggregate(&rtp.payload[1..], output),
            FU_A => self.fragment(indicator, rtp.payload, output),
            // STAP-B, MTAP and FU-B: packetization mode 2. The rest is undefined.
            25..=27 | 29 => {
                output.oddities.push(INTERLEAVED);
                self.assembler.damage();
            }
            _ => {}
        }
        if rtp.marker {
            self.assembler.marker(output);
        }
    }

    fn codec(&self) -> &'static str {
        "h264"
    }

    fn config(&self) -> Option<Vec<u8>> {
        let parameters = &self.assembler.parameters;
        parameters.is_complete().then(|| parameters.config())
    }

    fn generation(&self) -> u32 {
        self.assembler.parameters.generation()
    }
}
