//! RTP payload structures (RFC 7798, section 4.4), without decoding order numbers:
//! descriptions that announce those are refused.

use super::super::assemble::Assembler;
use super::nal::{Hevc, kind_number};
use crate::depacketiser::{Depacketiser, Output};
use crate::rtp::{Delivery, Rtp};

/// Aggregation packet.
const AP: u8 = 48;
/// Fragmentation unit.
const FU: u8 = 49;
/// Payload content information.
const PACI: u8 = 50;

const SHORT: &str = "the camera sends H.265 packets that are cut short";
const EXTENDED: &str = "the camera sends H.265 packets with extensions (PACI); they are skipped";

/// An H.265 stream.
#[derive(Debug, Default)]
pub struct H265 {
    assembler: Assembler<Hevc>,
    /// Type of the NAL unit whose fragments are coming.
    fragment: Option<u8>,
}

impl H265 {
    /// With the parameter sets of the session description.
    pub fn new<'a>(parameter_sets: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut this = Self::default();
        for set in parameter_sets {
            this.assembler.parameters.insert(set);
        }
        this
    }

    fn damaged(&mut self, oddity: &'static str, output: &mut Output) {
        output.oddities.push(oddity);
        self.assembler.damage();
    }

    fn aggregate(&mut self, mut rest: &[u8], output: &mut Output) {
        while !rest.is_empty() {
            let unit = rest.split_first_chunk::<2>().and_then(|(size, after)| {
                after.split_at_checked(usize::from(u16::from_be_bytes(*size)))
            });
            let Some((unit, after)) = unit else {
                self.damaged(SHORT, output);
                return;
            };
            rest = after;
            // An aggregate in an aggregate is not allowed (section 4.4.2).
            if unit.first().is_some_and(|first| kind_number(*first) < AP) {
                self.assembler.nal(unit, output);
            }
        }
    }

    fn fragment(&mut self, payload: &[u8], output: &mut Output) {
        let [first, second, header, piece @ ..] = payload else {
            self.damaged(SHORT, output);
            return;
        };
        let (start, end, kind) = (header & 0x80 != 0, header & 0x40 != 0, header & 0x3f);
        if start {
            let nal_header = [first & 0x81 | kind << 1, *second];
            self.assembler.begin(&nal_header, piece);
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

impl Depacketiser for H265 {
    fn push(&mut self, rtp: &Rtp<'_>, delivery: Delivery, output: &mut Output) {
        if delivery.gap {
            self.fragment = None;
        }
        self.assembler
            .packet(rtp.timestamp, delivery.arrived, delivery.gap, output);
        let Some(&first) = rtp.payload.first() else {
            // Some cameras send empty packets to keep the way open.
            return;
        };
        let kind = kind_number(first);
        if kind != FU {
            self.fragment = None;
            self.assembler.interrupt();
        }
        match kind {
            AP => self.aggregate(rtp.payload.get(2..).unwrap_or_default(), output),
            FU => self.fragment(rtp.payload, output),
            PACI => self.damaged(EXTENDED, output),
            // Undefined.
            51.. => {}
            _ => self.assembler.nal(rtp.payload, output),
        }
        if rtp.marker {
            self.assembler.marker(output);
        }
    }

    fn codec(&self) -> &'static str {
        "h265"
    }

    fn config(&self) -> Option<Vec<u8>> {
        let parameters = &self.assembler.parameters;
        parameters.is_complete().then(|| parameters.config())
    }

    fn generation(&self) -> u32 {
        self.assembler.parameters.generation()
    }
}
