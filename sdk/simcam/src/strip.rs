//! The machine-readable strip along the picture's lower edge.
//!
//! 36 blocks, black or white, each a fortieth of the picture's width: a sync
//! pattern, the frame's index in the clip (20 bits, highest first), its CRC-8
//! and the sync pattern backwards. Both sync patterns hold black and white, so
//! that the reader finds the levels itself, whatever range or codec the
//! picture went through. Positions are fractions of the picture's size: a
//! picture that was scaled keeps a readable strip as long as a block has a few
//! pixels.

/// The greatest index a strip can hold.
pub const MAX_VALUE: u32 = (1 << VALUE_BITS) - 1;

const VALUE_BITS: usize = 20;
const CRC_BITS: usize = 8;
const SYNC: [bool; 4] = [true, false, true, false];
const BLOCKS: usize = SYNC.len() * 2 + VALUE_BITS + CRC_BITS;
/// Width of the picture in blocks; what [`BLOCKS`] leaves is the margin.
const COLUMNS: usize = 40;
const MARGIN: usize = (COLUMNS - BLOCKS) / 2;
/// The narrowest picture in which a block has 8 pixels.
pub(crate) const MIN_WIDTH: usize = COLUMNS * 8;
/// Smallest distance of a sync pattern's black and white, in steps of luma.
const MIN_CONTRAST: u32 = 48;

/// Height of the strip in rows in a picture of this height.
pub(crate) fn rows(height: usize) -> usize {
    (height / 22).max(12).min(height)
}

/// The strip's blocks, left to right; `true` is white.
fn blocks(value: u32) -> [bool; BLOCKS] {
    let mut out = [false; BLOCKS];
    let payload = (u64::from(value) << CRC_BITS) | u64::from(crc8(value));
    for (i, block) in out.iter_mut().enumerate() {
        *block = if i < SYNC.len() {
            SYNC[i]
        } else if i < SYNC.len() + VALUE_BITS + CRC_BITS {
            let bit = VALUE_BITS + CRC_BITS - 1 - (i - SYNC.len());
            (payload >> bit) & 1 == 1
        } else {
            SYNC[BLOCKS - 1 - i]
        };
    }
    out
}

/// CRC-8 with polynomial 0x07 over the value's three bytes. It starts at 0xFF,
/// so that an all-black strip is not a valid zero.
fn crc8(value: u32) -> u8 {
    let mut crc = 0xFF_u8;
    for byte in &value.to_be_bytes()[1..] {
        crc ^= byte;
        for _ in 0..8 {
            crc = if crc & 0x80 == 0 {
                crc << 1
            } else {
                (crc << 1) ^ 0x07
            };
        }
    }
    crc
}

/// Paints the strip of `value` into a luma plane of limited range (16 to 235).
pub(crate) fn draw(luma: &mut [u8], width: usize, height: usize, value: u32) {
    let mut line = vec![16_u8; width];
    for (i, white) in blocks(value & MAX_VALUE).iter().enumerate() {
        let from = (MARGIN + i) * width / COLUMNS;
        let to = (MARGIN + i + 1) * width / COLUMNS;
        if *white {
            line[from..to].fill(235);
        }
    }
    for row in luma[..width * height]
        .chunks_exact_mut(width)
        .skip(height - rows(height))
    {
        row.copy_from_slice(&line);
    }
}

/// Reads the strip of a gray picture (one byte a pixel, rows without padding).
///
/// `None` when the picture is too small, its length does not match, or the
/// strip is damaged. The value is the frame's index in the clip.
pub fn read(gray: &[u8], width: usize, height: usize) -> Option<u32> {
    if width < COLUMNS * 2 || height < 16 || gray.len() < width.checked_mul(height)? {
        return None;
    }
    let mut levels = [0_u32; BLOCKS];
    for (i, level) in levels.iter_mut().enumerate() {
        *level = block_level(gray, width, height, i);
    }
    let sync = |wanted: bool| {
        let ends = (0..SYNC.len()).chain(BLOCKS - SYNC.len()..BLOCKS);
        let chosen = ends.filter(|&i| SYNC[i.min(BLOCKS - 1 - i)] == wanted);
        chosen.map(|i| levels[i]).sum::<u32>() / SYNC.len() as u32
    };
    let (white, black) = (sync(true), sync(false));
    if white < black + MIN_CONTRAST {
        return None;
    }
    let middle = u32::midpoint(white, black);
    let mut payload = 0_u64;
    for (i, level) in levels.iter().enumerate() {
        let bit = *level > middle;
        let expected = if i < SYNC.len() {
            SYNC[i]
        } else if i >= BLOCKS - SYNC.len() {
            SYNC[BLOCKS - 1 - i]
        } else {
            payload = (payload << 1) | u64::from(bit);
            bit
        };
        if bit != expected {
            return None;
        }
    }
    let value = (payload >> CRC_BITS) as u32;
    (crc8(value) == (payload & 0xFF) as u8).then_some(value)
}

/// Mean of the inner half of block `i`, away from its smeared edges.
fn block_level(gray: &[u8], width: usize, height: usize, i: usize) -> u32 {
    let quarter = |n: usize| (4 * (MARGIN + i) + n) * width / (4 * COLUMNS);
    let (left, right) = (quarter(1), quarter(3).max(quarter(1) + 1));
    let rows = rows(height);
    let top = height - rows + rows / 4;
    let bottom = (height - rows / 4).max(top + 1);
    let mut sum = 0_u32;
    for y in top..bottom {
        sum += gray[y * width + left..y * width + right]
            .iter()
            .map(|&p| u32::from(p))
            .sum::<u32>();
    }
    sum / ((right - left) * (bottom - top)) as u32
}

/// How many frames `value` is ahead of `previous` in a clip of `frames` frames
/// that loops: 1 is the next frame, 0 the same one.
pub fn advance(previous: u32, value: u32, frames: u32) -> u32 {
    let frames = frames.max(1);
    let (from, to) = (previous % frames, value % frames);
    (to + frames - from) % frames
}

#[cfg(test)]
mod tests {
    use super::{MAX_VALUE, advance, draw, read};

    fn picture(width: usize, height: usize, value: u32) -> Vec<u8> {
        let mut luma = vec![90_u8; width * height];
        draw(&mut luma, width, height, value);
        luma
    }

    #[test]
    fn reads_what_was_drawn() {
        for (width, height) in [
            (320, 180),
            (640, 360),
            (1280, 720),
            (1920, 1080),
            (642, 362),
        ] {
            for value in [0, 1, 499, 0x55555, 0xAAAAA, MAX_VALUE] {
                assert_eq!(
                    read(&picture(width, height, value), width, height),
                    Some(value)
                );
            }
        }
    }

    #[test]
    fn a_changed_block_is_refused() {
        let mut luma = picture(640, 360, 1234);
        let other = if luma[350 * 640 + 168] > 100 { 16 } else { 235 };
        for y in 340..360 {
            luma[y * 640 + 160..y * 640 + 176].fill(other);
        }
        assert_eq!(read(&luma, 640, 360), None);
    }

    #[test]
    fn nonsense_is_none() {
        assert_eq!(read(&[], 640, 360), None);
        assert_eq!(read(&[0; 100], usize::MAX, 2), None);
        assert_eq!(read(&vec![0; 640 * 360], 640, 360), None);
        assert_eq!(read(&vec![255; 640 * 360], 640, 360), None);
        assert_eq!(read(&picture(640, 360, 5), 360, 640), None);
    }

    #[test]
    fn low_contrast_and_other_range_still_read() {
        let mut luma = picture(640, 360, 77);
        for p in &mut luma {
            *p = 60 + *p / 2;
        }
        assert_eq!(read(&luma, 640, 360), Some(77));
    }

    #[test]
    fn advances_over_the_loop() {
        assert_eq!(advance(499, 0, 500), 1);
        assert_eq!(advance(10, 10, 500), 0);
        assert_eq!(advance(10, 9, 500), 499);
    }
}
