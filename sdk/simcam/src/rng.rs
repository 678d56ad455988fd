//! A small repeatable source of random numbers.
//!
//! Noise, losses and garbage must be the same in every run, so that a test
//! that fails can be run again; nothing here guards a secret.

/// The `SplitMix64` generator: 64 bits of state, equidistributed.
#[derive(Debug, Clone)]
pub(crate) struct Rng(u64);

impl Rng {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// True with the given probability (0 to 1).
    pub(crate) fn chance(&mut self, probability: f64) -> bool {
        ((self.next() >> 11) as f64) / ((1_u64 << 53) as f64) < probability
    }

    pub(crate) fn bytes(&mut self, count: usize) -> Vec<u8> {
        let mut out = Vec::with_capacity(count + 8);
        while out.len() < count {
            out.extend_from_slice(&self.next().to_le_bytes());
        }
        out.truncate(count);
        out
    }
}

#[cfg(test)]
mod tests {
    use super::Rng;

    #[test]
    fn repeats_with_its_seed() {
        assert_eq!(Rng::new(7).bytes(13), Rng::new(7).bytes(13));
        assert_ne!(Rng::new(7).bytes(13), Rng::new(8).bytes(13));
    }

    #[test]
    fn chance_is_close_to_its_probability() {
        let mut rng = Rng::new(1);
        let hits = (0..10_000).filter(|_| rng.chance(0.1)).count();
        assert!((800..1_200).contains(&hits), "{hits}");
    }
}
