//! `session.camera`.

use serde::Serialize;
use utoipa::ToSchema;

use super::words::words;
use crate::proxy::CameraStatus;

words! {
    /// How a camera is doing.
    CameraState of crate::proxy::CameraState {
        /// Never seen yet; it is being tried.
        Connecting,
        /// Pictures come.
        Live,
        /// It was there and is gone; it is being tried.
        Lost,
    }
}

words! {
    /// How pictures are encoded.
    Codec of crate::media::Codec {
        /// H.264 / AVC.
        H264,
        /// H.265 / HEVC.
        H265,
        /// One JPEG a picture.
        Mjpeg,
    }
}

/// A session's camera, now or when the session closed.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Camera)]
pub struct CameraView {
    /// How it is doing.
    state: CameraState,
    /// How its pictures are encoded; null until it is known.
    #[schema(required)]
    codec: Option<Codec>,
    /// Pixels; null until it is known.
    #[schema(required)]
    width: Option<u32>,
    /// Pixels; null until it is known.
    #[schema(required)]
    height: Option<u32>,
    /// Pictures a second, as measured; null until it is known.
    #[schema(required)]
    fps: Option<f64>,
    /// Why the last attempt ended, for people.
    #[schema(required)]
    last_error: Option<String>,
    /// How often it came back after having been live.
    reconnects: u64,
}

/// A `camera`.
pub fn camera(status: &CameraStatus) -> CameraView {
    CameraView {
        state: status.state.into(),
        codec: status.codec.map(Codec::from),
        width: status.width,
        height: status.height,
        fps: status.fps,
        last_error: status.last_error.clone(),
        reconnects: status.reconnects,
    }
}
