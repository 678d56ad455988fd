//! Base64 (RFC 4648) that takes what it can.

/// Decodes up to the first `=`; characters outside of the alphabet are skipped (both
/// alphabets are known), a single character left over is dropped.
pub fn decode(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() / 4 * 3 + 3);
    let (mut bits, mut count) = (0u32, 0u32);
    for byte in text.bytes().take_while(|byte| *byte != b'=') {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => continue,
        };
        bits = bits << 6 | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            out.push((bits >> count) as u8);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decodes_also_the_odd() {
        assert_eq!(decode("aO48gA=="), [0x68, 0xee, 0x3c, 0x80]);
        assert_eq!(decode("aO48gA"), [0x68, 0xee, 0x3c, 0x80]);
        assert_eq!(decode(" aO4\r\n8gA==garbage"), [0x68, 0xee, 0x3c, 0x80]);
        assert_eq!(decode("a"), []);
        assert_eq!(decode(""), []);
    }
}
