//! Decoder configurations (ISO/IEC 14496-15, sections 5.3.3.1 and 8.3.3.1).

/// Parameter sets, and how long the lengths of NAL units are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Configuration<'a> {
    /// 1, 2 or 4.
    pub length_bytes: usize,
    /// In their order.
    pub sets: Vec<&'a [u8]>,
}

/// `AVCDecoderConfigurationRecord`. What is cut off at its end is left out.
pub fn avc(bytes: &[u8]) -> Option<Configuration<'_>> {
    let &[1, _, _, _, lengths, count, ref rest @ ..] = bytes else {
        return None;
    };
    let mut configuration = Configuration::new(lengths);
    let rest = configuration.take(rest, usize::from(count & 0x1f));
    if let Some((count, rest)) = rest.split_first() {
        configuration.take(rest, usize::from(*count));
    }
    Some(configuration)
}

/// `HEVCDecoderConfigurationRecord`.
pub fn hevc(bytes: &[u8]) -> Option<Configuration<'_>> {
    let (&lengths, rest) = bytes.get(21..)?.split_first()?;
    let (&arrays, mut rest) = rest.split_first()?;
    let mut configuration = Configuration::new(lengths);
    for _ in 0..arrays {
        let &[_, c1, c2, ref after @ ..] = rest else {
            break;
        };
        rest = configuration.take(after, usize::from(c1) << 8 | usize::from(c2));
    }
    Some(configuration)
}

impl<'a> Configuration<'a> {
    fn new(lengths: u8) -> Self {
        Self {
            length_bytes: usize::from(lengths & 3) + 1,
            sets: Vec::new(),
        }
    }

    /// Takes sets behind lengths of two bytes; gives what is left.
    fn take(&mut self, mut bytes: &'a [u8], count: usize) -> &'a [u8] {
        for _ in 0..count {
            let Some((len, rest)) = bytes.split_first_chunk::<2>() else {
                break;
            };
            let Some((set, rest)) = rest.split_at_checked(usize::from(u16::from_be_bytes(*len)))
            else {
                return &[];
            };
            self.sets.push(set);
            bytes = rest;
        }
        bytes
    }
}

/// The NAL units of `bytes`, each behind a length of `length_bytes`. Stops where they do not
/// fit; zero bytes at a unit's end are cut off.
pub fn nal_units(bytes: &[u8], length_bytes: usize) -> impl Iterator<Item = &[u8]> {
    let mut rest = bytes;
    core::iter::from_fn(move || {
        loop {
            let (prefix, after) = rest.split_at_checked(length_bytes)?;
            let len = prefix
                .iter()
                .fold(0, |sum, byte| sum << 8 | u64::from(*byte));
            let (nal, after) = after.split_at_checked(usize::try_from(len).ok()?)?;
            rest = after;
            if let Some(end) = nal.iter().rposition(|byte| *byte != 0) {
                return Some(&nal[..=end]);
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records() {
        let record = [1, 77, 0, 42, 0xff, 0xe1, 0, 2, 0x67, 1, 1, 0, 2, 0x68, 2];
        let found = avc(&record).unwrap();
        assert_eq!((found.length_bytes, found.sets.len()), (4, 2));
        assert_eq!(avc(&record[..10]).unwrap().sets, [&[0x67, 1][..]]);
        let mut record = vec![0; 23];
        record[21] = 0xfd;
        record[22] = 2;
        record.extend([
            0x20, 0, 1, 0, 2, 0x40, 1, 0x21, 0, 2, 0, 1, 0x42, 0, 1, 0x43,
        ]);
        let found = hevc(&record).unwrap();
        assert_eq!(found.length_bytes, 2);
        assert_eq!(found.sets, [&[0x40, 1][..], &[0x42], &[0x43]]);
        assert_eq!(hevc(&record[..20]), None);
        assert_eq!(avc(&[]), None);
    }

    #[test]
    fn units_of_any_length() {
        let units: Vec<&[u8]> = nal_units(&[0, 2, 5, 6, 0, 0, 0, 2, 7, 0, 0, 9, 1], 2).collect();
        assert_eq!(units, [&[5, 6][..], &[7]]);
        assert_eq!(nal_units(&[0xff; 9], 4).count(), 0);
    }
}
