//! Numbers that others are unlikely to have. Not secret: an adapter has no source of
//! randomness, so they are made of the clock and what the session is about, as RFC 3550,
//! section 8.1, suggests.

/// Mixes a text and a time.
pub fn number(text: &str, now: u64) -> u64 {
    // FNV-1a, then the finalizer of SplitMix64.
    let mut hash = 0xcbf2_9ce4_8422_2325u64;
    for byte in text.bytes().chain(now.to_le_bytes()) {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    hash = (hash ^ hash >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    hash = (hash ^ hash >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^ hash >> 31
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_its_own() {
        assert_eq!(number("a", 1), number("a", 1));
        assert_ne!(number("a", 1), number("a", 2));
        assert_ne!(number("a", 1), number("b", 1));
    }
}
