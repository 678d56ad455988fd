//! Byte streams of NAL units with start codes (ITU-T H.264, annex B).

/// The NAL units between the start codes of `bytes`. What stands before the first code is no
/// unit; trailing zero bytes are cut off, empty units left out.
pub fn nal_units(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = start_code(bytes).map(|at| &bytes[at + 3..]);
    core::iter::from_fn(move || {
        loop {
            let current = rest?;
            let unit = if let Some(at) = start_code(current) {
                rest = Some(&current[at + 3..]);
                &current[..at]
            } else {
                rest = None;
                current
            };
            let end = unit.iter().rposition(|byte| *byte != 0);
            if let Some(end) = end {
                return Some(&unit[..=end]);
            }
        }
    })
}

/// Where the first `00 00 01` is.
fn start_code(bytes: &[u8]) -> Option<usize> {
    let mut at = 0;
    // The third byte of a code is 1: what is larger there rules out three places at once.
    while let Some(&[first, second, third]) = bytes.get(at..at + 3) {
        match third {
            0 => at += 1,
            1 if first == 0 && second == 0 => return Some(at),
            _ => at += 3,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts_at_start_codes() {
        let units = |bytes| nal_units(bytes).collect::<Vec<&[u8]>>();
        assert_eq!(
            units(&[9, 0, 0, 0, 1, 0x67, 1, 0, 0, 1, 0x68, 2, 0, 0]),
            [&[0x67, 1][..], &[0x68, 2][..]]
        );
        assert_eq!(units(&[0, 0, 1, 0, 0, 1, 0, 0, 1, 5]), [&[5][..]]);
        assert!(units(&[0x67, 1]).is_empty() && units(&[]).is_empty());
    }

    #[test]
    fn the_quick_search_finds_what_the_plain_one_finds() {
        bolero::check!().with_type::<Vec<u8>>().for_each(|bytes| {
            let bytes: Vec<u8> = bytes.iter().map(|byte| byte % 3).collect();
            let plain = bytes.windows(3).position(|window| window == [0, 0, 1]);
            assert_eq!(start_code(&bytes), plain);
        });
    }
}
