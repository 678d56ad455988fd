//! Quantisation tables from the factor Q (RFC 2435, section 4.2).

/// Typical tables for luminance and chrominance (ISO/IEC 10918-1, tables K.1 and K.2),
/// row by row.
const LUMINANCE: [u8; 64] = [
    16, 11, 10, 16, 24, 40, 51, 61, //
    12, 12, 14, 19, 26, 58, 60, 55, //
    14, 13, 16, 24, 40, 57, 69, 56, //
    14, 17, 22, 29, 51, 87, 80, 62, //
    18, 22, 37, 56, 68, 109, 103, 77, //
    24, 35, 55, 64, 81, 104, 113, 92, //
    49, 64, 78, 87, 103, 121, 120, 101, //
    72, 92, 95, 98, 112, 100, 103, 99,
];
const CHROMINANCE: [u8; 64] = [
    17, 18, 24, 47, 99, 99, 99, 99, //
    18, 21, 26, 66, 99, 99, 99, 99, //
    24, 26, 56, 99, 99, 99, 99, 99, //
    47, 66, 99, 99, 99, 99, 99, 99, //
    99, 99, 99, 99, 99, 99, 99, 99, //
    99, 99, 99, 99, 99, 99, 99, 99, //
    99, 99, 99, 99, 99, 99, 99, 99, //
    99, 99, 99, 99, 99, 99, 99, 99,
];

/// One table in zigzag order, as in DQT.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Two bytes an element instead of one.
    pub wide: bool,
    /// 64 or 128 bytes.
    pub bytes: Vec<u8>,
}

/// The two tables for a factor of 1 to 99.
pub fn tables(factor: u8) -> [Table; 2] {
    [&LUMINANCE, &CHROMINANCE].map(|base| Table {
        wide: false,
        bytes: scaled(base, factor),
    })
}

fn scaled(base: &[u8; 64], factor: u8) -> Vec<u8> {
    let factor = u32::from(factor.clamp(1, 99));
    let percent = if factor < 50 {
        5_000 / factor
    } else {
        200 - 2 * factor
    };
    zigzag()
        .map(|at| ((u32::from(base[at]) * percent + 50) / 100).clamp(1, 255) as u8)
        .collect()
}

/// The places of a block's 64 elements, diagonal by diagonal (ISO/IEC 10918-1, figure
/// A.6).
fn zigzag() -> impl Iterator<Item = usize> {
    (0..15usize).flat_map(|diagonal| {
        let rows = diagonal.saturating_sub(7)..=diagonal.min(7);
        let (first, last) = (*rows.start(), *rows.end());
        rows.map(move |row| {
            // Even diagonals run upwards.
            let row = if diagonal % 2 == 0 {
                first + last - row
            } else {
                row
            };
            8 * row + (diagonal - row)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order() {
        let order: Vec<usize> = zigzag().collect();
        assert_eq!(order[..12], [0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25]);
        assert_eq!(order[60..], [47, 55, 62, 63]);
        let mut sorted = order;
        sorted.sort_unstable();
        assert!(sorted.into_iter().eq(0..64));
    }

    #[test]
    fn factors() {
        // At 50 the typical tables themselves.
        let [luminance, chrominance] = tables(50);
        assert_eq!(luminance.bytes[..6], [16, 11, 12, 14, 12, 10]);
        assert_eq!(chrominance.bytes[..6], [17, 18, 18, 24, 21, 24]);
        assert_eq!(tables(1)[0].bytes[0], 255);
        assert_eq!(tables(99)[0].bytes[..3], [1, 1, 1]);
        assert_eq!(tables(25)[0].bytes[0], 32);
    }
}
