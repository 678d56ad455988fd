//! When a club is open.

use core::fmt;

const DAY: i64 = 86_400;

/// Days of the week, the first being that of 1970-01-01.
pub const DAYS: [&str; 7] = [
    "thursday",
    "friday",
    "saturday",
    "sunday",
    "monday",
    "tuesday",
    "wednesday",
];

/// Opening hours, the same every day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hours {
    /// Seconds from local midnight.
    pub opens: u32,
    /// Seconds from local midnight; not after `opens`: on the next day.
    pub closes: u32,
    /// Seconds that local time is ahead of UTC.
    pub offset: i32,
    /// Whether it stays closed, by the numbers of [`DAYS`].
    pub closed: [bool; 7],
}

impl Hours {
    /// Seconds until it closes; none while it is closed.
    pub fn seconds_left(&self, unix_seconds: i64) -> Option<u32> {
        let local = unix_seconds.saturating_add(self.offset.into());
        let (day, second) = (local.div_euclid(DAY), local.rem_euclid(DAY));
        // The evening that began yesterday may not be over yet.
        self.left_of(day, second)
            .or_else(|| self.left_of(day - 1, second + DAY))
    }

    /// Seconds that are left of the opening that begins on a day.
    fn left_of(&self, day: i64, second: i64) -> Option<u32> {
        let index = usize::try_from(day.rem_euclid(7)).ok()?;
        if self.closed[index] {
            return None;
        }
        let opens = i64::from(self.opens);
        let closes = i64::from(self.closes);
        let closes = if closes <= opens {
            closes + DAY
        } else {
            closes
        };
        if (opens..closes).contains(&second) {
            u32::try_from(closes - second).ok()
        } else {
            None
        }
    }
}

impl fmt::Display for Hours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let clock = |seconds: u32| (seconds / 3600, seconds / 60 % 60);
        let ((h, m), (to_h, to_m)) = (clock(self.opens), clock(self.closes));
        write!(
            f,
            "the club is closed; it is open from {h:02}:{m:02} to {to_h:02}:{to_m:02}"
        )?;
        let days = DAYS.iter().zip(self.closed).filter(|(_, closed)| *closed);
        let days: Vec<&str> = days.map(|(day, _)| *day).collect();
        if !days.is_empty() {
            write!(f, ", not on {}", days.join(", "))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-01-01, a Thursday, 00:00 UTC.
    const THURSDAY: i64 = 1_767_225_600;

    fn hours(opens: u32, closes: u32, offset_hours: i32) -> Hours {
        Hours {
            opens: opens * 3600,
            closes: closes * 3600,
            offset: offset_hours * 3600,
            closed: [false; 7],
        }
    }

    #[test]
    fn to_the_second() {
        let hours = hours(8, 22, 0);
        let left = |second: i64| hours.seconds_left(THURSDAY + second);
        assert_eq!(left(8 * 3600 - 1), None);
        assert_eq!(left(8 * 3600), Some(14 * 3600));
        assert_eq!(left(22 * 3600 - 1), Some(1));
        assert_eq!(left(22 * 3600), None);
    }

    #[test]
    fn over_midnight_and_in_other_zones() {
        let night = hours(18, 2, 1);
        let left = |second: i64| night.seconds_left(THURSDAY + second);
        assert_eq!(left(17 * 3600), Some(8 * 3600));
        assert_eq!(left(3600 - 1), Some(1));
        assert_eq!(left(3600), None);
        let west = hours(8, 22, -5);
        assert_eq!(west.seconds_left(THURSDAY + 3600), Some(2 * 3600));
        // Closing where it opens is all day.
        let always = hours(0, 0, 0);
        assert_eq!(always.seconds_left(THURSDAY), Some(86_400));
        // Before 1970, and at the ends of time.
        assert_eq!(hours(8, 22, 0).seconds_left(-1), None);
        always.seconds_left(i64::MIN);
        always.seconds_left(i64::MAX);
    }

    #[test]
    fn a_closed_day_lasts_until_the_opening_after_it() {
        let mut hours = hours(18, 2, 0);
        hours.closed[1] = true; // Friday
        let left = |hour: i64| hours.seconds_left(THURSDAY + hour * 3600);
        assert_eq!(left(25), Some(3600), "Thursday's night goes on");
        assert_eq!(left(24 + 19), None);
        assert_eq!(left(48 + 1), None, "Friday's night is closed, too");
        assert_eq!(left(48 + 18), Some(8 * 3600));
        assert!(
            hours
                .to_string()
                .ends_with("from 18:00 to 02:00, not on friday")
        );
    }
}
