//! What one attempt brought lately: enough to find the same moment in what another attempt at
//! the same camera brings. Pure.
//!
//! Two connections have two origins of their timestamps (RFC 3550 wants a random one for each).
//! What they have in common is the camera's wall clock, where it sends sender reports, and the
//! pictures themselves.

use std::collections::VecDeque;
use std::hash::{DefaultHasher, Hash, Hasher};

/// Pictures that are remembered: ten seconds of 25 a second.
const KEPT: usize = 256;
/// Pictures of the later attempt that are looked for among those of the earlier one.
const LOOKED_AT: usize = 64;
/// Equal pictures that arrived further apart, microseconds, are not the same one: a camera that
/// shows nothing new repeats itself.
const TOGETHER_US: i64 = 2_000_000;
/// A report is believed for so long, microseconds: a camera's two clocks drift apart.
const REPORT_US: i64 = 60_000_000;
/// A report that is further than this, microseconds, from what equal pictures say is of a wall
/// clock that was set meanwhile.
const REPORT_OFF_US: i64 = 500_000;
/// How far two times of one picture are apart by rounding, microseconds.
const ROUNDING_US: i64 = 1_500;
/// Distance of pictures, microseconds, where it is not known.
const USUAL_US: i64 = 40_000;

/// A picture that came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The camera's time, microseconds since the first picture; none where the camera has none.
    pub camera_us: Option<i64>,
    /// When it arrived, microseconds on the monotonic clock.
    pub arrived_us: i64,
    /// Of its bytes.
    pub hash: u64,
}

impl Seen {
    /// The camera's time, or the arrival where there is none.
    pub fn at_us(&self) -> i64 {
        self.camera_us.unwrap_or(self.arrived_us)
    }
}

/// What one attempt brought lately.
#[derive(Debug)]
pub struct Trace {
    clock_rate: i64,
    /// The last timestamp as the camera wrote it, and the ticks since the first one, unwrapped.
    clock: Option<(u64, i64)>,
    /// The newest at the back, in decoding order.
    seen: VecDeque<Seen>,
    report: Option<Report>,
    /// One that came before the first picture.
    early: Option<(u64, u64)>,
}

/// The camera's wall clock at a point of its timestamps, both in microseconds.
#[derive(Clone, Copy, Debug)]
struct Report {
    wall_us: i64,
    camera_us: i64,
}

impl Trace {
    /// For timestamps of so many ticks a second.
    pub fn new(clock_rate: u32) -> Self {
        Self {
            clock_rate: i64::from(clock_rate.max(1)),
            clock: None,
            seen: VecDeque::new(),
            report: None,
            early: None,
        }
    }

    /// Takes a picture.
    pub fn picture(&mut self, timestamp: Option<u64>, arrived_us: i64, data: &[u8]) -> Seen {
        let camera_us = timestamp.map(|raw| {
            let ticks = self.ticks(raw);
            self.clock = Some((raw, ticks));
            self.micros(ticks)
        });
        if let Some((raw, ntp)) = self.early.take_if(|_| camera_us.is_some()) {
            self.report(raw, ntp);
        }
        let mut hasher = DefaultHasher::new();
        data.hash(&mut hasher);
        let seen = Seen {
            camera_us,
            arrived_us,
            hash: hasher.finish(),
        };
        self.seen.push_back(seen);
        if self.seen.len() > KEPT {
            self.seen.pop_front();
        }
        seen
    }

    /// Takes a sender report: NTP time (RFC 3550, section 4) at a timestamp.
    pub fn report(&mut self, timestamp: u64, ntp: u64) {
        if self.clock.is_none() {
            self.early = Some((timestamp, ntp));
            return;
        }
        let wall_us = (u128::from(ntp) * 1_000_000) >> 32;
        self.report = Some(Report {
            wall_us: wall_us as i64,
            camera_us: self.micros(self.ticks(timestamp)),
        });
    }

    /// The camera's wall clock at a picture, microseconds; none where no report tells it.
    pub fn wall_us(&self, seen: &Seen) -> Option<i64> {
        let report = self.recent_report()?;
        let after_us = seen.camera_us?.saturating_sub(report.camera_us);
        Some(report.wall_us.saturating_add(after_us))
    }

    /// The pictures, without so many of the newest.
    pub fn without_newest(&self, count: usize) -> impl DoubleEndedIterator<Item = &Seen> {
        self.seen.iter().take(self.seen.len().saturating_sub(count))
    }

    /// Usual distance of pictures, microseconds.
    pub fn pace_us(&self) -> i64 {
        let times: Vec<i64> = self.seen.iter().rev().take(17).map(Seen::at_us).collect();
        match (times.iter().min(), times.iter().max()) {
            (Some(from), Some(to)) if to > from => (to - from) / (times.len() as i64 - 1),
            _ => USUAL_US,
        }
    }

    /// Ticks of a timestamp since the first one. Counters of 32 bits wrap.
    fn ticks(&self, raw: u64) -> i64 {
        let Some((last, ticks)) = self.clock else {
            return 0;
        };
        let step = match (u32::try_from(last), u32::try_from(raw)) {
            (Ok(last), Ok(raw)) => i64::from(raw.wrapping_sub(last) as i32),
            _ => {
                (i128::from(raw) - i128::from(last)).clamp(i64::MIN.into(), i64::MAX.into()) as i64
            }
        };
        ticks.saturating_add(step)
    }

    fn micros(&self, ticks: i64) -> i64 {
        let us = i128::from(ticks) * 1_000_000 / i128::from(self.clock_rate);
        // Sums of a few of them still fit.
        us.clamp((i64::MIN / 8).into(), (i64::MAX / 8).into()) as i64
    }

    /// The least of arrival minus time: what the network held up least.
    fn least_delay_us(&self) -> Option<i64> {
        let delays = self.seen.iter().map(|seen| seen.arrived_us - seen.at_us());
        delays.min()
    }

    /// The report, where it is not of long ago.
    fn recent_report(&self) -> Option<Report> {
        let newest = self.seen.back()?.camera_us?;
        self.report
            .filter(|report| (newest - report.camera_us).abs() <= REPORT_US)
    }
}

/// By which way the same moment was found in both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Both had a sender report.
    Report,
    /// Both brought the same picture.
    Bytes,
    /// Both arrived at about the same time.
    Arrival,
}

impl Way {
    /// As log lines name it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Report => "sender reports",
            Self::Bytes => "equal pictures",
            Self::Arrival => "arrival",
        }
    }
}

/// How the times of a later attempt lie among those of an earlier one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Alignment {
    /// Time of the earlier one minus that of the later one, microseconds.
    pub shift_us: i64,
    /// What it rests on.
    pub way: Way,
    /// Times that are no further apart, microseconds, are those of one picture.
    slack_us: i64,
    /// One has no times: only equal bytes tell that a picture is the same.
    by_bytes: bool,
}

impl Alignment {
    /// By the camera's wall clock, else by its pictures; none while neither is there. Equal
    /// pictures make the wall clock's word exact.
    pub fn find(old: &Trace, new: &Trace) -> Option<Self> {
        let wall = by_report(old, new);
        let near = wall.unwrap_or_else(|| by_arrival(old, new));
        let pictures = by_pictures(old, new, near);
        // The wall clock was set between the two reports, or is of no use.
        let wall = wall.filter(|wall| {
            pictures.is_none_or(|(shift, sure)| !sure || (shift - wall).abs() <= REPORT_OFF_US)
        });
        let by_bytes = without_times(old) || without_times(new);
        let way = if wall.is_some() {
            Way::Report
        } else {
            Way::Bytes
        };
        match (pictures, wall) {
            (Some((shift_us, _)), _) => Some(Self {
                shift_us,
                way,
                slack_us: ROUNDING_US,
                by_bytes,
            }),
            (None, Some(shift_us)) => Some(Self {
                shift_us,
                way,
                slack_us: old.pace_us() / 2,
                by_bytes: false,
            }),
            (None, None) => None,
        }
    }

    /// By the earliest arrivals of both.
    pub fn by_arrival(old: &Trace, new: &Trace) -> Self {
        Self {
            shift_us: by_arrival(old, new),
            way: Way::Arrival,
            slack_us: old.pace_us() / 2,
            by_bytes: false,
        }
    }

    /// Whether both are the same moment of the camera.
    pub fn same(&self, old: &Seen, new: &Seen) -> bool {
        if self.by_bytes {
            old.hash == new.hash && (old.arrived_us - new.arrived_us).abs() <= TOGETHER_US
        } else {
            (old.at_us() - new.at_us() - self.shift_us).abs() <= self.slack_us
        }
    }

    /// Only equal bytes tell that a picture is the same: there are no times to tell by.
    pub fn by_bytes(&self) -> bool {
        self.by_bytes
    }

    /// Whether a picture of the later attempt was taken after one of the earlier one; never
    /// where there are no times to tell by.
    pub fn is_behind(&self, new: &Seen, old: &Seen) -> bool {
        !self.by_bytes && new.at_us() + self.shift_us > old.at_us() + self.slack_us
    }

    /// Whether a picture of the earlier attempt was taken with one of the later one or after it;
    /// never where there are no times to tell by.
    pub fn is_past(&self, old: &Seen, new: &Seen) -> bool {
        !self.by_bytes && old.at_us() + self.slack_us >= new.at_us() + self.shift_us
    }
}

fn without_times(trace: &Trace) -> bool {
    trace.seen.iter().any(|seen| seen.camera_us.is_none())
}

fn by_report(old: &Trace, new: &Trace) -> Option<i64> {
    let (old, new) = (old.recent_report()?, new.recent_report()?);
    let passed = new.wall_us.saturating_sub(old.wall_us);
    Some(
        old.camera_us
            .saturating_add(passed)
            .saturating_sub(new.camera_us),
    )
}

fn by_arrival(old: &Trace, new: &Trace) -> i64 {
    let least = |trace: &Trace| trace.least_delay_us().unwrap_or_default();
    least(new) - least(old)
}

/// The shift that equal pictures show, and whether there is no doubt about it. Of several, that
/// next to `near_us`.
fn by_pictures(old: &Trace, new: &Trace, near_us: i64) -> Option<(i64, bool)> {
    let mut pairs = Vec::new();
    for later in new.seen.iter().rev().take(LOOKED_AT) {
        for earlier in old.seen.iter().filter(|seen| seen.hash == later.hash) {
            if (earlier.arrived_us - later.arrived_us).abs() <= TOGETHER_US {
                pairs.push((earlier.at_us() - later.at_us(), later.hash));
            }
        }
    }
    let alone = |hash: u64| pairs.iter().filter(|(_, other)| *other == hash).count() == 1;
    let sure: Vec<i64> = pairs
        .iter()
        .filter(|(_, hash)| alone(*hash))
        .map(|(shift, _)| *shift)
        .collect();
    let next = |shifts: &mut dyn Iterator<Item = i64>| {
        shifts.min_by_key(|shift| shift.saturating_sub(near_us).unsigned_abs())
    };
    match next(&mut sure.into_iter()) {
        Some(shift) => Some((shift, true)),
        None => next(&mut pairs.iter().map(|(shift, _)| *shift)).map(|shift| (shift, false)),
    }
}

#[cfg(test)]
#[path = "trace_tests.rs"]
mod tests;
