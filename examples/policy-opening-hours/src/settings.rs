//! Reads the settings, and tells everything that is wrong with them.

use padelvar_policy_sdk::serde_json::{Map, Value};
use padelvar_policy_sdk::{Finding, Settings, hint, minutes, shown};

use crate::hours::{DAYS, Hours};

const OPENS: &str = "opens";
const CLOSES: &str = "closes";
const OFFSET: &str = "utc_offset_minutes";
const CLOSED: &str = "closed";
const MAX: &str = "max_minutes";

/// Zones reach from -12:00 to +14:00.
const OFFSETS: core::ops::RangeInclusive<i64> = -720..=840;

/// Hours, and the longest recording.
pub fn read(settings: &Settings) -> Result<(Hours, Option<f64>), Vec<Finding>> {
    let keys = settings.keys(&[OPENS, CLOSES, OFFSET, CLOSED, MAX])?;
    let mut wrong = Vec::new();
    let hours = Hours {
        opens: clock(&keys, OPENS, &mut wrong),
        closes: clock(&keys, CLOSES, &mut wrong),
        offset: offset(&keys, &mut wrong),
        closed: closed(&keys, &mut wrong),
    };
    let longest = keys.get(MAX).and_then(|value| {
        let number = value.as_f64().unwrap_or(f64::NAN);
        minutes(number)
            .map_err(|what| wrong.push(Finding::new(format!("`{MAX}` {what}"))))
            .ok()
    });
    if wrong.is_empty() {
        Ok((hours, longest))
    } else {
        Err(wrong)
    }
}

/// Seconds from midnight. Both times have to be set: a club that is open for no reason that
/// anybody wrote down would be a surprise.
fn clock(keys: &Map<String, Value>, key: &str, wrong: &mut Vec<Finding>) -> u32 {
    let text = keys.get(key).and_then(Value::as_str).unwrap_or_default();
    parse(text).unwrap_or_else(|| {
        let told = format!("`{key}` has to be a local time such as \"08:00\"");
        wrong.push(Finding::new(told));
        0
    })
}

fn parse(text: &str) -> Option<u32> {
    let (hours, minutes) = text.split_once(':')?;
    let number = |digits: &str, below: u32| {
        let plain = digits.len() == 2 && digits.bytes().all(|byte| byte.is_ascii_digit());
        let number = digits.parse::<u32>().ok().filter(|_| plain)?;
        (number < below).then_some(number)
    };
    Some(number(hours, 24)? * 3600 + number(minutes, 60)? * 60)
}

fn offset(keys: &Map<String, Value>, wrong: &mut Vec<Finding>) -> i32 {
    let Some(value) = keys.get(OFFSET) else {
        return 0;
    };
    let minutes = value.as_i64().filter(|minutes| OFFSETS.contains(minutes));
    let seconds = minutes.and_then(|minutes| i32::try_from(minutes * 60).ok());
    seconds.unwrap_or_else(|| {
        let told = format!("`{OFFSET}` has to be a whole number from -720 to 840");
        wrong.push(Finding::new(told));
        0
    })
}

fn closed(keys: &Map<String, Value>, wrong: &mut Vec<Finding>) -> [bool; 7] {
    let mut closed = [false; 7];
    let days = match keys.get(CLOSED) {
        None => return closed,
        Some(Value::Array(days)) => days,
        Some(_) => {
            let told = format!("`{CLOSED}` has to be a list of days, for example [\"sunday\"]");
            wrong.push(Finding::new(told));
            return closed;
        }
    };
    for day in days {
        let name = day.as_str().unwrap_or_default();
        match DAYS.iter().position(|known| *known == name) {
            Some(index) => closed[index] = true,
            None => wrong.push(Finding::new(format!(
                "unknown day `{}` in `{CLOSED}`: {}",
                shown(&day.to_string()),
                hint(name, &DAYS)
            ))),
        }
    }
    closed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times() {
        assert_eq!(parse("00:00"), Some(0));
        assert_eq!(parse("23:59"), Some(86_340));
        for odd in [
            "", ":", "24:00", "8:00", "08:60", "08:00:00", "+8:00", "ab:cd", "٠٨:00",
        ] {
            assert_eq!(parse(odd), None, "{odd}");
        }
    }

    #[test]
    fn all_mistakes_at_once() {
        let told = read(&Settings::json(
            r#"{"opens": 8, "utc_offset_minutes": 841, "closed": ["sonday", 1], "max_minutes": 0}"#,
        ));
        let told: Vec<String> = told.unwrap_err().iter().map(Finding::to_string).collect();
        assert_eq!(told.len(), 6, "{told:#?}");
        assert!(told[0].contains("`opens`") && told[1].contains("`closes`"));
        assert!(
            told.iter()
                .any(|line| line.contains("did you mean `sunday`?"))
        );
        assert!(read(&Settings::json("{\"closed\": 1, \"opens\": \"1\"}")).is_err());
        assert!(read(&Settings::json("{}")).is_err(), "hours have to be set");
    }
}
