//! `AudioSpecificConfig` (ISO/IEC 14496-3, section 1.6.2.1).

use crate::bits::Bits;

/// Sampling rates by their index (table 1.18).
pub const FREQUENCIES: [u32; 13] = [
    96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000,
    7_350,
];

/// Longest that is taken: with a program config element for many channels.
const MAX_BYTES: usize = 256;

/// What the configuration says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AacConfig {
    /// The configuration itself.
    pub bytes: Vec<u8>,
    /// Samples a second.
    pub rate: u32,
    /// At least 1.
    pub channels: u8,
}

impl AacConfig {
    /// Of what an ADTS header says. None for a reserved index.
    pub fn new(object_type: u8, frequency_index: u8, channel_configuration: u8) -> Option<Self> {
        let rate = *FREQUENCIES.get(usize::from(frequency_index))?;
        Some(Self {
            bytes: vec![
                object_type << 3 | frequency_index >> 1,
                frequency_index << 7 | channel_configuration << 3,
            ],
            rate,
            channels: channels(channel_configuration),
        })
    }

    /// Reads one. The rate is that of the core where SBR follows.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        if bytes.len() > MAX_BYTES {
            return None;
        }
        // Two zero bytes before a 3 are no emulation prevention here, but neither do they
        // stand within the first fields of any stream.
        let mut bits = Bits::new(bytes);
        if bits.number(5)? == 31 {
            bits.number(6)?;
        }
        let rate = match bits.number(4)? {
            15 => bits.number(24)?,
            index => *FREQUENCIES.get(index as usize)?,
        };
        let channels = channels(bits.number(4)? as u8);
        (1..=192_000).contains(&rate).then(|| Self {
            bytes: bytes.to_vec(),
            rate,
            channels,
        })
    }
}

/// Of a channel configuration (table 1.19). 0 stands for what a program config element says,
/// which is taken as stereo.
fn channels(configuration: u8) -> u8 {
    match configuration {
        0 => 2,
        7 => 8,
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn made_and_read() {
        let made = AacConfig::new(2, 4, 2).unwrap();
        assert_eq!(made.bytes, [0x12, 0x10]);
        assert_eq!(AacConfig::parse(&[0x12, 0x10]), Some(made));
        let explicit = AacConfig::parse(&[0x17, 0x80, 0x3e, 0x80, 0x08]).unwrap();
        assert_eq!((explicit.rate, explicit.channels), (32_000, 1));
        assert_eq!(AacConfig::new(2, 13, 2), None);
        assert_eq!(AacConfig::parse(&[0x12]), None);
    }
}
