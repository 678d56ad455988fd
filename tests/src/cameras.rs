//! Simulated cameras as most tests want them.

use simcam::{Auth, ClipParams, Codec, Handle, HttpCamera, HttpConfig, RtspCamera, RtspConfig};
use simcam::{Scheme, judge};
use std::path::Path;

/// The account of all cameras that have one, where a test does not say another.
pub const ACCOUNT: (&str, &str) = ("admin", "court");

/// The H.264 that most cameras show: one clip, made once.
pub fn h264() -> ClipParams {
    ClipParams::default()
}

/// The JPEGs that most cameras show: small, so that encoding them costs little.
pub fn jpegs() -> ClipParams {
    ClipParams {
        width: 320,
        height: 180,
        codec: Codec::Jpeg,
        ..ClipParams::default()
    }
}

/// An account with this scheme.
pub fn account(scheme: Scheme) -> Option<Auth> {
    Some(Auth::new(scheme, ACCOUNT.0, ACCOUNT.1))
}

/// An RTSP camera.
pub async fn rtsp(config: RtspConfig) -> Handle {
    RtspCamera::start(config).await.expect("the camera starts")
}

/// An HTTP camera.
pub async fn http(config: HttpConfig) -> Handle {
    HttpCamera::start(config).await.expect("the camera starts")
}

/// An HTTP camera's settings with the small clip.
pub fn small_http() -> HttpConfig {
    HttpConfig {
        clip: jpegs(),
        ..HttpConfig::default()
    }
}

/// The strips of a file's pictures in the order in which they are shown; none where one is damaged.
pub async fn strips(file: &Path, camera: &Handle) -> Vec<Option<u32>> {
    let clip = camera.clip().params();
    let read = judge::strips_of_file("ffmpeg".as_ref(), file, (clip.width, clip.height)).await;
    read.expect("the file decodes")
}
