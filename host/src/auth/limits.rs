//! Conditions under which something is allowed: a policy's obligations, understood.

use std::fmt;
use std::time::Duration;

/// What the host keeps to when it does what was allowed.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Limits {
    /// A recording is planned no longer than this.
    pub max_duration: Option<Duration>,
    /// The user has at most so many sessions, or running recordings, the new one included.
    pub max_concurrent: Option<u32>,
}

/// The longest duration that is a limit at all, minutes: keeps arithmetic far from its ends.
const MOST_MINUTES: f64 = 1e6;

/// The names of the obligations that the host knows.
pub const OBLIGATIONS: [&str; 2] = ["max-duration-minutes", "max-concurrent"];

impl fmt::Display for Limits {
    /// As obligations: `{max-concurrent = 1}`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let minutes = self.max_duration.map(|d| d.as_secs_f64() / 60.0);
        let minutes = minutes.map(|minutes| format!("max-duration-minutes = {minutes}"));
        let count = self.max_concurrent;
        let count = count.map(|count| format!("max-concurrent = {count}"));
        let both: Vec<String> = minutes.into_iter().chain(count).collect();
        write!(f, "{{{}}}", both.join(", "))
    }
}

impl Limits {
    /// As a JSON object of the obligations that there are.
    pub fn json(self) -> serde_json::Value {
        let mut object = serde_json::Map::new();
        if let Some(duration) = self.max_duration {
            let minutes = duration.as_secs_f64() / 60.0;
            object.insert(OBLIGATIONS[0].to_owned(), minutes.into());
        }
        if let Some(count) = self.max_concurrent {
            object.insert(OBLIGATIONS[1].to_owned(), count.into());
        }
        object.into()
    }

    /// Understands obligations; the smallest of repeated ones counts. An error names the one
    /// that the host does not know or cannot read.
    pub fn of<'a>(
        obligations: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, String> {
        let mut limits = Self::default();
        for (name, value) in obligations {
            match name {
                "max-duration-minutes" => {
                    let minutes = value.trim().parse::<f64>().ok();
                    let minutes = minutes.filter(|m| *m > 0.0 && *m <= MOST_MINUTES);
                    let minutes = minutes.ok_or_else(|| unreadable(name))?;
                    let new = Duration::from_secs_f64(minutes * 60.0);
                    limits.max_duration = Some(limits.max_duration.map_or(new, |d| d.min(new)));
                }
                "max-concurrent" => {
                    let new = value.trim().parse().map_err(|_| unreadable(name))?;
                    limits.max_concurrent = Some(limits.max_concurrent.map_or(new, |c| c.min(new)));
                }
                _ => return Err("the policy sets a condition that this host does not know".into()),
            }
        }
        Ok(limits)
    }
}

fn unreadable(name: &str) -> String {
    format!("the policy's condition {name} cannot be read")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smallest_counts() {
        let given = [
            ("max-concurrent", "3"),
            ("max-duration-minutes", "90"),
            ("max-duration-minutes", "0.5"),
            ("max-concurrent", " 1 "),
        ];
        let limits = Limits::of(given).unwrap();
        assert_eq!(limits.max_duration, Some(Duration::from_secs(30)));
        assert_eq!(limits.max_concurrent, Some(1));
        assert_eq!(Limits::of([]), Ok(Limits::default()));
    }

    #[test]
    fn what_is_not_understood_is_an_error() {
        for (name, value) in [
            ("max-length", "1"),
            ("max-duration-minutes", "0"),
            ("max-duration-minutes", "-1"),
            ("max-duration-minutes", "NaN"),
            ("max-duration-minutes", "inf"),
            ("max-duration-minutes", "1e300"),
            ("max-duration-minutes", ""),
            ("max-concurrent", "-1"),
            ("max-concurrent", "1.5"),
            ("max-concurrent", "99999999999"),
        ] {
            assert!(Limits::of([(name, value)]).is_err(), "{name} {value}");
        }
    }
}
