//! Which files are deleted because they are old or too many. Pure.
//!
//! The length of `keep_days` is measured with the wall clock, and wall clocks go wrong: one that
//! jumps a year ahead makes every file a year old. So deleting by age has a pace of its own,
//! counted on the monotonic clock: an hour takes a hundredth of the library (so a day about a
//! quarter), or twice what falls due at an even pace where that is more, and never less than one
//! file. Such a jump costs what one day's attention can still stop, and a library whose
//! `keep_days` was just set is down to it within days. A file also has to be old by both the time
//! in its name and the time of its last change. Deleting by size needs no clock and no pace.

use std::time::Duration;

/// Part of the library that may be deleted by age in an hour.
const SHARE_AN_HOUR: f64 = 0.01;
/// How much more than what falls due at an even pace.
const AHEAD_OF_EVEN: f64 = 2.0;
/// Files whose last change is no longer ago stay, whatever their size: their players have not
/// seen them yet.
const YOUNG: Duration = Duration::from_hours(1);
/// A last change so far in the future tells that a clock was wrong, and not that a file is new.
const FUTURE: Duration = Duration::from_mins(10);

/// What is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Limits {
    /// `video.keep_days`.
    pub days: Option<f64>,
    /// `video.keep_bytes`.
    pub bytes: Option<u64>,
}

impl Limits {
    /// Nothing is ever deleted.
    pub fn are_off(&self) -> bool {
        self.days.is_none() && self.bytes.is_none()
    }
}

/// A finished file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Candidate {
    pub session_id: String,
    pub club_id: String,
    pub size_bytes: u64,
    /// When its session was created, milliseconds since 1970.
    pub created_ms: i64,
    /// When it was changed last, milliseconds since 1970.
    pub modified_ms: i64,
    /// It may not be deleted: its owner may not write it, or it is in use.
    pub protected: bool,
}

/// Why a file is deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    /// It is older than `keep_days`.
    Age,
    /// All are larger than `keep_bytes`.
    Size,
}

impl Cause {
    /// Its name, for logs and metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Age => "age",
            Self::Size => "size",
        }
    }
}

/// What is to be done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Due {
    /// To be deleted, oldest first.
    pub files: Vec<(Candidate, Cause)>,
    /// Those that are past `keep_days` and wait for their turn.
    pub waiting: usize,
    /// Bytes over `keep_bytes` that nothing can be deleted for.
    pub over_bytes: u64,
}

/// Tells what is due, `now_ms` being the wall clock's time and `by_age` how many files may be
/// deleted for their age.
pub(super) fn due(mut files: Vec<Candidate>, limits: Limits, now_ms: i64, by_age: usize) -> Due {
    files.sort_by(|a, b| (a.created_ms, &a.session_id).cmp(&(b.created_ms, &b.session_id)));
    let mut total: u64 = files.iter().map(|file| file.size_bytes).sum();
    let mut due = Due::default();
    for file in files {
        if file.protected {
            continue;
        }
        let too_large = limits.bytes.is_some_and(|most| total > most);
        let old = limits.days.is_some_and(|days| {
            let newest_ms = file.created_ms.max(file.modified_ms);
            now_ms.saturating_sub(newest_ms) as f64 > days * 86_400_000.0
        });
        let cause = if too_large && !is_young(&file, now_ms) {
            Cause::Size
        } else if old && due.by_age() < by_age {
            Cause::Age
        } else {
            due.waiting += usize::from(old);
            continue;
        };
        total -= file.size_bytes;
        due.files.push((file, cause));
    }
    due.over_bytes = limits.bytes.map_or(0, |most| total.saturating_sub(most));
    due
}

fn is_young(file: &Candidate, now_ms: i64) -> bool {
    let ago_ms = now_ms.saturating_sub(file.modified_ms);
    (-(FUTURE.as_millis() as i64)..YOUNG.as_millis() as i64).contains(&ago_ms)
}

impl Due {
    fn by_age(&self) -> usize {
        let aged = self.files.iter().filter(|(_, cause)| *cause == Cause::Age);
        aged.count()
    }
}

/// How many files may be deleted for their age: fills up with time on the monotonic clock, to
/// an hour's share at most.
#[derive(Clone, Debug)]
pub(super) struct Pace {
    /// Hours that were not used, 0 to 1.
    hours: f64,
    /// When it was filled last, microseconds.
    at_us: i64,
}

impl Pace {
    /// Begins with a whole share.
    pub fn new(now_us: i64) -> Self {
        let (hours, at_us) = (1.0, now_us);
        Self { hours, at_us }
    }

    /// How many of so many files may be deleted now.
    pub fn allows(&mut self, files: usize, days: f64, now_us: i64) -> usize {
        let passed_us = now_us.saturating_sub(self.at_us).max(0);
        self.hours = (self.hours + passed_us as f64 / 3.6e9).min(1.0);
        self.at_us = now_us;
        (self.hours * an_hour(files, days)).floor() as usize
    }

    /// So many of so many were deleted.
    pub fn used(&mut self, deleted: usize, files: usize, days: f64) {
        self.hours = (self.hours - deleted as f64 / an_hour(files, days)).max(0.0);
    }
}

/// Files that may be deleted for their age in an hour.
pub(super) fn an_hour(files: usize, days: f64) -> f64 {
    let even = 1.0 / (days * 24.0);
    let share = SHARE_AN_HOUR.max(AHEAD_OF_EVEN * even).min(1.0);
    (files as f64 * share).max(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY_MS: i64 = 86_400_000;
    const NOW: i64 = 1_000 * DAY_MS;
    const HOUR_US: i64 = 3_600_000_000;

    fn file(id: u32, days_old: f64, size_bytes: u64) -> Candidate {
        let at = NOW - (days_old * DAY_MS as f64) as i64;
        Candidate {
            session_id: format!("sess_1_{id}"),
            club_id: "1".into(),
            size_bytes,
            created_ms: at,
            modified_ms: at,
            protected: false,
        }
    }

    fn named(due: &Due) -> Vec<(&str, &str)> {
        let named = due.files.iter();
        named
            .map(|(file, cause)| (file.session_id.as_str(), cause.name()))
            .collect()
    }

    fn days(days: f64) -> Limits {
        Limits {
            days: Some(days),
            bytes: None,
        }
    }

    fn bytes(bytes: u64) -> Limits {
        Limits {
            days: None,
            bytes: Some(bytes),
        }
    }

    #[test]
    fn the_oldest_go_first() {
        let files = vec![file(3, 29.0, 5), file(1, 31.0, 5), file(2, 40.0, 5)];
        let found = due(files.clone(), days(30.0), NOW, 100);
        assert_eq!(named(&found), [("sess_1_2", "age"), ("sess_1_1", "age")]);
        let found = due(files.clone(), bytes(10), NOW, 0);
        assert_eq!(named(&found), [("sess_1_2", "size")]);
        let both = Limits {
            days: Some(30.0),
            bytes: Some(10),
        };
        let found = due(files.clone(), both, NOW, 100);
        assert_eq!(named(&found), [("sess_1_2", "size"), ("sess_1_1", "age")]);
        assert_eq!(due(files, Limits::default(), NOW, 100), Due::default());
    }

    #[test]
    fn what_is_protected_or_new_stays_and_counts() {
        let mut kept = file(1, 90.0, 10);
        kept.protected = true;
        let files = vec![kept, file(2, 80.0, 10), file(3, 0.01, 10)];
        let found = due(files.clone(), bytes(5), NOW, 0);
        assert_eq!(named(&found), [("sess_1_2", "size")]);
        assert_eq!(found.over_bytes, 15);
        let found = due(files, days(1.0), NOW, 100);
        assert_eq!(named(&found), [("sess_1_2", "age")]);
        // Put back from a backup today: old by its name only.
        let mut restored = file(4, 90.0, 10);
        restored.modified_ms = NOW - DAY_MS;
        assert_eq!(due(vec![restored], days(30.0), NOW, 100), Due::default());
        // Made while the clock was a year ahead.
        let mut ahead = file(5, -365.0, 10);
        assert_eq!(due(vec![ahead.clone()], days(1.0), NOW, 9), Due::default());
        assert_eq!(due(vec![ahead.clone()], bytes(1), NOW, 9).files.len(), 1);
        ahead.created_ms = i64::MIN;
        ahead.modified_ms = i64::MAX;
        assert_eq!(due(vec![ahead], days(1.0), NOW, 9), Due::default());
    }

    #[test]
    fn a_clock_that_jumps_a_year_ahead_does_not_empty_the_library() {
        let files: Vec<Candidate> = (0..1000).map(|n| file(n, f64::from(n) / 35.0, 1)).collect();
        let mut pace = Pace::new(0);
        let mut left = files.clone();
        let mut passed = Vec::new();
        for hour in 0..48 {
            let may = pace.allows(left.len(), 30.0, hour * HOUR_US);
            let found = due(left.clone(), days(30.0), NOW + 365 * DAY_MS, may);
            assert_eq!(found.waiting, left.len() - found.files.len());
            pace.used(found.files.len(), left.len(), 30.0);
            let gone: Vec<&Candidate> = found.files.iter().map(|(file, _)| file).collect();
            left.retain(|file| !gone.contains(&file));
            passed.push(left.len());
        }
        assert_eq!(passed[0], 990, "an hour");
        assert!((750..820).contains(&passed[23]), "a day: {}", passed[23]);
        assert!(passed[47] > 550, "a weekend: {}", passed[47]);
    }

    #[test]
    fn the_pace_is_twice_what_falls_due() {
        // Kept for a day: of 240 files 10 fall due in an hour.
        assert!((an_hour(240, 1.0) - 20.0).abs() < 1e-9);
        assert!((an_hour(240, 30.0) - 2.4).abs() < 1e-9);
        assert!(
            (an_hour(3, 30.0) - 1.0).abs() < 1e-9,
            "one is never too many"
        );
        let mut pace = Pace::new(0);
        assert_eq!(pace.allows(240, 1.0, 0), 20);
        pace.used(20, 240, 1.0);
        assert_eq!(pace.allows(240, 1.0, 1), 0);
        assert_eq!(pace.allows(240, 1.0, HOUR_US / 2), 10);
        // Time that was not used is not saved up, and a clock that stands still gives nothing.
        assert_eq!(pace.allows(240, 1.0, 100 * HOUR_US), 20);
        assert_eq!(pace.allows(240, 1.0, 99 * HOUR_US), 20);
        pace.used(20, 240, 1.0);
        assert_eq!(pace.allows(240, 1.0, 99 * HOUR_US), 0);
    }
}
