//! What a recording is to be, and what is known for its whole life.

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::admission::Ticket;
use super::command::EncodeSettings;
use super::quality::{Meter, Quality};
use super::status::{Gap, Mode, RecordingStatus};
use crate::config::Encode;
use crate::mp4::Cut;

/// What is to be recorded, and where to.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Names the file.
    pub session_id: String,
    /// Names the folder.
    pub club_id: String,
    /// When it was asked for, on the monotonic clock, microseconds.
    pub requested_us: i64,
    /// Length from then on.
    pub length: Duration,
    /// Root of all recordings.
    pub videos_dir: PathBuf,
    /// Bytes that should stay free beside them.
    pub min_free_bytes: u64,
    /// Folder of FFmpeg's logs.
    pub logs_dir: PathBuf,
    /// FFmpeg.
    pub ffmpeg_path: PathBuf,
    /// What is copied and what is encoded.
    pub encode: Encode,
    /// How to encode.
    pub settings: EncodeSettings,
    /// What an earlier run of the host recorded of it.
    pub earlier: Option<Earlier>,
}

/// What an earlier run of the host recorded: this run goes on behind it, in the same file.
#[derive(Clone, Debug)]
pub struct Earlier {
    /// Second 0 of the file, on the monotonic clock of this run, microseconds.
    pub zero_us: i64,
    /// The same as it was told.
    pub started_at: Timestamp,
    /// How pictures got into the file.
    pub mode: Option<Mode>,
    /// Times without pictures.
    pub gaps: Vec<Gap>,
    /// What that run had counted.
    pub quality: Quality,
    /// What of it is in the file, which can be appended to.
    pub cut: Cut,
}

impl Earlier {
    /// Where the last picture in the file ends, on the monotonic clock of this run,
    /// microseconds.
    pub fn end_us(&self) -> i64 {
        self.zero_us.saturating_add(self.cut.end_us.unwrap_or(0))
    }

    /// What goes on counting.
    pub(super) fn meter(&self) -> Meter {
        let mut quality = self.quality.clone();
        if self.mode == Some(Mode::Copy) {
            // Counts are written now and then: what is in the file came, or was repeated.
            let came = self.cut.samples.saturating_sub(quality.frames_repeated);
            quality.frames_received = quality.frames_received.max(came);
        }
        Meter::resume(quality, self.zero_us, self.end_us())
    }
}

impl Plan {
    /// When it ends by itself, on the monotonic clock, microseconds. The plan counts from the
    /// call, which was a moment before the recording began.
    pub fn ends_us(&self) -> i64 {
        let length_us = i64::try_from(self.length.as_micros()).unwrap_or(i64::MAX);
        self.requested_us.saturating_add(length_us)
    }
}

/// What is known for a recording's whole life.
pub struct Job {
    pub plan: Plan,
    pub status: watch::Sender<RecordingStatus>,
    pub stop: CancellationToken,
    /// When a stop was called for, on the monotonic clock, microseconds.
    pub stop_us: Arc<OnceLock<i64>>,
    /// The host ends: the next run goes on with the recording.
    pub hand_over: Arc<AtomicBool>,
    pub ticket: Ticket,
}
