//! Whether what a file shows is what the camera showed at that time.

use std::collections::HashMap;
use std::path::Path;
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use serde_json::Value;
use simcam::{Handle, strip};

use crate::cameras::strips;
use crate::judge::Video;

/// How far a file's clock is from the camera's, one number a picture.
#[derive(Clone, Debug)]
pub struct Offsets {
    /// When a picture is shown, in seconds of the file.
    pub at: Vec<f64>,
    /// Milliseconds by which a picture is placed later than the camera took it.
    pub ms: Vec<f64>,
    /// Numbers of the pictures in the camera's life.
    pub numbers: Vec<u64>,
}

impl Offsets {
    /// The smallest and the greatest.
    pub fn range(&self) -> (f64, f64) {
        let least = self.ms.iter().copied().fold(f64::INFINITY, f64::min);
        let most = self.ms.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        (least, most)
    }

    /// Asserts that no picture is further than this from its time.
    #[track_caller]
    pub fn within(&self, ms: f64) {
        let (least, most) = self.range();
        assert!(
            least >= -ms && most <= ms,
            "the file's clock is {least:.1} to {most:.1} ms late: {:.0?}",
            self.ms
        );
    }

    /// Those of the pictures that are shown in this time, seconds of the file.
    #[must_use]
    pub fn between(&self, from: f64, to: f64) -> Self {
        self.where_at(|at| (from..to).contains(&at))
    }

    /// Those of the pictures that are in none of the API's `gaps`.
    #[must_use]
    pub fn outside(&self, gaps: &Value) -> Self {
        let number = |value: &Value| value.as_f64().unwrap_or_else(|| panic!("{gaps}"));
        let gaps: Vec<(f64, f64)> = gaps
            .as_array()
            .into_iter()
            .flatten()
            .map(|gap| (number(&gap["start_seconds"]), number(&gap["seconds"])))
            .collect();
        // The pictures that begin and end a gap are in time; milliseconds are rounded.
        let inside = |at: f64| {
            gaps.iter()
                .any(|(from, length)| at > from + 0.002 && at < from + length - 0.002)
        };
        self.where_at(|at| !inside(at))
    }

    fn where_at(&self, keep: impl Fn(f64) -> bool) -> Self {
        let kept = (0..self.at.len()).filter(|&i| keep(self.at[i]));
        let kept: Vec<usize> = kept.collect();
        Self {
            at: kept.iter().map(|&i| self.at[i]).collect(),
            ms: kept.iter().map(|&i| self.ms[i]).collect(),
            numbers: kept.iter().map(|&i| self.numbers[i]).collect(),
        }
    }

    /// Asserts that every picture follows the one before it.
    #[track_caller]
    pub fn consecutive(&self) {
        for pair in self.numbers.windows(2) {
            assert_eq!(
                pair[0] + 1,
                pair[1],
                "missing or doubled: {:?}",
                self.numbers
            );
        }
    }
}

/// A time of an answer.
///
/// # Panics
/// Where it is none.
pub fn time(value: &Value) -> Timestamp {
    let text = value.as_str().unwrap_or_else(|| panic!("no time: {value}"));
    assert!(text.ends_with('Z'), "not in UTC: {text}");
    text.parse().unwrap_or_else(|e| panic!("{text}: {e}"))
}

/// A time as seconds since 1970.
pub fn unix(time: Timestamp) -> f64 {
    time.as_nanosecond() as f64 / 1e9
}

/// The same of the system's kind of time.
pub fn of(time: SystemTime) -> f64 {
    match time.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(after) => after.as_secs_f64(),
        Err(before) => -before.duration().as_secs_f64(),
    }
}

/// Seconds from one time to another.
pub fn seconds(from: Timestamp, to: Timestamp) -> f64 {
    (to.as_nanosecond() - from.as_nanosecond()) as f64 / 1e9
}

/// Now.
pub fn now() -> Timestamp {
    Timestamp::now()
}

/// Compares every picture of a recording with the camera's clock. `recording` is the API's.
///
/// # Panics
/// Where a picture is damaged.
pub async fn offsets(file: &Path, video: &Video, recording: &Value, camera: &Handle) -> Offsets {
    let offsets = compare(file, video.shown(), recording, camera).await;
    let damaged = video.packets.len() - offsets.at.len();
    assert_eq!(
        damaged, 0,
        "pictures are damaged; whole are {:?}",
        offsets.at
    );
    offsets
}

/// As [`offsets`], passing over pictures that are damaged or cannot be decoded.
pub async fn readable(file: &Path, recording: &Value, camera: &Handle) -> Offsets {
    compare(file, crate::judge::decoded(file).await, recording, camera).await
}

async fn compare(file: &Path, shown: Vec<f64>, recording: &Value, camera: &Handle) -> Offsets {
    let started = time(&recording["started_at"]);
    let started = SystemTime::UNIX_EPOCH + Duration::from_nanos(started.as_nanosecond() as u64);
    let began = match started.duration_since(camera.started_at()) {
        Ok(after) => after.as_secs_f64(),
        Err(before) => -before.duration().as_secs_f64(),
    };
    let strips = strips(file, camera).await;
    assert_eq!(shown.len(), strips.len(), "times and pictures");
    let params = camera.clip().params();
    let (fps, frames) = (f64::from(params.fps), i64::from(params.frames()));
    let own = OwnLateness::new(camera, fps);
    let mut offsets = Offsets {
        at: Vec::new(),
        ms: Vec::new(),
        numbers: Vec::new(),
    };
    for (at, strip) in shown.iter().zip(strips) {
        let Some(strip) = strip else {
            continue;
        };
        let frame = (began + at) * fps;
        let newest = frame.floor() as i64;
        // The clip is a loop: of all pictures with this strip, the nearest one is meant.
        let ahead = i64::from(strip::advance(
            newest.rem_euclid(frames) as u32,
            strip,
            params.frames(),
        ));
        let ahead = if ahead > frames / 2 {
            ahead - frames
        } else {
            ahead
        };
        let number = newest + ahead;
        let late_ms = (frame - number as f64) * 1000.0 / fps;
        let number = number.max(0) as u64;
        offsets.at.push(*at);
        offsets
            .ms
            .push(late_ms - own.of(number).min(late_ms.max(0.0)));
        offsets.numbers.push(number);
    }
    offsets
}

/// How late a simulated camera itself was, for pictures that bear no time of their own: on a
/// busy machine it sends late, and what its picture shows is then no measure of the host.
struct OwnLateness(HashMap<u64, f64>);

impl OwnLateness {
    fn new(camera: &Handle, fps: f64) -> Self {
        let mut late_ms = HashMap::new();
        for sent in camera.sent().iter().flat_map(|client| &client.frames) {
            if sent.rtp_timestamp == 0 {
                let due = sent.number as f64 / fps;
                let late = ((sent.at.as_secs_f64() - due) * 1000.0).max(0.0);
                late_ms
                    .entry(sent.number)
                    .and_modify(|known: &mut f64| *known = known.max(late))
                    .or_insert(late);
            }
        }
        Self(late_ms)
    }

    /// Of a picture or of those after it: while the next one is late, this one is shown on.
    fn of(&self, number: u64) -> f64 {
        let late = (number..number + 6).filter_map(|n| self.0.get(&n));
        late.copied().fold(0.0, f64::max)
    }
}
