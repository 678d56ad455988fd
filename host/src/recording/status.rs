//! What is told of a recording.

use std::borrow::Cow;

use jiff::Timestamp;
use serde::Serialize;

use super::quality::Quality;

/// How far a recording is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum RecordingState {
    /// Waits for the first picture.
    Starting,
    /// Pictures go into the file.
    Recording,
    /// The file is brought into its final form.
    Finalizing,
    /// There is a file.
    Completed,
    /// There is none, or it is not whole; `error` says why.
    Failed,
}

impl RecordingState {
    /// Its name, as answers and the catalogue have it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Recording => "recording",
            Self::Finalizing => "finalizing",
            Self::Completed => "completed",
            Self::Failed => "failed",
        }
    }

    /// Whether nothing will change any more.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Completed | Self::Failed)
    }
}

/// How pictures get into the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// As the camera encoded them.
    Copy,
    /// Encoded again.
    Encode,
}

impl std::fmt::Display for Mode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Copy => "copy",
            Self::Encode => "encode",
        })
    }
}

/// A time without pictures.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Gap {
    /// Seconds from the first picture.
    pub start_seconds: f64,
    /// Its length.
    pub seconds: f64,
    /// `camera_lost`, `no_picture`, `packet_loss`, `overload`, `ffmpeg` or `host`.
    pub cause: Cow<'static, str>,
}

/// A recording, now.
#[derive(Clone, Debug, PartialEq)]
pub struct RecordingStatus {
    /// How far it is.
    pub state: RecordingState,
    /// How pictures get into the file, once known.
    pub mode: Option<Mode>,
    /// When the first picture in the file was taken.
    pub started_at: Option<Timestamp>,
    /// The same on the monotonic clock, microseconds.
    pub zero_us: Option<i64>,
    /// When recording ended, on the monotonic clock, microseconds.
    pub end_us: Option<i64>,
    /// Planned length, counted from the call.
    pub planned_seconds: f64,
    /// When recording was asked for, on the monotonic clock, microseconds.
    pub requested_us: i64,
    /// Pictures in the file so far.
    pub frames: u64,
    /// Bytes of the file so far.
    pub size_bytes: u64,
    /// Times without pictures.
    pub gaps: Vec<Gap>,
    /// The file, once it is final.
    pub video_path: Option<String>,
    /// Its length in seconds, once it is final.
    pub duration_seconds: Option<f64>,
    /// What went wrong, for people.
    pub error: Option<String>,
    /// What may go wrong, for people: the disk is nearly full.
    pub warning: Option<String>,
    /// Whether it goes on in the next run of the host.
    pub handover: Handover,
    /// What came, was repeated, is missing; none for a recording of an earlier version.
    pub quality: Option<Box<Quality>>,
}

/// Whether a recording goes on in the next run of the host.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Handover {
    /// No.
    #[default]
    No,
    /// The host ends, and brings the file into a form that can be played meanwhile.
    UnderWay,
    /// This run has done its part.
    Done,
}

impl RecordingStatus {
    /// A recording that was just asked for.
    pub fn starting(requested_us: i64, planned_seconds: f64) -> Self {
        Self {
            state: RecordingState::Starting,
            mode: None,
            started_at: None,
            zero_us: None,
            end_us: None,
            planned_seconds,
            requested_us,
            frames: 0,
            size_bytes: 0,
            gaps: Vec::new(),
            video_path: None,
            duration_seconds: None,
            error: None,
            warning: None,
            handover: Handover::No,
            quality: Some(Box::default()),
        }
    }

    /// Whether this run of the host will not change it any more.
    pub fn is_over(&self) -> bool {
        self.state.is_final() || self.handover == Handover::Done
    }

    /// Seconds of the file's timeline so far.
    pub fn elapsed_seconds(&self, now_us: i64) -> f64 {
        self.duration_seconds.unwrap_or_else(|| {
            let until = self.end_us.unwrap_or(now_us);
            self.zero_us
                .map_or(0.0, |zero| (until - zero).max(0) as f64 / 1e6)
        })
    }

    /// How long the file is to be, seconds: from the first picture to the planned end or to the
    /// call of the stop; none before there is a picture.
    pub fn expected_seconds(&self) -> Option<f64> {
        self.started_at?;
        let quality = self.quality.as_ref();
        let ended = quality.and_then(|quality| quality.expected_seconds);
        let delay = quality.map_or(0.0, |quality| quality.start_delay_seconds);
        Some(ended.unwrap_or_else(|| (self.planned_seconds - delay).max(0.0)))
    }

    /// Seconds of the file in which there are no pictures.
    pub fn gap_seconds(&self) -> f64 {
        self.gaps.iter().fold(0.0, |sum, gap| sum + gap.seconds)
    }

    /// Seconds until it stops by itself; 0 once it has ended.
    pub fn remaining_seconds(&self, now_us: i64) -> f64 {
        if self.end_us.is_some() || self.state.is_final() {
            return 0.0;
        }
        (self.planned_seconds - (now_us - self.requested_us) as f64 / 1e6).max(0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_count_from_the_call_and_from_the_first_picture() {
        let mut status = RecordingStatus::starting(1_000_000, 60.0);
        assert_eq!(
            (
                status.elapsed_seconds(3_000_000),
                status.remaining_seconds(3_000_000)
            ),
            (0.0, 58.0)
        );
        status.zero_us = Some(500_000);
        assert_eq!(
            (
                status.elapsed_seconds(3_000_000),
                status.remaining_seconds(3_000_000)
            ),
            (2.5, 58.0)
        );
        status.end_us = Some(4_500_000);
        assert_eq!(
            (
                status.elapsed_seconds(9_000_000),
                status.remaining_seconds(9_000_000)
            ),
            (4.0, 0.0)
        );
    }
}
