//! Sections of tables, across packets (section 2.4.4).

/// Longest section of the tables that are read here, with its header.
const MAX_BYTES: usize = 1024;

/// Puts the sections of one stream together.
#[derive(Debug, Default)]
pub struct Sections {
    buffer: Vec<u8>,
    open: bool,
    /// The last one whose checksum is wrong.
    doubtful: Vec<u8>,
}

impl Sections {
    /// Bytes are missing.
    pub fn interrupt(&mut self) {
        self.buffer.clear();
        self.open = false;
    }

    /// Takes a packet's payload and gives every section that is whole now. One whose checksum
    /// is wrong counts when it comes a second time: some encoders cannot compute it.
    pub fn push(&mut self, payload: &[u8], start: bool, mut section: impl FnMut(&[u8])) {
        let mut payload = payload;
        if start {
            let Some((pointer, rest)) = payload.split_first() else {
                return;
            };
            let Some((tail, rest)) = rest.split_at_checked(usize::from(*pointer)) else {
                return self.interrupt();
            };
            self.extend(tail, &mut section);
            self.buffer.clear();
            self.open = true;
            payload = rest;
        }
        self.extend(payload, &mut section);
    }

    fn extend(&mut self, bytes: &[u8], section: &mut impl FnMut(&[u8])) {
        if !self.open {
            return;
        }
        self.buffer.extend_from_slice(bytes);
        let mut at = 0;
        while let Some(&[table, b1, b2, ..]) = self.buffer.get(at..) {
            // The rest of the packet is stuffing.
            let len = 3 + (usize::from(b1 & 0xf) << 8 | usize::from(b2));
            if table == 0xff || len > MAX_BYTES {
                return self.interrupt();
            }
            let Some(whole) = self.buffer.get(at..at + len) else {
                break;
            };
            if crc32(whole) == 0 || whole == self.doubtful {
                section(whole);
            } else {
                self.doubtful = whole.to_vec();
            }
            at += len;
        }
        self.buffer.drain(..at);
    }
}

/// The checksum (annex A): 0 over a section with its own at the end.
pub fn crc32(bytes: &[u8]) -> u32 {
    bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte) << 24, |crc, _| {
            let carry = if crc >> 31 == 1 { 0x04c1_1db7 } else { 0 };
            crc << 1 ^ carry
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn section(payload: &[u8]) -> Vec<u8> {
        let len = payload.len() + 4;
        let mut bytes = vec![0, 0xb0 | (len >> 8) as u8, len as u8];
        bytes.extend(payload);
        let crc = crc32(&bytes);
        bytes.extend(crc.to_be_bytes());
        bytes
    }

    #[test]
    fn across_packets_and_two_in_one() {
        let (long, short) = (section(&[7; 300]), section(&[8; 10]));
        let mut sections = Sections::default();
        let mut found = Vec::new();
        let mut take = |bytes: &[u8]| found.push(bytes.to_vec());
        sections.push(&[9; 50], false, &mut take);
        sections.push(&[&[0][..], &long[..183]].concat(), true, &mut take);
        let tail = &long[183..];
        let second = [&[tail.len() as u8][..], tail, &short, &[0xff; 20]].concat();
        sections.push(&second, true, &mut take);
        assert_eq!(found, [long, short]);
    }

    #[test]
    fn a_wrong_checksum_counts_the_second_time() {
        let mut bytes = section(&[7; 20]);
        bytes[5] ^= 1;
        let mut sections = Sections::default();
        let mut found = 0;
        for _ in 0..2 {
            sections.push(&[&[0][..], &bytes].concat(), true, |_| found += 1);
        }
        assert_eq!(found, 1);
    }
}
