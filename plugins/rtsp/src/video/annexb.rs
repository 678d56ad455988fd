//! Start codes where they do not belong.
//!
//! RTP carries NAL units without them, yet cameras leave them in: at the end of
//! `sprop-parameter-sets`, between units that share a packet. A unit cannot hold one
//! itself (emulation prevention, ISO/IEC 14496-10, section 7.4.1), so cutting there
//! is always right.

/// The NAL units in `bytes`, which may be one unit or several with start codes before,
/// between and after them. Trailing zero bytes are cut off, empty units left out.
pub fn nal_units(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(bytes);
    core::iter::from_fn(move || {
        loop {
            let current = rest?;
            let (unit, after) = match start_code(current) {
                Some(at) => (&current[..at], Some(&current[at + 3..])),
                None => (current, None),
            };
            rest = after;
            let unit = without_trailing_zeros(unit);
            if !unit.is_empty() {
                return Some(unit);
            }
        }
    })
}

/// Whether there is anything to cut.
pub fn is_clean(bytes: &[u8]) -> bool {
    bytes.last().is_some_and(|last| *last != 0) && start_code(bytes).is_none()
}

/// Where the first `00 00 01` is.
fn start_code(bytes: &[u8]) -> Option<usize> {
    let mut at = 2;
    // A byte above 1 cannot be part of a start code that ends within two bytes
    // after it: most of the time three bytes are done at once.
    while let Some(&byte) = bytes.get(at) {
        match byte {
            0 => at += 1,
            1 if bytes[at - 1] == 0 && bytes[at - 2] == 0 => return Some(at - 2),
            _ => at += 3,
        }
    }
    None
}

fn without_trailing_zeros(bytes: &[u8]) -> &[u8] {
    let end = bytes
        .iter()
        .rposition(|byte| *byte != 0)
        .map_or(0, |at| at + 1);
    &bytes[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn units(bytes: &[u8]) -> Vec<&[u8]> {
        nal_units(bytes).collect()
    }

    #[test]
    fn cuts_at_start_codes() {
        assert_eq!(units(&[0x67, 1, 2]), [&[0x67, 1, 2][..]]);
        assert_eq!(units(&[0x67, 1, 0, 0, 0, 1]), [&[0x67, 1][..]]);
        assert_eq!(
            units(&[0, 0, 0, 1, 0x67, 1, 0, 0, 1, 0x68, 2, 0, 0]),
            [&[0x67, 1][..], &[0x68, 2][..]]
        );
        assert_eq!(units(&[0, 0, 1, 0, 0, 1]), [&[]; 0]);
        assert_eq!(units(&[]), [&[]; 0]);
        assert!(is_clean(&[0x67, 0, 1]) && !is_clean(&[0x67, 0]) && !is_clean(&[1, 0, 0, 1, 2]));
    }

    #[test]
    fn the_fast_search_finds_what_the_plain_one_finds() {
        bolero::check!().with_type::<Vec<u8>>().for_each(|bytes| {
            let bytes: Vec<u8> = bytes.iter().map(|byte| byte % 3).collect();
            let plain = bytes.windows(3).position(|window| window == [0, 0, 1]);
            assert_eq!(start_code(&bytes), plain);
        });
    }
}
