//! The short floating point numbers that predictors multiply with.

/// Sign, exponent of four bits, mantissa of six (blocks FLOATA and FLOATB).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Float {
    /// Below 0; there is a negative 0.
    pub negative: bool,
    exponent: u32,
    mantissa: u32,
}

impl Float {
    /// What the delay lines begin with.
    pub const ZERO: Self = Self {
        negative: false,
        exponent: 0,
        mantissa: 1 << 5,
    };

    /// Of a magnitude of up to 15 bits.
    pub fn new(negative: bool, magnitude: u32) -> Self {
        let exponent = bit_count(magnitude);
        Self {
            negative,
            exponent,
            mantissa: mantissa(magnitude, exponent),
        }
    }

    /// Its product with a predictor's coefficient of 14 fractional bits, as the
    /// Recommendation rounds it (block FMULT).
    pub fn times(self, coefficient: i16) -> i16 {
        let quarter = i32::from(coefficient >> 2);
        let magnitude = if quarter < 0 { -quarter } else { quarter } as u32 & 0x1fff;
        let own = bit_count(magnitude);
        let exponent = self.exponent + own;
        let product = (self.mantissa * mantissa(magnitude, own) + 48) >> 4;
        let value = if exponent <= 19 {
            product >> (19 - exponent)
        } else {
            (product << (exponent - 19)) & 0x7fff
        } as i16;
        if self.negative == (coefficient < 0) {
            value
        } else {
            -value
        }
    }
}

fn bit_count(magnitude: u32) -> u32 {
    u32::BITS - magnitude.leading_zeros()
}

fn mantissa(magnitude: u32, exponent: u32) -> u32 {
    if magnitude == 0 {
        1 << 5
    } else {
        (magnitude << 6) >> exponent
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products() {
        assert_eq!(Float::new(false, 0), Float::ZERO);
        // Half of 1000 and of -1000 with one fractional bit, to about one part in 64.
        assert!((980..=1020).contains(&Float::new(false, 1000).times(8192)));
        assert!((-1020..=-980).contains(&Float::new(true, 1000).times(8192)));
        assert!((980..=1020).contains(&Float::new(true, 1000).times(-8192)));
        assert_eq!(Float::ZERO.times(0), 0);
    }

    #[test]
    fn all_values_are_in_range() {
        bolero::check!().with_type::<(bool, u16, i16)>().for_each(
            |(negative, magnitude, coefficient)| {
                let float = Float::new(*negative, u32::from(magnitude & 0x7fff));
                float.times(*coefficient);
            },
        );
    }
}
