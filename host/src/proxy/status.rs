//! What is told of a camera.

use serde::Serialize;

use crate::media::Codec;
use crate::media::drift::ClockRun;

/// Said where nothing else is known: the first attempt is still under way.
pub(super) const NO_ANSWER_YET: &str = "no answer from the camera yet";

/// How a camera is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum CameraState {
    /// Never seen yet; it is being tried.
    Connecting,
    /// Pictures come.
    Live,
    /// It was there and is gone; it is being tried.
    Lost,
}

/// A camera as the API shows it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CameraStatus {
    /// How it is doing.
    pub state: CameraState,
    /// Codec of the pictures, once known.
    pub codec: Option<Codec>,
    /// Pixels, once known.
    pub width: Option<u32>,
    /// Pixels, once known.
    pub height: Option<u32>,
    /// Pictures a second, as measured, once known.
    pub fps: Option<f64>,
    /// Why the last attempt ended, for people.
    pub last_error: Option<String>,
    /// How often it came back after having been live.
    pub reconnects: u64,
    /// The adapter in use, or the one that was tried last.
    #[serde(skip)]
    pub adapter: String,
    /// Attempts that ended in a failure, in a row.
    #[serde(skip)]
    pub failures: u64,
}

impl CameraStatus {
    /// A camera of which nothing is known any more but its adapter.
    pub fn past(adapter: String) -> Self {
        Self {
            state: CameraState::Lost,
            codec: None,
            width: None,
            height: None,
            fps: None,
            last_error: None,
            reconnects: 0,
            adapter,
            failures: 0,
        }
    }
}

/// Sums over a feed's life.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct FeedCounters {
    /// Pictures received.
    pub frames: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Network packets known to be missing.
    pub lost_packets: u64,
    /// How the camera's clock ran against the host's, over all connections.
    pub clock: ClockRun,
}
