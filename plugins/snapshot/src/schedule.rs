//! When to ask.

use padelvar_sdk::{Error, Microseconds};

/// Pictures in a thousand seconds. Whole numbers, since code for fractions makes a
/// component half as large again.
const DEFAULT_RATE: u64 = 2_000;
const MIN_RATE: u64 = 100;
const MAX_RATE: u64 = 25_000;

/// Microseconds between two requests, from the option `fps`.
pub fn period(options: &[(String, String)]) -> Result<Microseconds, Error> {
    let Some((_, text)) = options.iter().find(|(name, _)| name == "fps") else {
        return Ok(1_000_000_000 / DEFAULT_RATE);
    };
    match rate(text.trim()) {
        Some(rate) if (MIN_RATE..=MAX_RATE).contains(&rate) => Ok(1_000_000_000 / rate),
        _ => Err(Error::unsupported(format!(
            "fps = {text:?} is not a number from 0.1 to 25"
        ))),
    }
}

/// A thousand times the decimal number; digits after the third are cut off.
fn rate(text: &str) -> Option<u64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(fraction) {
        return None;
    }
    let thousandths: String = fraction.chars().chain("000".chars()).take(3).collect();
    let whole: u64 = whole.parse().ok()?;
    whole
        .checked_mul(1_000)?
        .checked_add(thousandths.parse().ok()?)
}

/// A steady beat. Beats that pass while an answer is waited for are left out; the ones
/// after them keep their times, so that nothing drifts.
#[derive(Debug, Clone, Copy)]
pub struct Schedule {
    next: Microseconds,
    period: Microseconds,
}

impl Schedule {
    /// First beat now.
    pub fn new(now: Microseconds, period: Microseconds) -> Self {
        Self {
            next: now,
            period: period.max(1),
        }
    }

    /// The first beat that is not over, after the last one told of.
    pub fn next(&mut self, now: Microseconds) -> Microseconds {
        if self.next < now {
            let missed = (now - self.next).div_ceil(self.period);
            self.next += missed * self.period;
        }
        let beat = self.next;
        self.next += self.period;
        beat
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steady_and_without_bursts() {
        let mut schedule = Schedule::new(100, 10);
        assert_eq!(
            [schedule.next(100), schedule.next(101), schedule.next(111)],
            [100, 110, 120]
        );
        assert_eq!(
            [schedule.next(155), schedule.next(160), schedule.next(160)],
            [160, 170, 180]
        );
    }

    #[test]
    fn rates() {
        let of = |value: &str| period(&[("fps".to_owned(), value.to_owned())]);
        assert_eq!(period(&[]), Ok(500_000));
        assert_eq!(
            (of("25"), of("0.1"), of(" 12.50 ")),
            (Ok(40_000), Ok(10_000_000), Ok(80_000))
        );
        for wrong in [
            "0",
            "-1",
            "26",
            "NaN",
            "inf",
            "x",
            "",
            ".",
            "1.",
            "99999999999999999999",
            "25.001",
        ] {
            assert!(of(wrong).is_err(), "{wrong}");
        }
    }
}
