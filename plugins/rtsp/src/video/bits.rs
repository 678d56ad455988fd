//! Numbers in parameter sets.

/// The unsigned Exp-Golomb number that begins at bit `start` of `bytes` (ISO/IEC
/// 14496-10, section 9.1), up to 2^16.
pub fn exp_golomb(bytes: &[u8], start: usize) -> Option<u32> {
    let bit = |index: usize| {
        let index = start + index;
        Some(u32::from(bytes.get(index / 8)? >> (7 - index % 8) & 1))
    };
    let zeros = (0..).map_while(bit).take_while(|bit| *bit == 0).count();
    if zeros > 16 {
        return None;
    }
    let mut value = 0;
    for index in zeros..=2 * zeros {
        value = value << 1 | bit(index)?;
    }
    Some(value - 1)
}

/// The start of a NAL unit without emulation prevention (ISO/IEC 23008-2, section
/// 7.3.1.1): up to `len` bytes.
pub fn unescaped(nal: &[u8], len: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(len.min(nal.len()));
    let mut zeros = 0;
    for &byte in nal {
        if out.len() == len {
            break;
        }
        if zeros >= 2 && byte == 3 {
            zeros = 0;
            continue;
        }
        zeros = if byte == 0 { zeros + 1 } else { 0 };
        out.push(byte);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        assert_eq!(exp_golomb(&[0b1000_0000], 0), Some(0));
        assert_eq!(exp_golomb(&[0b0100_0000], 0), Some(1));
        assert_eq!(exp_golomb(&[0b0010_1000], 0), Some(4));
        assert_eq!(exp_golomb(&[0xff, 0b0010_1000], 8), Some(4));
        assert_eq!(exp_golomb(&[0, 0b1000_0000], 0), None);
        assert_eq!(exp_golomb(&[0, 0, 0], 0), None);
        assert_eq!(exp_golomb(&[], 9), None);
    }

    #[test]
    fn escapes() {
        assert_eq!(
            unescaped(&[1, 0, 0, 3, 0, 0, 3, 1, 3], 9),
            [1, 0, 0, 0, 0, 1, 3]
        );
        assert_eq!(unescaped(&[0, 0, 3, 3], 3), [0, 0, 3]);
        assert_eq!(unescaped(&[1, 2, 3], 2), [1, 2]);
    }
}
