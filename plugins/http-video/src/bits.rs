//! Bits of an RBSP (ITU-T H.264, section 7.2), most significant first.

/// Reads on over the emulation prevention bytes (`00 00 03`) of a NAL unit.
pub struct Bits<'a> {
    bytes: &'a [u8],
    at: usize,
    bit: u8,
    zeros: u8,
}

impl<'a> Bits<'a> {
    /// From the first bit of `bytes`.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            at: 0,
            bit: 0,
            zeros: 0,
        }
    }

    fn bit(&mut self) -> Option<u32> {
        if self.bit == 0 && self.zeros >= 2 && self.bytes.get(self.at) == Some(&3) {
            self.at += 1;
            self.zeros = 0;
        }
        let byte = *self.bytes.get(self.at)?;
        let value = u32::from(byte >> (7 - self.bit) & 1);
        self.bit += 1;
        if self.bit == 8 {
            self.bit = 0;
            self.at += 1;
            self.zeros = if byte == 0 { self.zeros + 1 } else { 0 };
        }
        Some(value)
    }

    /// A number of `count` bits, at most 32.
    pub fn number(&mut self, count: u32) -> Option<u32> {
        (0..count).try_fold(0, |value: u32, _| Some(value << 1 | self.bit()?))
    }

    /// An unsigned Exp-Golomb number (section 9.1) below 2^24.
    pub fn exp_golomb(&mut self) -> Option<u32> {
        let mut zeros = 0;
        while self.bit()? == 0 {
            zeros += 1;
            if zeros > 23 {
                return None;
            }
        }
        Some((1 << zeros) - 1 + self.number(zeros)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        let golomb = |bytes: &[u8]| Bits::new(bytes).exp_golomb();
        assert_eq!(golomb(&[0b1000_0000]), Some(0));
        assert_eq!(golomb(&[0b0010_1000]), Some(4));
        assert_eq!(golomb(&[0, 0b0000_1000]), None);
        assert_eq!(golomb(&[0, 0, 0, 0]), None);
        assert_eq!(golomb(&[]), None);
        let mut bits = Bits::new(&[0, 0, 3, 0xa5]);
        assert_eq!(
            (bits.number(16), bits.number(4), bits.number(4)),
            (Some(0), Some(0xa), Some(5))
        );
        assert_eq!(bits.number(1), None);
    }
}
