//! The camera's clock.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use roxmltree::Node;

use super::super::xml::{self, Element as _};
use super::OnvifError;
use super::answer::body;

/// What a camera says of its clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clock {
    /// Its time, to the second.
    pub time: Timestamp,
    /// Whether it says that it follows a time server.
    pub follows_ntp: bool,
    /// It named its local time only, which is taken for UTC here: an offset of whole hours
    /// may be its time zone.
    pub is_local: bool,
}

impl Clock {
    /// Reads the answer to `GetSystemDateAndTime`.
    pub fn parse(text: &str) -> Result<Self, OnvifError> {
        let document = xml::parse(text)?;
        let answer = body(&document, "GetSystemDateAndTimeResponse")?;
        let clock = answer.child("SystemDateAndTime");
        let clock = clock.ok_or(OnvifError::Missing("SystemDateAndTime"))?;
        let utc = clock.child("UTCDateTime").and_then(time);
        let local = || clock.child("LocalDateTime").and_then(time);
        let is_local = utc.is_none();
        Ok(Self {
            time: utc
                .or_else(local)
                .ok_or(OnvifError::Missing("UTCDateTime"))?,
            follows_ntp: clock.words_at(&["DateTimeType"]) == Some("NTP"),
            is_local,
        })
    }

    /// How far it is ahead of this machine's: behind where negative. `now` is the middle
    /// between question and answer.
    pub fn offset(&self, now: Timestamp) -> SignedDuration {
        self.time.duration_since(now)
    }
}

fn time(node: Node<'_, '_>) -> Option<Timestamp> {
    let number = |way: &[&str]| node.words_at(way)?.parse::<i16>().ok();
    let small = |way: &[&str]| i8::try_from(number(way)?).ok();
    let time = DateTime::new(
        number(&["Date", "Year"])?,
        small(&["Date", "Month"])?,
        small(&["Date", "Day"])?,
        small(&["Time", "Hour"])?,
        small(&["Time", "Minute"])?,
        // A leap second is the next one.
        small(&["Time", "Second"])?.min(59),
        0,
    );
    Some(time.ok()?.to_zoned(TimeZone::UTC).ok()?.timestamp())
}
