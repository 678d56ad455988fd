//! What of a camera and of a recording is news when it changes. Pure.

use crate::media::Codec;
use crate::proxy::{CameraState, CameraStatus};
use crate::recording::{RecordingState, RecordingStatus};

/// The part of a camera's status that is news; the measured rate is not.
#[derive(Debug, PartialEq)]
pub struct CameraMark {
    state: CameraState,
    codec: Option<Codec>,
    size: (Option<u32>, Option<u32>),
    last_error: Option<String>,
    reconnects: u64,
}

impl CameraMark {
    /// Of a status.
    pub fn of(status: &CameraStatus) -> Self {
        Self {
            state: status.state,
            codec: status.codec,
            size: (status.width, status.height),
            last_error: status.last_error.clone(),
            reconnects: status.reconnects,
        }
    }
}

/// The part of a recording's status that is news; frames, size and time passing are not.
#[derive(Debug, PartialEq)]
pub struct RecordingMark {
    state: RecordingState,
    /// Gaps are only ever added.
    gaps: usize,
    planned_seconds: f64,
    video_path: Option<String>,
    error: Option<String>,
    warning: Option<String>,
}

impl RecordingMark {
    /// Of a status.
    pub fn of(status: &RecordingStatus) -> Self {
        Self {
            state: status.state,
            gaps: status.gaps.len(),
            planned_seconds: status.planned_seconds,
            video_path: status.video_path.clone(),
            error: status.error.clone(),
            warning: status.warning.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recording::Gap;

    #[test]
    fn counts_are_no_news() {
        let mut status = RecordingStatus::starting(0, 60.0);
        let mark = RecordingMark::of(&status);
        status.frames += 25;
        status.size_bytes += 100_000;
        status.end_us = Some(7);
        assert_eq!(RecordingMark::of(&status), mark);
        status.gaps.push(Gap {
            start_seconds: 1.0,
            seconds: 2.0,
            cause: "camera_lost".into(),
        });
        assert_ne!(RecordingMark::of(&status), mark);
        status.gaps.clear();
        status.planned_seconds = 30.0;
        assert_ne!(RecordingMark::of(&status), mark);
    }

    #[test]
    fn the_rate_is_no_news() {
        let mut status = CameraStatus::past(String::new());
        let mark = CameraMark::of(&status);
        status.fps = Some(24.9);
        status.failures += 1;
        assert_eq!(CameraMark::of(&status), mark);
        status.width = Some(640);
        assert_ne!(CameraMark::of(&status), mark);
    }
}
