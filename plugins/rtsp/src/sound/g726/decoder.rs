//! From code words to samples.

use super::predictor::Predictor;
use super::quantiser::{Meaning, Quantiser};

/// The state of one stream.
#[derive(Debug, Clone)]
pub struct Decoder {
    quantiser: &'static Quantiser,
    predictor: Predictor,
    /// Fast scale factor, 9 fractional bits.
    fast: i32,
    /// Locked scale factor, 15 fractional bits.
    locked: i32,
    /// Short and long term averages of F.
    averages: [i32; 2],
    /// Speed of adaptation, 8 fractional bits: 0 locked, 256 and more fast.
    speed: i32,
    /// The signal is a tone.
    tone: bool,
}

impl Decoder {
    /// For 2 to 5 bits a code word.
    pub fn new(bits: u8) -> Self {
        let quantiser = Quantiser::of(bits);
        Self {
            quantiser,
            predictor: Predictor::new(quantiser.bits),
            fast: 544,
            locked: 34_816,
            averages: [0; 2],
            speed: 0,
            tone: false,
        }
    }

    /// Bits a code word.
    pub fn bits(&self) -> u8 {
        self.quantiser.bits
    }

    /// The next sample, in 16 bits.
    pub fn sample(&mut self, word: u8) -> i16 {
        let meaning = self.quantiser.meaning(word);
        let scale = self.scale();
        let magnitude = magnitude(meaning.level + (scale >> 2));
        let estimate = self.predictor.estimate();
        let difference = if meaning.negative {
            -i32::from(magnitude)
        } else {
            i32::from(magnitude)
        };
        let signal = (i32::from(estimate.whole) + difference) as i16;
        let transition = self.tone && i32::from(magnitude) > self.threshold();
        self.adapt_scale(scale, &meaning);
        let negative = meaning.negative;
        self.tone = self
            .predictor
            .adapt(negative, magnitude, estimate, signal, transition);
        self.adapt_speed(scale, &meaning, transition);
        // Samples of G.726 have 14 bits.
        (i32::from(signal) * 4).clamp(i32::from(i16::MIN), i32::from(i16::MAX)) as i16
    }

    /// The scale factor between locked and fast (block MIX).
    fn scale(&self) -> i32 {
        let locked = self.locked >> 6;
        let weight = (self.speed >> 2).min(64);
        locked + (self.fast - locked) * weight / 64
    }

    /// Differences above it end a tone (block TRANS).
    fn threshold(&self) -> i32 {
        let whole = self.locked >> 15;
        let fraction = self.locked >> 10 & 0x1f;
        let threshold = if whole > 9 {
            0x1f << 10
        } else {
            (0x20 + fraction) << whole
        };
        (threshold + (threshold >> 1)) >> 1
    }

    /// Blocks FILTD, LIMB and FILTE.
    fn adapt_scale(&mut self, scale: i32, meaning: &Meaning) {
        let fast = scale + (((meaning.scale << 5) - scale) >> 5);
        self.fast = fast.clamp(544, 5_120);
        self.locked += self.fast + ((-self.locked) >> 6);
    }

    /// Blocks FILTA, FILTB, SUBTC, FILTC and TRIGA.
    fn adapt_speed(&mut self, scale: i32, meaning: &Meaning, transition: bool) {
        let [short, long] = &mut self.averages;
        *short += ((meaning.speed << 9) - *short) >> 5;
        *long += ((meaning.speed << 11) - *long) >> 7;
        let steady = ((*short << 2) - *long).abs() < *long >> 3;
        if transition {
            self.speed = 256;
        } else if scale >= 1_536 && steady && !self.tone {
            self.speed += -self.speed >> 4;
        } else {
            self.speed += (0x200 - self.speed) >> 4;
        }
    }
}

/// The size of a difference from its logarithm (block ANTILOG).
fn magnitude(logarithm: i32) -> u16 {
    if logarithm < 0 {
        return 0;
    }
    let exponent = logarithm >> 7 & 0xf;
    let mantissa = 0x80 + (logarithm & 0x7f);
    ((mantissa << 7) >> (14 - exponent).max(0)) as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_words_are_decoded() {
        bolero::check!()
            .with_type::<(u8, Vec<u8>)>()
            .for_each(|(bits, words)| {
                let mut decoder = Decoder::new(*bits);
                for _ in 0..16 {
                    for word in words {
                        decoder.sample(*word);
                    }
                }
            });
    }

    /// An encoder that tries all words: the nearer the more bits there are.
    #[test]
    fn follows_a_signal_at_every_rate() {
        for (bits, limit) in [(2, 0.1), (3, 0.02), (4, 0.01), (5, 0.005)] {
            let mut decoder = Decoder::new(bits);
            let (mut noise, mut power) = (0.0, 0.0);
            for at in 0..4_000u32 {
                let time = f64::from(at) / 8_000.0;
                let wanted = 8_000.0 * (time * (2_000.0 + 3_000.0 * time)).sin();
                let far = |word: u8| {
                    let sample = decoder.clone().sample(word);
                    (f64::from(sample) - wanted).powi(2)
                };
                let best = (0..1 << bits).min_by(|a, b| far(*a).total_cmp(&far(*b)));
                let sample = decoder.sample(best.expect("words"));
                noise += (f64::from(sample) - wanted).powi(2);
                power += wanted.powi(2);
            }
            assert!(noise / power < limit, "{bits}: {}", noise / power);
        }
    }

    #[test]
    fn silence_stays_silent() {
        let mut decoder = Decoder::new(4);
        assert!((0..1000).all(|_| decoder.sample(0x0f) == 0));
    }
}
