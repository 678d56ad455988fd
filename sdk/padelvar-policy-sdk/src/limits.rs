//! Limits that policies set by obligations.

use crate::Obligation;
use crate::names::{action, obligation};

/// The longest duration that the host takes for a limit, minutes.
const MOST_MINUTES: f64 = 1e6;

/// Limits of what is allowed; none where there is none.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Limits {
    /// A recording is planned no longer than this, minutes.
    pub max_duration_minutes: Option<f64>,
    /// The user has at most so many sessions, or running recordings, at a time.
    pub max_concurrent: Option<u32>,
}

impl Limits {
    /// Of each limit the wider one; no limit is the widest.
    #[must_use]
    pub fn widest(self, other: Self) -> Self {
        let minutes = self.max_duration_minutes.zip(other.max_duration_minutes);
        let concurrent = self.max_concurrent.zip(other.max_concurrent);
        Self {
            max_duration_minutes: minutes.map(|(one, two)| one.max(two)),
            max_concurrent: concurrent.map(|(one, two)| one.max(two)),
        }
    }

    /// As obligations, those that mean something on this action.
    pub fn obligations(&self, action: &str) -> impl Iterator<Item = Obligation> + use<> {
        let starts = action == action::RECORDING_START;
        let counted = starts || action == action::SESSION_CREATE;
        let minutes = self.max_duration_minutes.filter(|_| starts);
        let concurrent = self.max_concurrent.filter(|_| counted);
        let minutes =
            minutes.map(|minutes| (obligation::MAX_DURATION_MINUTES, minutes.to_string()));
        let concurrent = concurrent.map(|count| (obligation::MAX_CONCURRENT, count.to_string()));
        minutes
            .into_iter()
            .chain(concurrent)
            .map(|(name, value)| Obligation {
                name: name.to_owned(),
                value,
            })
    }
}

/// A duration that the host takes as a limit, or what it has to be.
pub fn minutes(value: f64) -> Result<f64, &'static str> {
    if value > 0.0 && value <= MOST_MINUTES {
        Ok(value)
    } else {
        Err("has to be a number of minutes over 0 and at most 1000000, fractions allowed")
    }
}

/// A number at a time that the host takes as a limit, or what it has to be. Nobody needs
/// the limit 0: that is a denial.
pub fn concurrent(value: u64) -> Result<u32, &'static str> {
    let count = u32::try_from(value).ok().filter(|count| *count > 0);
    count.ok_or("has to be a whole number of 1 or more; to forbid it, do not allow it")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(limits: Limits, action: &str) -> Vec<String> {
        let all = limits.obligations(action);
        all.map(|one| format!("{}={}", one.name, one.value))
            .collect()
    }

    #[test]
    fn only_where_they_mean_something() {
        let limits = Limits {
            max_duration_minutes: Some(90.0),
            max_concurrent: Some(2),
        };
        assert_eq!(
            shown(limits, action::RECORDING_START),
            ["max-duration-minutes=90", "max-concurrent=2"]
        );
        assert_eq!(shown(limits, action::SESSION_CREATE), ["max-concurrent=2"]);
        assert!(shown(limits, action::RECORDING_STOP).is_empty());
        assert!(shown(Limits::default(), action::RECORDING_START).is_empty());
    }

    #[test]
    fn no_limit_is_the_widest() {
        let narrow = Limits {
            max_duration_minutes: Some(0.5),
            max_concurrent: Some(1),
        };
        let wide = Limits {
            max_duration_minutes: Some(90.0),
            max_concurrent: None,
        };
        assert_eq!(narrow.widest(wide), wide);
        assert_eq!(wide.widest(narrow), wide);
        assert_eq!(wide.widest(Limits::default()), Limits::default());
    }

    #[test]
    fn values_that_the_host_takes() {
        assert_eq!(minutes(0.5), Ok(0.5));
        for odd in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e300] {
            assert!(minutes(odd).is_err(), "{odd}");
        }
        assert_eq!(concurrent(1), Ok(1));
        assert!(concurrent(0).is_err());
        assert!(concurrent(u64::from(u32::MAX) + 1).is_err());
    }
}
