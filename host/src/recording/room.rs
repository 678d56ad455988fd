//! How far ahead of a growing file room is taken for it, so that the end of the space is met
//! while there is still room for the last pictures and for the index. Pure.

/// Fragments for which room is kept: the one that FFmpeg is filling, what an encoder looks
/// ahead (up to 40 pictures) and what waits in pipes when the end of the space is met.
const FRAGMENTS_AHEAD: u64 = 4;
/// Least room for them, bytes.
const LEAST_AHEAD: u64 = 64 << 10;
/// Most room for them, bytes: stops one gigantic fragment from asking for a disk.
const MOST_AHEAD: u64 = 128 << 20;
/// Bytes of the index for a picture: its size, its time, its shift, its place in the list of
/// keyframes (`stsz` 4, `stts` 8, `ctts` 8; ISO/IEC 14496-12, 8.6 and 8.7).
const INDEX_A_PICTURE: u64 = 20;
/// Bytes of the index for a fragment: its place and its run of pictures, for sound as well.
const INDEX_A_FRAGMENT: u64 = 64;
/// Bytes of an index without pictures.
const INDEX: u64 = 8 << 10;
/// Room is taken for so many fragments at a time: a system call every few seconds.
const FRAGMENTS_A_STEP: u64 = 8;
/// Greatest step, bytes: what one recording takes others have not.
const MOST_A_STEP: u64 = 16 << 20;

/// What a file will need.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Room {
    largest: u64,
    index_bytes: u64,
    /// Up to which byte room is taken.
    until: u64,
}

impl Room {
    /// A fragment with so many pictures is written.
    pub fn wrote(&mut self, bytes: u64, pictures: u64) {
        self.largest = self.largest.max(bytes);
        self.index_bytes += INDEX_A_FRAGMENT + INDEX_A_PICTURE * pictures;
    }

    /// Bytes that are needed to end well.
    pub fn ahead(&self) -> u64 {
        let fragments = self.largest.saturating_mul(FRAGMENTS_AHEAD);
        fragments.clamp(LEAST_AHEAD, MOST_AHEAD) + INDEX + self.index_bytes
    }

    /// What is to be taken for a file of this size, from where to where: best first, then the
    /// least that will do. None while enough is taken.
    pub fn wanted(&self, size_bytes: u64) -> Option<[(u64, u64); 2]> {
        let from = self.until.max(size_bytes);
        let least = size_bytes + self.ahead();
        let step = self.largest.saturating_mul(FRAGMENTS_A_STEP);
        let best = least + step.clamp(LEAST_AHEAD, MOST_A_STEP);
        (self.until < least).then_some([(from, best), (from, least)])
    }

    /// Room is taken up to here.
    pub fn took(&mut self, until: u64) {
        self.until = self.until.max(until);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_taken_in_steps_and_grows_with_the_pictures() {
        let mut room = Room::default();
        let [(from, best), (_, least)] = room.wanted(0).unwrap();
        assert_eq!(
            (from, best - least, least),
            (0, LEAST_AHEAD, LEAST_AHEAD + INDEX)
        );
        room.took(best);
        assert_eq!(room.wanted(0), None);
        assert_eq!(room.wanted(LEAST_AHEAD), None);
        assert!(room.wanted(LEAST_AHEAD + 1).is_some());
        // A second at 8 Mbit/s.
        room.wrote(1_000_000, 25);
        assert_eq!(room.ahead(), 4_000_000 + INDEX + 64 + 500);
        let [(from, further), (_, least)] = room.wanted(1_000_000).unwrap();
        assert_eq!(
            (from, least),
            (best.max(1_000_000), 1_000_000 + room.ahead())
        );
        assert_eq!(further - least, 8_000_000);
        // 90 minutes.
        for _ in 0..90 * 60 {
            room.wrote(500_000, 25);
        }
        let index = room.ahead() - 4_000_000;
        assert!((600_000..4_000_000).contains(&index), "{index}");
        room.wrote(u64::MAX, 1);
        assert!(room.ahead() < MOST_AHEAD + 4_000_000);
    }
}
