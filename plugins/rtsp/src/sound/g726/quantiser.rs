//! What code words mean: tables of the inverse quantiser and of the adaptations.

/// The tables of one rate. Their index is a code word's magnitude.
#[derive(Debug)]
pub struct Quantiser {
    /// Bits a code word.
    pub bits: u8,
    /// Normalised level, as a logarithm to base 2 with 7 fractional bits.
    levels: &'static [i16],
    /// Multiplier W of the scale factor, with 4 fractional bits.
    scale: &'static [i16],
    /// Function F of the speed control.
    speed: &'static [u8],
}

/// What one code word means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Meaning {
    /// The difference is below 0.
    pub negative: bool,
    /// Normalised level.
    pub level: i32,
    /// W.
    pub scale: i32,
    /// F.
    pub speed: i32,
}

/// By bits a code word, from 2 to 5 (tables 7 to 14 of the Recommendation).
const QUANTISERS: [Quantiser; 4] = [
    Quantiser {
        bits: 2,
        levels: &[116, 365],
        scale: &[-22, 439],
        speed: &[0, 7],
    },
    Quantiser {
        bits: 3,
        levels: &[-2048, 135, 273, 373],
        scale: &[-4, 30, 137, 582],
        speed: &[0, 1, 2, 7],
    },
    Quantiser {
        bits: 4,
        levels: &[-2048, 4, 135, 213, 273, 323, 373, 425],
        scale: &[-12, 18, 41, 64, 112, 198, 355, 1122],
        speed: &[0, 0, 0, 1, 1, 1, 3, 7],
    },
    Quantiser {
        bits: 5,
        levels: &[
            -2048, -66, 28, 104, 169, 224, 274, 318, 358, 395, 429, 459, 488, 514, 539, 566,
        ],
        scale: &[
            14, 14, 24, 39, 40, 41, 58, 100, 141, 179, 219, 280, 358, 440, 529, 696,
        ],
        speed: &[0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 2, 3, 4, 5, 6, 6],
    },
];

impl Quantiser {
    /// That of 2 to 5 bits a code word; others are taken as the nearest.
    pub fn of(bits: u8) -> &'static Self {
        &QUANTISERS[usize::from(bits.clamp(2, 5) - 2)]
    }

    /// Of a code word, whose upper bits are ignored.
    pub fn meaning(&self, word: u8) -> Meaning {
        let sign = 1u8 << (self.bits - 1);
        let negative = word & sign != 0;
        // Negative ones count backwards.
        let index = usize::from(if negative { !word } else { word } & (sign - 1));
        Meaning {
            negative,
            level: i32::from(self.levels[index]),
            scale: i32::from(self.scale[index]),
            speed: i32::from(self.speed[index]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_whole() {
        for bits in 2..=5 {
            let quantiser = Quantiser::of(bits);
            let len = 1 << (bits - 1);
            assert_eq!(
                (
                    quantiser.levels.len(),
                    quantiser.scale.len(),
                    quantiser.speed.len()
                ),
                (len, len, len)
            );
            for word in 0..=255 {
                quantiser.meaning(word);
            }
        }
        let four = Quantiser::of(4);
        assert_eq!((four.meaning(7).level, four.meaning(8).level), (425, 425));
        assert!(four.meaning(8).negative && four.meaning(15).negative);
        assert_eq!(four.meaning(15).level, -2048);
    }
}
