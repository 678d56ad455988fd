//! Whether the host is well.

use serde::Serialize;
use utoipa::ToSchema;

use super::Success;

/// One word.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct StatusAnswer {
    success: Success,
    /// `alive` or `ready`.
    status: &'static str,
}

impl From<&'static str> for StatusAnswer {
    fn from(status: &'static str) -> Self {
        let success = Success;
        Self { success, status }
    }
}

/// Whether a recording could start.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Wellness {
    /// It could.
    Healthy,
    /// It could not; `problems` says why.
    Degraded,
}

/// How the host is doing.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct HealthAnswer {
    pub success: Success,
    /// Whether a recording could start.
    pub status: Wellness,
    /// Why it could not.
    pub problems: Vec<String>,
    /// The host's.
    pub version: &'static str,
    /// Whether FFmpeg can be run.
    pub ffmpeg_available: bool,
    /// Where FFmpeg is looked for.
    pub ffmpeg_path: String,
    /// FFmpeg's; null where it cannot be run.
    #[schema(required)]
    pub ffmpeg_version: Option<String>,
    /// Sessions that go on.
    pub active_sessions: usize,
    /// Recordings under way.
    pub active_recordings: usize,
    /// Most recordings at a time.
    pub max_concurrent: u32,
    /// Free bytes where recordings go; null where that cannot be told.
    #[schema(required)]
    pub free_bytes: Option<u64>,
    /// What hands feeds out.
    pub proxy_type: &'static str,
    /// The way of a picture, for people.
    pub pipeline: &'static str,
}
