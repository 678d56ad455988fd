//! Counters that wrap.

/// Where unwrapped times begin: above all counters of 32 bits, so that the host takes them as
/// they are and does not unwrap them again, even at the 8 kHz of telephone sound (2^36 ticks of
/// 90 kHz are 6.1 * 10^9 of these). A multiple of 2^33.
pub const BASE: u64 = 1 << 36;

/// Below this a counter that runs backwards is lifted again: only a hostile one gets there.
const FLOOR: u64 = 1 << 35;

/// Follows a counter of some bits: each value is taken as the one nearest to the last.
#[derive(Debug)]
pub struct Unwrap {
    period: u64,
    last: Option<u64>,
}

impl Unwrap {
    /// For a counter of `bits` bits, at most 33.
    pub fn new(bits: u32) -> Self {
        Self {
            period: 1 << bits.min(33),
            last: None,
        }
    }

    /// The unwrapped value.
    pub fn push(&mut self, raw: u64) -> u64 {
        let raw = raw % self.period;
        let value = match self.last {
            None => BASE + raw,
            Some(last) => {
                let forward = raw.wrapping_sub(last) % self.period;
                if forward < self.period / 2 {
                    last.saturating_add(forward)
                } else {
                    last.saturating_sub(self.period - forward)
                }
            }
        };
        let value = if value < FLOOR { value + BASE } else { value };
        self.last = Some(value);
        value
    }
}

/// Ticks of 90 kHz as microseconds.
pub fn micros(ticks: u64) -> u64 {
    // Without the detour of 128 bits: 90,000 ticks are 1,000,000 microseconds.
    (ticks / 9).saturating_mul(100) + ticks % 9 * 100 / 9
}

/// Ticks of 90 kHz as ticks of another clock.
pub fn rescale(ticks: u64, clock_rate: u32) -> u64 {
    let rate = u64::from(clock_rate);
    (ticks / 90_000).saturating_mul(rate) + ticks % 90_000 * rate / 90_000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wraps_forwards_and_backwards() {
        let mut unwrap = Unwrap::new(33);
        let end = (1 << 33) - 3600;
        assert_eq!(unwrap.push(end), BASE + end);
        assert_eq!(unwrap.push(3600), BASE + (1 << 33) + 3600);
        assert_eq!(unwrap.push(end), BASE + end);
        assert_eq!(unwrap.push(end + 3599), BASE + (1 << 33) - 1);
        let mut unwrap = Unwrap::new(32);
        assert_eq!(unwrap.push(0xffff_ffff), BASE + 0xffff_ffff);
        assert_eq!(unwrap.push(10), BASE + (1 << 32) + 10);
    }

    #[test]
    fn any_counter_stays_above_32_bits() {
        bolero::check!().with_type::<Vec<u64>>().for_each(|raws| {
            let mut unwrap = Unwrap::new(33);
            for raw in raws {
                let value = unwrap.push(*raw);
                assert_eq!(value % (1 << 33), raw % (1 << 33));
                assert!(rescale(value, 8_000) > u64::from(u32::MAX) / 2);
            }
        });
    }

    #[test]
    fn scales() {
        assert_eq!(micros(90_000), 1_000_000);
        assert_eq!(micros(3_003), 33_366);
        assert_eq!(rescale(180_045, 48_000), 96_024);
    }
}
