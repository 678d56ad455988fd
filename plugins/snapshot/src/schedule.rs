//! When to ask.

use padelvar_sdk::{Error, Microseconds};

const DEFAULT_FPS: f64 = 2.0;
const MIN_FPS: f64 = 0.1;
const MAX_FPS: f64 = 25.0;

/// Microseconds between two requests, from the option `fps`.
pub fn period(options: &[(String, String)]) -> Result<Microseconds, Error> {
    let Some((_, text)) = options.iter().find(|(name, _)| name == "fps") else {
        return Ok(to_period(DEFAULT_FPS));
    };
    match text.trim().parse::<f64>() {
        Ok(fps) if (MIN_FPS..=MAX_FPS).contains(&fps) => Ok(to_period(fps)),
        _ => Err(Error::unsupported(format!(
            "fps = {text:?} is not a number from {MIN_FPS} to {MAX_FPS}"
        ))),
    }
}

fn to_period(fps: f64) -> Microseconds {
    (1_000_000.0 / fps).round() as Microseconds
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
            (of("25"), of("0.1"), of(" 12.5 ")),
            (Ok(40_000), Ok(10_000_000), Ok(80_000))
        );
        for wrong in ["0", "-1", "26", "NaN", "inf", "x", ""] {
            assert!(of(wrong).is_err(), "{wrong}");
        }
    }
}
