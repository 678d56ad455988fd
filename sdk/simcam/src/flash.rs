//! The square that flashes at every whole second, so that sound can be compared with it.
//!
//! 32 by 32 pixels in the upper right corner: white in the frames of the first 100 ms of every
//! whole second of the clip's clock, black in all others. A camera with
//! [`Sound`](crate::Sound) beeps in the same 100 ms.

/// Pixels of each side.
pub const SIDE: usize = 32;
/// Its part of a second.
const PART: u32 = 10;

/// Whether the square is white in the frame with this index.
pub fn is_on(index: u32, fps: u32) -> bool {
    index % fps.max(1) * PART < fps
}

/// Whether the square of a gray picture (one byte a pixel, rows without padding) is white.
///
/// `None` when the picture is too small or its length does not match.
pub fn read(gray: &[u8], width: usize, height: usize) -> Option<bool> {
    if width < SIDE || height < SIDE || gray.len() < width.checked_mul(height)? {
        return None;
    }
    let quarter = SIDE / 4;
    let mut sum = 0;
    for row in gray.chunks_exact(width).take(SIDE - quarter).skip(quarter) {
        let inner = &row[width - SIDE + quarter..width - quarter];
        sum += inner.iter().map(|p| usize::from(*p)).sum::<usize>();
    }
    Some(sum / (SIDE / 2).pow(2) > 125)
}

#[cfg(test)]
mod tests {
    use super::{SIDE, is_on, read};

    #[test]
    fn the_first_tenth_of_a_second() {
        let on = |fps: u32| (0..2 * fps).filter(|i| is_on(*i, fps)).collect::<Vec<_>>();
        assert_eq!(on(25), [0, 1, 2, 25, 26, 27]);
        assert_eq!(on(30), [0, 1, 2, 30, 31, 32]);
        assert_eq!(on(10), [0, 10]);
        assert_eq!(on(1), [0, 1]);
    }

    #[test]
    fn only_the_corner_counts() {
        let mut gray = vec![200; 320 * 100];
        assert_eq!(read(&gray, 320, 100), Some(true));
        for row in gray.chunks_exact_mut(320).take(SIDE) {
            row[320 - SIDE..].fill(16);
        }
        assert_eq!(read(&gray, 320, 100), Some(false));
        assert_eq!(read(&gray, 320, 101), None);
        assert_eq!(read(&[], 0, 0), None);
    }
}
