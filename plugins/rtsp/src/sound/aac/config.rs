//! `AudioSpecificConfig` (ISO/IEC 14496-3, section 1.6.2.1).

use crate::bits::Bits;

/// Samples a second by index.
const RATES: [u32; 13] = [
    96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000,
    7_350,
];

const AAC_LC: u32 = 2;
const SBR: u32 = 5;
const PS: u32 = 29;

/// What matters of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AudioConfig {
    /// The whole of it, for the decoder.
    pub bytes: Vec<u8>,
    /// Samples a second of the core coder.
    pub rate: u32,
    /// 0 where it does not say so.
    pub channels: u8,
    /// Samples of the core coder in an access unit.
    pub unit_samples: u32,
}

impl AudioConfig {
    /// Parses one that ends with its bytes. None where it is not AAC.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let (mut this, _) = read(&mut Bits::new(bytes))?;
        this.bytes = bytes.to_vec();
        Some(this)
    }

    /// Parses one within other bits, which ends where its last field does.
    pub fn parse_within(bits: &mut Bits<'_>) -> Option<Self> {
        let start = bits.clone();
        let (mut this, len) = read(bits)?;
        let mut again = start;
        let mut left = len;
        while left > 0 {
            let count = left.min(8);
            let byte = again.take(count as u32)? << (8 - count);
            this.bytes.push(byte as u8);
            left -= count;
        }
        Some(this)
    }

    /// AAC-LC, as most cameras send, where the description does not say more.
    pub fn assumed(rate: u32, channels: u8) -> Self {
        let rate = if rate == 0 {
            8_000
        } else {
            rate.min(0xff_ffff)
        };
        let index = RATES.iter().position(|known| *known == rate);
        let channels = channels.clamp(1, 6);
        let mut bits = u64::from(AAC_LC);
        let mut len = 5 + 4;
        bits = bits << 4 | index.unwrap_or(15) as u64;
        if index.is_none() {
            bits = bits << 24 | u64::from(rate);
            len += 24;
        }
        // Channels, then three flags of the core coder that are 0.
        bits = (bits << 4 | u64::from(channels)) << 3;
        len += 4 + 3;
        let bytes = (bits << (64 - len)).to_be_bytes();
        Self {
            bytes: bytes[..(len as usize).div_ceil(8)].to_vec(),
            rate,
            channels,
            unit_samples: 1024,
        }
    }
}

/// The values, without the bytes, and how many bits it has.
fn read(bits: &mut Bits<'_>) -> Option<(AudioConfig, usize)> {
    let start = bits.position();
    let mut object = object_type(bits)?;
    let rate = rate(bits)?;
    let channels = bits.take(4)?;
    if object == SBR || object == PS {
        self::rate(bits)?;
        object = object_type(bits)?;
    }
    // Those with a GASpecificConfig; other objects are not AAC.
    if !matches!(object, 1..=4 | 6 | 7 | 17 | 19..=23) {
        return None;
    }
    let short = bits.take(1)? == 1;
    if bits.take(1)? == 1 {
        // coreCoderDelay
        bits.take(14)?;
    }
    let extended = bits.take(1)? == 1;
    if matches!(object, 6 | 20) {
        bits.take(3)?;
    }
    if extended {
        match object {
            22 => {
                bits.take(16)?;
            }
            17 | 19 | 20 | 23 => {
                bits.take(3)?;
            }
            _ => {}
        }
        bits.take(1)?;
    }
    let config = AudioConfig {
        bytes: Vec::new(),
        rate,
        channels: match channels {
            few @ 1..=6 => few as u8,
            7 => 8,
            _ => 0,
        },
        unit_samples: match (object, short) {
            (23, true) => 480,
            (23, false) => 512,
            (_, true) => 960,
            (_, false) => 1024,
        },
    };
    Some((config, bits.position() - start))
}

fn object_type(bits: &mut Bits<'_>) -> Option<u32> {
    match bits.take(5)? {
        31 => Some(32 + bits.take(6)?),
        object => Some(object),
    }
}

fn rate(bits: &mut Bits<'_>) -> Option<u32> {
    match bits.take(4)? {
        15 => bits.take(24).filter(|rate| *rate > 0),
        index => RATES.get(index as usize).copied(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(bytes: &[u8]) -> Option<(u32, u8, u32)> {
        let config = AudioConfig::parse(bytes)?;
        Some((config.rate, config.channels, config.unit_samples))
    }

    #[test]
    fn of_cameras() {
        assert_eq!(facts(&[0x14, 0x90]), Some((12_000, 2, 1024)));
        assert_eq!(facts(&[0x11, 0x88]), Some((48_000, 1, 1024)));
        assert_eq!(facts(&[0x14, 0x08]), Some((16_000, 1, 1024)));
        assert_eq!(facts(&[0x14, 0x0c]), Some((16_000, 1, 960)));
        // HE-AAC: 24,000 in the core, 48,000 out.
        assert_eq!(facts(&[0x2b, 0x11, 0x88, 0x00]), Some((24_000, 2, 1024)));
        // CELP, cut short, rate of an index that is not defined.
        for bad in [&[0x44, 0x08][..], &[0x14], &[], &[0x16, 0x88]] {
            assert_eq!(facts(bad), None);
        }
    }

    #[test]
    fn assumed_ones_can_be_parsed() {
        for rate in [8_000, 44_100, 47_999] {
            let assumed = AudioConfig::assumed(rate, 2);
            assert_eq!(facts(&assumed.bytes), Some((rate, 2, 1024)));
        }
        assert_eq!(AudioConfig::assumed(16_000, 1).bytes, [0x14, 0x08]);
        assert_eq!(
            facts(&AudioConfig::assumed(0, 0).bytes),
            Some((8_000, 1, 1024))
        );
    }

    #[test]
    fn within_other_bits() {
        // Six bits, 14 08, two bits.
        let mut bits = Bits::new(&[0x00, 0x50, 0x23]);
        bits.take(6);
        let config = AudioConfig::parse_within(&mut bits).expect("AAC");
        assert_eq!(
            (config.bytes.as_slice(), config.rate),
            (&[0x14, 0x08][..], 16_000)
        );
        assert_eq!(bits.left(), 2);
    }
}
