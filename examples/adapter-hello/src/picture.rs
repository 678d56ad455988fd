//! A grey JPEG of blocks, each of one brightness: baseline, with nothing but the blocks' means
//! (ITU-T T.81).

/// Blocks of 8×8 pixels in a row.
pub const COLUMNS: u16 = 40;
/// Rows of blocks.
pub const ROWS: u16 = 30;

/// A picture of 320×240 pixels.
pub fn jpeg(brightness: impl Fn(u16, u16) -> u8) -> Vec<u8> {
    let mut file = header();
    let mut bits = Bits::default();
    let mut before = 0;
    for row in 0..ROWS {
        for column in 0..COLUMNS {
            // The mean's coefficient is 8 times the mean, and is divided by 8 (see `header`).
            let mean = i32::from(brightness(column, row)) - 128;
            bits.difference(mean - before);
            before = mean;
        }
    }
    file.extend(bits.end());
    file.extend([0xff, 0xd9]);
    file
}

/// Everything before the coded blocks.
fn header() -> Vec<u8> {
    let mut file = vec![0xff, 0xd8];
    // Quantisation: everything is divided by 8.
    file.extend([0xff, 0xdb, 0, 67, 0]);
    file.extend([8; 64]);
    // Baseline, 8 bits a sample, one component without subsampling.
    let [height, width] = [ROWS * 8, COLUMNS * 8].map(u16::to_be_bytes);
    file.extend([0xff, 0xc0, 0, 11, 8]);
    file.extend([height[0], height[1], width[0], width[1], 1, 1, 0x11, 0]);
    // Means: nine codes of four bits, for numbers of 0 to 8 bits.
    file.extend([0xff, 0xc4, 0, 28, 0x00]);
    file.extend([0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    file.extend(0..9);
    // All else: one code of one bit, "nothing more in this block".
    file.extend([0xff, 0xc4, 0, 20, 0x10]);
    file.extend([1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    // The one scan.
    file.extend([0xff, 0xda, 0, 8, 1, 1, 0x00, 0, 63, 0]);
    file
}

/// Bits, the highest first, as a scan has them.
#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    open: u32,
    count: u32,
}

impl Bits {
    fn push(&mut self, bits: u32, count: u32) {
        self.open = (self.open << count) | bits;
        self.count += count;
        while self.count >= 8 {
            self.count -= 8;
            let byte = (self.open >> self.count).to_le_bytes()[0];
            self.bytes.push(byte);
            if byte == 0xff {
                // So that it is not taken for a marker.
                self.bytes.push(0);
            }
        }
        self.open &= (1 << self.count) - 1;
    }

    /// One block: how its mean differs from the one before, and nothing more.
    fn difference(&mut self, difference: i32) {
        let length = 32 - difference.unsigned_abs().leading_zeros();
        self.push(length, 4);
        // A negative number is written as the one's complement of its amount.
        let amount = difference.unsigned_abs();
        let mask = (1 << length) - 1;
        self.push(
            if difference < 0 {
                !amount & mask
            } else {
                amount
            },
            length,
        );
        self.push(0, 1);
    }

    fn end(mut self) -> Vec<u8> {
        self.push(0x7f, 7);
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn negative_numbers_and_stuffing() {
        let mut bits = Bits::default();
        bits.difference(-68);
        bits.difference(0);
        // 0111 0111011 0, 0000 0, then ones.
        assert_eq!(bits.end(), [0b0111_0111, 0b0110_0000, 0b0111_1111]);
        let mut bits = Bits::default();
        bits.push(0xff, 8);
        assert_eq!(bits.end(), [0xff, 0]);
    }
}
