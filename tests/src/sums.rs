//! Sums over measurements.

/// The middle one; of an even number the mean of the two in the middle.
///
/// # Panics
/// Where there is none.
pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    if sorted.len() % 2 == 1 {
        sorted[middle]
    } else {
        f64::midpoint(sorted[middle - 1], sorted[middle])
    }
}

/// The greatest; no number where there is none.
pub fn greatest(values: &[f64]) -> f64 {
    values.iter().copied().fold(f64::NAN, f64::max)
}

/// Whether a number keeps to its aim, for the end of a line.
pub fn verdict(value: f64, aim: f64) -> &'static str {
    if value <= aim { "kept" } else { "MISSED" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_of_odd_and_even() {
        let close = |a: f64, b: f64| assert!((a - b).abs() < 1e-9, "{a} {b}");
        close(median(&[3.0, 1.0, 2.0]), 2.0);
        close(median(&[4.0, 1.0, 2.0, 3.0]), 2.5);
        close(greatest(&[1.0, 3.0, 2.0]), 3.0);
        assert!(greatest(&[]).is_nan());
    }
}
