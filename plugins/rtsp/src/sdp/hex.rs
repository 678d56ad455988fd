//! Hexadecimal that takes what it can.

/// Decodes pairs of digits up to the first that is none; a single digit left over at the
/// end counts as the upper half of a byte.
pub fn decode(text: &str) -> Vec<u8> {
    let text = text.trim().trim_matches('"');
    let digits: Vec<u8> = text
        .chars()
        .map_while(|letter| letter.to_digit(16))
        .map(|digit| digit as u8)
        .collect();
    digits
        .chunks(2)
        .map(|pair| pair[0] << 4 | pair.get(1).copied().unwrap_or(0))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decodes_also_the_odd() {
        assert_eq!(decode(" 11Aa"), [0x11, 0xaa]);
        assert_eq!(decode("\"1188\""), [0x11, 0x88]);
        assert_eq!(decode("119"), [0x11, 0x90]);
        assert_eq!(decode("11 zz"), [0x11]);
        assert_eq!(decode(""), []);
    }
}
