//! Bits from the highest down.

/// Reads fields that do not begin at bytes.
#[derive(Debug, Clone)]
pub struct Bits<'a> {
    bytes: &'a [u8],
    /// Of the next bit.
    at: usize,
}

impl<'a> Bits<'a> {
    /// At the first bit.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// How many were read.
    pub fn position(&self) -> usize {
        self.at
    }

    /// How many are left.
    pub fn left(&self) -> usize {
        8 * self.bytes.len() - self.at
    }

    /// The next `count` bits, at most 32. None where there are fewer.
    pub fn take(&mut self, count: u32) -> Option<u32> {
        debug_assert!(count <= 32, "a field is a u32");
        if self.left() < count as usize {
            return None;
        }
        let mut value = 0u32;
        for _ in 0..count {
            let bit = self.bytes[self.at / 8] >> (7 - self.at % 8) & 1;
            value = value << 1 | u32::from(bit);
            self.at += 1;
        }
        Some(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn across_bytes() {
        let mut bits = Bits::new(&[0b1010_0101, 0xff]);
        assert_eq!((bits.take(3), bits.take(0)), (Some(5), Some(0)));
        assert_eq!((bits.take(7), bits.position()), (Some(0b001_0111), 10));
        assert_eq!((bits.take(7), bits.left()), (None, 6));
        assert_eq!(bits.take(6), Some(63));
    }
}
