//! Code words in bytes.

/// Which bits of a byte hold the earlier code word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// The lowest ones (RFC 3551, section 4.5.4).
    LowFirst,
    /// The highest ones, as in ATM (names that begin with `AAL2-`).
    HighFirst,
}

/// The code words of `bits` each. Bits left over at the end are padding.
pub fn code_words(bytes: &[u8], bits: u8, order: Order) -> impl Iterator<Item = u8> {
    let mut bytes = bytes.iter();
    let mask = (1u16 << bits) - 1;
    let (mut held, mut count) = (0u16, 0u8);
    core::iter::from_fn(move || {
        if count < bits {
            let next = u16::from(*bytes.next()?);
            match order {
                Order::LowFirst => held |= next << count,
                Order::HighFirst => held = held << 8 | next,
            }
            count += 8;
        }
        count -= bits;
        Some(match order {
            Order::LowFirst => {
                let word = held & mask;
                held >>= bits;
                word as u8
            }
            Order::HighFirst => (held >> count & mask) as u8,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_orders() {
        let words = |bytes: &[u8], bits, order| code_words(bytes, bits, order).collect::<Vec<_>>();
        assert_eq!(words(&[0x21, 0x43], 4, Order::LowFirst), [1, 2, 3, 4]);
        assert_eq!(words(&[0x12, 0x34], 4, Order::HighFirst), [1, 2, 3, 4]);
        assert_eq!(words(&[0b11_10_01_00], 2, Order::LowFirst), [0, 1, 2, 3]);
        // Words that cross bytes: 0 to 7 in three bytes.
        let low = [0b1000_1000, 0b1100_0110, 0b1111_1010];
        let high = [0b0000_0101, 0b0011_1001, 0b0111_0111];
        assert_eq!(words(&low, 3, Order::LowFirst), [0, 1, 2, 3, 4, 5, 6, 7]);
        assert_eq!(words(&high, 3, Order::HighFirst), [0, 1, 2, 3, 4, 5, 6, 7]);
        assert_eq!(words(&[0xff; 4], 5, Order::LowFirst), [31; 6]);
    }
}
