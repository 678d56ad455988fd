//! The headers that RTP leaves out (ISO/IEC 10918-1, annex B).

use super::quantisation::Table;

/// What the headers of a picture say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame<'a> {
    /// Pixels.
    pub width: u16,
    /// Pixels.
    pub height: u16,
    /// Chrominance of half height (4:2:0), otherwise of half width only (4:2:2).
    pub half_height: bool,
    /// Blocks between restart markers; 0 for none.
    pub restart_interval: u16,
    /// For luminance and chrominance.
    pub tables: [&'a Table; 2],
}

/// Everything from SOI to SOS, but for the Huffman tables.
pub fn headers(frame: &Frame<'_>) -> Vec<u8> {
    let mut out = vec![0xff, 0xd8];
    for (number, table) in (0u8..).zip(frame.tables) {
        let precision = if table.wide { 0x10 } else { 0 };
        segment(&mut out, 0xdb, &[&[precision | number], &table.bytes]);
    }
    if frame.restart_interval > 0 {
        segment(&mut out, 0xdd, &[&frame.restart_interval.to_be_bytes()]);
    }
    // Baseline knows no wide tables, extended sequential does.
    let wide = frame.tables.iter().any(|table| table.wide);
    let luminance = if frame.half_height { 0x22 } else { 0x21 };
    segment(
        &mut out,
        if wide { 0xc1 } else { 0xc0 },
        &[
            &[8],
            &frame.height.to_be_bytes(),
            &frame.width.to_be_bytes(),
            // Three components: number, sampling, quantisation table.
            &[3, 1, luminance, 0, 2, 0x11, 1, 3, 0x11, 1],
        ],
    );
    // Three components: number, Huffman tables; then the whole spectrum.
    segment(&mut out, 0xda, &[&[3, 1, 0x00, 2, 0x11, 3, 0x11, 0, 63, 0]]);
    out
}

fn segment(out: &mut Vec<u8>, marker: u8, parts: &[&[u8]]) {
    let len: usize = parts.iter().map(|part| part.len()).sum();
    out.extend([0xff, marker]);
    // At most 131 bytes.
    out.extend((len as u16 + 2).to_be_bytes());
    for part in parts {
        out.extend(*part);
    }
}
