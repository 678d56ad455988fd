//! The clock in the picture: its own bitmap digits.

use super::canvas::{Canvas, Colour};

/// Columns and rows of a glyph.
const GLYPH: [usize; 2] = [5, 7];

/// A glyph's rows from the top, five bits each, the highest on the left.
fn glyph(c: char) -> [u8; 7] {
    match c {
        '0' => [0x0E, 0x11, 0x11, 0x11, 0x11, 0x11, 0x0E],
        '1' => [0x04, 0x0C, 0x04, 0x04, 0x04, 0x04, 0x0E],
        '2' => [0x0E, 0x11, 0x01, 0x06, 0x08, 0x10, 0x1F],
        '3' => [0x1E, 0x01, 0x01, 0x0E, 0x01, 0x01, 0x1E],
        '4' => [0x02, 0x06, 0x0A, 0x12, 0x1F, 0x02, 0x02],
        '5' => [0x1F, 0x10, 0x1E, 0x01, 0x01, 0x11, 0x0E],
        '6' => [0x06, 0x08, 0x10, 0x1E, 0x11, 0x11, 0x0E],
        '7' => [0x1F, 0x01, 0x02, 0x04, 0x04, 0x08, 0x08],
        '8' => [0x0E, 0x11, 0x11, 0x0E, 0x11, 0x11, 0x0E],
        '9' => [0x0E, 0x11, 0x11, 0x0F, 0x01, 0x02, 0x0C],
        ':' => [0x00, 0x04, 0x04, 0x00, 0x04, 0x04, 0x00],
        '.' => [0x00, 0x00, 0x00, 0x00, 0x00, 0x06, 0x06],
        '#' => [0x0A, 0x0A, 0x1F, 0x0A, 0x1F, 0x0A, 0x0A],
        _ => [0; 7],
    }
}

/// Width in pixels of a text at this scale (pixels a dot).
pub(crate) fn width(text: &str, scale: usize) -> usize {
    text.chars().count() * (GLYPH[0] + 1) * scale
}

/// Height in pixels of a text at this scale.
pub(crate) fn height(scale: usize) -> usize {
    GLYPH[1] * scale
}

/// Writes `text` with its upper left corner at `at`.
pub(crate) fn write(canvas: &mut Canvas, at: [usize; 2], scale: usize, text: &str, c: Colour) {
    for (i, letter) in text.chars().enumerate() {
        let left = at[0] + i * (GLYPH[0] + 1) * scale;
        for (row, bits) in glyph(letter).into_iter().enumerate() {
            for column in (0..GLYPH[0]).filter(|n| bits >> (GLYPH[0] - 1 - n) & 1 == 1) {
                let x = left + column * scale;
                let y = at[1] + row * scale;
                canvas.rectangle([x, y], [x + scale, y + scale], c);
            }
        }
    }
}

/// A time as `mm:ss.mmm`.
pub(crate) fn clock(ms: u64) -> String {
    let (minutes, seconds, ms) = (ms / 60_000, ms / 1000 % 60, ms % 1000);
    format!("{minutes:02}:{seconds:02}.{ms:03}")
}

#[cfg(test)]
mod tests {
    use super::clock;

    #[test]
    fn clock_counts_minutes() {
        assert_eq!(clock(0), "00:00.000");
        assert_eq!(clock(83_040), "01:23.040");
    }
}
