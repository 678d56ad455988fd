//! Whether what a file shows is what the camera showed at that time.

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

/// Seconds from one time to another.
pub fn seconds(from: Timestamp, to: Timestamp) -> f64 {
    (to.as_nanosecond() - from.as_nanosecond()) as f64 / 1e9
}

/// Now.
pub fn now() -> Timestamp {
    Timestamp::now()
}

/// Compares every picture of a recording with the camera's clock. `recording` is the API's.
pub async fn offsets(file: &Path, video: &Video, recording: &Value, camera: &Handle) -> Offsets {
    let started = time(&recording["started_at"]);
    let started = SystemTime::UNIX_EPOCH + Duration::from_nanos(started.as_nanosecond() as u64);
    let began = match started.duration_since(camera.started_at()) {
        Ok(after) => after.as_secs_f64(),
        Err(before) => -before.duration().as_secs_f64(),
    };
    let (shown, strips) = (video.shown(), strips(file, camera).await);
    assert_eq!(shown.len(), strips.len(), "packets and pictures");
    let params = camera.clip().params();
    let (fps, frames) = (f64::from(params.fps), i64::from(params.frames()));
    let mut offsets = Offsets {
        ms: Vec::new(),
        numbers: Vec::new(),
    };
    for (at, strip) in shown.iter().zip(strips) {
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
        offsets.ms.push((frame - number as f64) * 1000.0 / fps);
        offsets.numbers.push(number.max(0) as u64);
    }
    offsets
}
