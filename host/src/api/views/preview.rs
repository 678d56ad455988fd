//! What is known of a session's live pictures.

use serde::Serialize;
use utoipa::ToSchema;

use super::{CameraView, Success};

/// What is known of a session's live pictures.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct InfoAnswer {
    success: Success,
    /// The camera: codec, size, rate and state of its pictures.
    #[serde(flatten)]
    camera: CameraView,
    /// How many watch.
    viewers: usize,
    /// How old the latest picture is, milliseconds; null before the first one.
    #[schema(required)]
    last_frame_age_ms: Option<i64>,
}

impl InfoAnswer {
    /// The camera, who watches, and how old the latest picture is.
    pub fn new(camera: CameraView, viewers: usize, last_frame_age_ms: Option<i64>) -> Self {
        Self {
            success: Success,
            camera,
            viewers,
            last_frame_age_ms,
        }
    }
}
