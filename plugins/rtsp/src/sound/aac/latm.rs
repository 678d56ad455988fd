//! `MP4A-LATM` (RFC 6416, section 6) whose configuration stands in the session
//! description (`cpresent=0`).

use padelvar_sdk::Microseconds;

use super::{AudioConfig, MAX_UNIT_BYTES, TOO_LARGE};
use crate::bits::Bits;
use crate::depacketiser::{Depacketiser, Frame, Output};
use crate::rtp::{Delivery, Rtp};

const SHORT: &str = "the camera sends AAC packets that are cut short";

/// The `AudioSpecificConfig` within a `StreamMuxConfig` (ISO/IEC 14496-3, section
/// 1.7.3): one program of one layer whose frames have a length of their own. None for
/// anything else.
pub fn mux_config(bytes: &[u8]) -> Option<AudioConfig> {
    let mut bits = Bits::new(bytes);
    // audioMuxVersion, allStreamsSameTimeFraming
    if (bits.take(1)?, bits.take(1)?) != (0, 1) {
        return None;
    }
    // numSubFrames counts what the lengths in the packets say, too.
    bits.take(6)?;
    // numProgram, numLayer
    if (bits.take(4)?, bits.take(3)?) != (0, 0) {
        return None;
    }
    let config = AudioConfig::parse_within(&mut bits)?;
    // frameLengthType
    (bits.take(3)? == 0).then_some(config)
}

/// A stream of AAC.
#[derive(Debug)]
pub struct Latm {
    config: AudioConfig,
    /// Ticks of the RTP clock a unit.
    unit_ticks: u32,
    element: Option<Element>,
}

/// Audio mux elements up to the marker.
#[derive(Debug)]
struct Element {
    data: Vec<u8>,
    timestamp: u32,
    arrived: Microseconds,
}

impl Latm {
    /// `clock_rate`: of RTP's timestamps, in ticks a second.
    pub fn new(config: AudioConfig, clock_rate: u32) -> Self {
        let ticks = u64::from(config.unit_samples) * u64::from(clock_rate) / u64::from(config.rate);
        Self {
            config,
            unit_ticks: ticks as u32,
            element: None,
        }
    }

    fn drop_element(&mut self, output: &mut Output) {
        output.dropped += u32::from(self.element.take().is_some());
    }

    fn finish(&self, element: &Element, output: &mut Output) {
        let mut rest = element.data.as_slice();
        let mut timestamp = element.timestamp;
        while !rest.is_empty() {
            let unit = length(&mut rest).and_then(|len| rest.split_at_checked(len));
            let Some((unit, after)) = unit else {
                output.oddities.push(SHORT);
                output.dropped += 1;
                return;
            };
            rest = after;
            if !unit.is_empty() {
                output.frames.push(Frame {
                    data: unit.to_vec(),
                    timestamp,
                    arrived: element.arrived,
                    keyframe: true,
                });
            }
            timestamp = timestamp.wrapping_add(self.unit_ticks);
        }
    }
}

/// `PayloadLengthInfo`: bytes that are added up, up to one that is not 255.
fn length(rest: &mut &[u8]) -> Option<usize> {
    let mut len = 0;
    loop {
        let (&byte, after) = rest.split_first()?;
        *rest = after;
        len += usize::from(byte);
        if byte != 255 {
            return Some(len);
        }
    }
}

impl Depacketiser for Latm {
    fn push(&mut self, rtp: &Rtp<'_>, delivery: Delivery, output: &mut Output) {
        let other = |element: &Element| element.timestamp != rtp.timestamp;
        if delivery.gap || self.element.as_ref().is_some_and(other) {
            self.drop_element(output);
        }
        if rtp.payload.is_empty() {
            return;
        }
        let mut element = self.element.take().unwrap_or(Element {
            data: Vec::new(),
            timestamp: rtp.timestamp,
            arrived: delivery.arrived,
        });
        if element.data.len() + rtp.payload.len() > 4 * MAX_UNIT_BYTES {
            output.oddities.push(TOO_LARGE);
            output.dropped += 1;
            return;
        }
        element.data.extend_from_slice(rtp.payload);
        if rtp.marker {
            self.finish(&element, output);
        } else {
            self.element = Some(element);
        }
    }

    fn codec(&self) -> &'static str {
        "aac"
    }

    fn config(&self) -> Option<Vec<u8>> {
        Some(self.config.bytes.clone())
    }

    fn generation(&self) -> u32 {
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn configurations() {
        // As a camera writes it: AAC-LC, 16,000, one channel.
        let config = mux_config(&[0x40, 0x00, 0x28, 0x10, 0x3f, 0xc0]).expect("AAC");
        assert_eq!((config.rate, config.channels), (16_000, 1));
        assert_eq!(config.bytes, [0x14, 0x08]);
        assert_eq!(mux_config(&[0xc0, 0x00, 0x28, 0x10, 0x3f, 0xc0]), None);
        assert_eq!(mux_config(&[0x40, 0x00]), None);
    }

    #[test]
    fn lengths() {
        for (mut bytes, len) in [
            (&[5u8, 1][..], Some(5)),
            (&[255, 0], Some(255)),
            (&[255, 255, 3], Some(513)),
            (&[255], None),
            (&[], None),
        ] {
            assert_eq!(length(&mut bytes), len);
        }
    }
}
