//! The time as Cedar writes it.

const DAY_SECONDS: i64 = 86_400;

/// Seconds since 1970 as `2026-01-31T12:30:00Z`; none outside the years 0 to 9999, which
/// Cedar cannot write.
pub fn datetime(unix_seconds: i64) -> Option<String> {
    let days = unix_seconds.div_euclid(DAY_SECONDS);
    let second = unix_seconds.rem_euclid(DAY_SECONDS);
    let (year, month, day) = date(days)?;
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    Some(format!(
        "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z"
    ))
}

/// The date of a day counted from 1970. Years are counted from March, so that the leap
/// day is a year's last, and in eras of 400 years, which all have the same length.
fn date(days: i64) -> Option<(i64, i64, i64)> {
    const ERA_DAYS: i64 = 146_097;
    // From 1 March of the year 0.
    let days = days.checked_add(719_468)?;
    let era = days.div_euclid(ERA_DAYS);
    let day_of_era = days.rem_euclid(ERA_DAYS);
    let leap_days = day_of_era / 1_460 - day_of_era / 36_524 + day_of_era / (ERA_DAYS - 1);
    let year_of_era = (day_of_era - leap_days) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    // Five months from March on have 153 days, and so have the next five.
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let (month, next) = if month < 10 {
        (month + 3, 0)
    } else {
        (month - 9, 1)
    };
    let year = era * 400 + year_of_era + next;
    (0..=9999).contains(&year).then_some((year, month, day))
}

#[cfg(test)]
mod tests {
    use super::datetime;

    #[test]
    fn times() {
        let rows = [
            (0, "1970-01-01T00:00:00Z"),
            (-1, "1969-12-31T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (951_868_799, "2000-02-29T23:59:59Z"),
            (951_868_800, "2000-03-01T00:00:00Z"),
            (1_767_225_600, "2026-01-01T00:00:00Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
            (253_402_300_799, "9999-12-31T23:59:59Z"),
            (-62_167_219_200, "0000-01-01T00:00:00Z"),
        ];
        for (seconds, written) in rows {
            assert_eq!(datetime(seconds).as_deref(), Some(written), "{seconds}");
        }
        for far in [253_402_300_800, -62_167_219_201, i64::MAX, i64::MIN] {
            assert_eq!(datetime(far), None, "{far}");
        }
    }

    #[test]
    fn every_day_follows_the_one_before() {
        let mut last = String::new();
        // An era of 400 years.
        for day in 0..=146_097 {
            let now = datetime(day * 86_400).expect("a year before 9999");
            assert!(last < now, "{last} {now}");
            last = now;
        }
    }
}
