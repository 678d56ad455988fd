//! Whether a file's sound is in step with its pictures: a flash and a beep at every whole second
//! of the camera's clock.

use std::path::Path;
use std::time::Duration;

use simcam::judge;

use crate::sums::{greatest, median};

/// How far sound may be from its picture, milliseconds.
pub const IN_STEP_MS: f64 = 40.0;
/// A beep and a flash that are further apart than this, milliseconds, belong to others that are
/// missing: they come once a second.
const OTHERS_MS: f64 = 450.0;

/// The flashes and the beeps of a file, seconds, in order.
#[derive(Clone, Debug, Default)]
pub struct Heard {
    /// When the picture begins to flash.
    pub flashes: Vec<f64>,
    /// When the sound begins to beep.
    pub beeps: Vec<f64>,
}

/// Numbers with the time that each was measured at.
#[derive(Clone, Debug, Default)]
pub struct Series {
    /// Seconds of the file.
    pub at: Vec<f64>,
    /// Milliseconds.
    pub ms: Vec<f64>,
}

impl Heard {
    /// Decodes a file and looks and listens.
    ///
    /// # Errors
    /// Where FFmpeg cannot read it.
    pub async fn of(file: &Path) -> Result<Self, simcam::Error> {
        let ffmpeg = "ffmpeg".as_ref();
        let (flashes, beeps) =
            tokio::join!(judge::flashes(ffmpeg, file), judge::beeps(ffmpeg, file));
        let seconds = |times: Vec<Duration>| times.iter().map(Duration::as_secs_f64).collect();
        Ok(Self {
            flashes: seconds(flashes?),
            beeps: seconds(beeps?),
        })
    }

    /// By how much each beep from a second of the file on is later than the flash that it belongs
    /// to. At the ends of a file one of the two may be missing.
    pub fn apart(&self, from: f64) -> Series {
        let mut series = Series::default();
        for beep in self.beeps.iter().filter(|beep| **beep > from) {
            let apart = self.flashes.iter().map(|flash| (beep - flash) * 1000.0);
            let nearest = apart.min_by(|a, b| a.abs().total_cmp(&b.abs()));
            if let Some(ms) = nearest.filter(|ms| ms.abs() < OTHERS_MS) {
                series.push(*beep, ms);
            }
        }
        series
    }

    /// By how much each flash is later than its second on the camera's clock, where the file
    /// began at `began` seconds of that clock.
    pub fn flashes_late(&self, began: f64) -> Series {
        late(&self.flashes, began)
    }

    /// The same of each beep.
    pub fn beeps_late(&self, began: f64) -> Series {
        late(&self.beeps, began)
    }
}

fn late(times: &[f64], began: f64) -> Series {
    let mut series = Series::default();
    for at in times {
        let time = began + at;
        series.push(*at, (time - time.round()) * 1000.0);
    }
    series
}

impl Series {
    fn push(&mut self, at: f64, ms: f64) {
        self.at.push(at);
        self.ms.push(ms);
    }

    /// Those measured in this time, seconds of the file.
    #[must_use]
    pub fn between(&self, from: f64, to: f64) -> Self {
        let mut series = Self::default();
        for (at, ms) in self.at.iter().zip(&self.ms) {
            if (from..to).contains(at) {
                series.push(*at, *ms);
            }
        }
        series
    }

    /// The middle one; no number where there is none.
    pub fn median(&self) -> f64 {
        if self.ms.is_empty() {
            f64::NAN
        } else {
            median(&self.ms)
        }
    }

    /// The one that is furthest from zero, with its sign; no number where there is none.
    pub fn worst(&self) -> f64 {
        let far = |a: &&f64, b: &&f64| a.abs().total_cmp(&b.abs());
        self.ms.iter().max_by(far).copied().unwrap_or(f64::NAN)
    }

    /// The greatest distance from zero; no number where there is none.
    pub fn greatest(&self) -> f64 {
        greatest(&self.ms.iter().map(|ms| ms.abs()).collect::<Vec<_>>())
    }

    /// How many are further than this from zero.
    pub fn beyond(&self, ms: f64) -> usize {
        self.ms.iter().filter(|found| found.abs() > ms).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(found: &[f64], expected: &[f64]) {
        assert_eq!(found.len(), expected.len(), "{found:?}");
        let near = |(a, b): (&f64, &f64)| (a - b).abs() < 1e-6;
        assert!(found.iter().zip(expected).all(near), "{found:?}");
    }

    #[test]
    fn a_beep_goes_with_its_flash() {
        let heard = Heard {
            flashes: vec![0.5, 1.5, 3.5, 4.5],
            beeps: vec![0.51, 1.49, 2.5, 3.53],
        };
        let apart = heard.apart(0.0);
        close(&apart.ms, &[10.0, -10.0, 30.0]);
        close(&apart.at, &[0.51, 1.49, 3.53]);
        close(&heard.apart(1.0).ms, &[-10.0, 30.0]);
        close(
            &[apart.median(), apart.worst(), apart.greatest()],
            &[10.0, 30.0, 30.0],
        );
        close(&apart.between(1.0, 2.0).ms, &[-10.0]);
        assert_eq!(apart.beyond(20.0), 1);
        assert!(Heard::default().apart(0.0).median().is_nan());
    }

    #[test]
    fn a_flash_has_its_second_on_the_cameras_clock() {
        let heard = Heard {
            flashes: vec![0.7, 1.72, 2.69],
            beeps: vec![0.69],
        };
        close(&heard.flashes_late(17.3).ms, &[0.0, 20.0, -10.0]);
        close(&heard.beeps_late(17.3).ms, &[-10.0]);
    }
}
