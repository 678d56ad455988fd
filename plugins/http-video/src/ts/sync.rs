//! Where packets begin, also after bytes were lost.

use super::PACKET_BYTES;

const SYNC: u8 = 0x47;

/// So many sync bytes at the right distance are no accident.
const IN_A_ROW: usize = 3;

/// How many bytes must be looked at to find three.
const WINDOW: usize = (IN_A_ROW - 1) * PACKET_BYTES + 1;

/// The offset of the first packet within `bytes`; none where three sync bytes in a row are
/// nowhere.
pub fn find_sync(bytes: &[u8]) -> Option<usize> {
    bytes.windows(WINDOW).position(|window| {
        window
            .iter()
            .step_by(PACKET_BYTES)
            .all(|byte| *byte == SYNC)
    })
}

/// Cuts a stream into packets.
#[derive(Debug, Default)]
pub struct Sync {
    buffer: Vec<u8>,
    locked: bool,
    losses: u32,
}

impl Sync {
    /// How often bytes were skipped since the last call.
    pub fn take_losses(&mut self) -> u32 {
        core::mem::take(&mut self.losses)
    }

    /// Forgets a packet that was begun: another file follows.
    pub fn restart(&mut self) {
        self.buffer.clear();
        self.locked = false;
    }

    /// Takes bytes and gives every packet that is whole now.
    pub fn push(&mut self, bytes: &[u8], mut packet: impl FnMut(&[u8])) {
        self.buffer.extend_from_slice(bytes);
        let mut at = 0;
        loop {
            let rest = &self.buffer[at..];
            if !self.locked {
                if let Some(offset) = find_sync(rest) {
                    self.losses += u32::from(offset > 0);
                    at += offset;
                    self.locked = true;
                    continue;
                }
                // The last bytes may be the beginning of a packet.
                let useless = rest.len().saturating_sub(WINDOW - 1);
                self.losses += u32::from(useless > 0);
                at += useless;
                break;
            }
            match rest.get(..PACKET_BYTES) {
                Some(whole) if whole[0] == SYNC => {
                    packet(whole);
                    at += PACKET_BYTES;
                }
                Some(_) => self.locked = false,
                None => break,
            }
        }
        self.buffer.drain(..at);
    }

    /// Gives the packets at the stream's end, where no three in a row are left.
    pub fn finish(&mut self, mut packet: impl FnMut(&[u8])) {
        for whole in self.buffer.chunks_exact(PACKET_BYTES) {
            if whole[0] == SYNC {
                packet(whole);
            }
        }
        self.restart();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stream(count: u8) -> Vec<u8> {
        (0..count)
            .flat_map(|n| {
                let mut packet = vec![n; PACKET_BYTES];
                packet[0] = SYNC;
                packet
            })
            .collect()
    }

    fn packets(bytes: &[u8], size: usize) -> Vec<u8> {
        let mut sync = Sync::default();
        let mut found = Vec::new();
        for piece in bytes.chunks(size) {
            sync.push(piece, |packet| found.push(packet[1]));
            assert!(sync.buffer.len() <= WINDOW);
        }
        sync.finish(|packet| found.push(packet[1]));
        found
    }

    #[test]
    fn locks_and_finds_back() {
        let whole = stream(8);
        let mut cut = whole.clone();
        cut.drain(188 * 3 + 100..188 * 3 + 150);
        let prefixed = [&[SYNC, 1, 2][..], &whole].concat();
        for size in [1, 100, 188, 4000] {
            assert_eq!(packets(&whole, size), [0, 1, 2, 3, 4, 5, 6, 7]);
            assert_eq!(packets(&prefixed, size), [0, 1, 2, 3, 4, 5, 6, 7]);
            // The packet with the hole swallows the head of the next one.
            assert_eq!(packets(&cut, size), [0, 1, 2, 3, 5, 6, 7]);
        }
        assert_eq!(packets(&stream(2), 50), [0, 1]);
        assert!(packets(&[0; 2000], 99).is_empty());
    }
}
