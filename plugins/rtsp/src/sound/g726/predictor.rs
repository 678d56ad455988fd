//! The adaptive predictor: two poles, six zeros.

use super::float::Float;

/// See the module.
#[derive(Debug, Clone)]
pub struct Predictor {
    /// Coefficients of the poles, 14 fractional bits.
    a: [i16; 2],
    /// Coefficients of the zeros, 14 fractional bits.
    b: [i16; 6],
    /// Reconstructed signals, the newest first.
    signals: [Float; 2],
    /// Quantised differences, the newest first.
    differences: [Float; 6],
    /// Signs of the partial reconstructions before, the newest first.
    signs: [bool; 2],
    /// How fast zeros are forgotten.
    leak: u32,
}

/// The estimates for a sample.
#[derive(Debug, Clone, Copy)]
pub struct Estimate {
    /// Of the zeros alone.
    pub zeros: i16,
    /// Of poles and zeros.
    pub whole: i16,
}

impl Predictor {
    /// For so many bits a code word.
    pub fn new(bits: u8) -> Self {
        Self {
            a: [0; 2],
            b: [0; 6],
            signals: [Float::ZERO; 2],
            differences: [Float::ZERO; 6],
            signs: [false; 2],
            leak: if bits == 5 { 9 } else { 8 },
        }
    }

    /// What the next sample is expected to be (block ACCUM).
    pub fn estimate(&self) -> Estimate {
        let sum = |floats: &[Float], coefficients: &[i16]| {
            floats
                .iter()
                .zip(coefficients)
                .fold(0i16, |sum, (float, coefficient)| {
                    sum.wrapping_add(float.times(*coefficient))
                })
        };
        let zeros = sum(&self.differences, &self.b);
        let whole = zeros.wrapping_add(sum(&self.signals, &self.a));
        Estimate {
            zeros: zeros >> 1,
            whole: whole >> 1,
        }
    }

    /// Learns from a difference (`negative`, `magnitude`) and the `signal` that it made.
    /// `transition`: between partial-band signals, where everything is forgotten. Whether
    /// the signal is a tone.
    pub fn adapt(
        &mut self,
        negative: bool,
        magnitude: u16,
        estimate: Estimate,
        signal: i16,
        transition: bool,
    ) -> bool {
        let difference = if negative {
            -i32::from(magnitude)
        } else {
            i32::from(magnitude)
        };
        let partial = i32::from((difference + i32::from(estimate.zeros)) as i16);
        let sign = partial < 0;
        let a2 = self.second_pole(sign, partial == 0);
        let a1 = self.first_pole(sign, partial == 0, a2);
        if transition {
            self.a = [0; 2];
            self.b = [0; 6];
        } else {
            self.a = [a1, a2];
            for (b, before) in self.b.iter_mut().zip(&self.differences) {
                let gain = match (magnitude, negative == before.negative) {
                    (0, _) => 0,
                    (_, true) => 128,
                    (_, false) => -128,
                };
                *b = b.wrapping_sub(*b >> self.leak).wrapping_add(gain);
            }
        }
        self.differences.rotate_right(1);
        self.differences[0] = Float::new(negative, u32::from(magnitude));
        self.signals.rotate_right(1);
        let size = u32::from(signal.unsigned_abs()) & 0x7fff;
        self.signals[0] = Float::new(signal < 0, size);
        self.signs = [sign, self.signs[0]];
        // Block TONE.
        !transition && a2 < -11_776
    }

    /// Blocks UPA2 and LIMC.
    fn second_pole(&self, sign: bool, silent: bool) -> i16 {
        let mut a2 = i32::from(self.a[1]);
        a2 -= a2 >> 7;
        if !silent {
            let first = i32::from(self.a[0]).clamp(-8191, 8191) * 4;
            let turned = if sign == self.signs[0] { -first } else { first };
            let gain = if sign == self.signs[1] {
                16_384
            } else {
                -16_384
            };
            a2 += (gain + turned) >> 7;
        }
        a2.clamp(-12_288, 12_288) as i16
    }

    /// Blocks UPA1 and LIMD; `a2` is the new coefficient of the second pole.
    fn first_pole(&self, sign: bool, silent: bool, a2: i16) -> i16 {
        let mut a1 = i32::from(self.a[0]);
        a1 -= a1 >> 8;
        if !silent {
            a1 += if sign == self.signs[0] { 192 } else { -192 };
        }
        let limit = 15_360 - i32::from(a2);
        a1.clamp(-limit, limit) as i16
    }
}
