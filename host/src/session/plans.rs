//! From the configuration to what feeds and recordings are started with. Pure.

use std::time::Duration;

use super::state::Session;
use crate::camera::{CameraSpec, Listeners, NamedBy, Remembered};
use crate::cassette::CrashFolder;
use crate::config::{Encode, Terrain, Video};
use crate::media::Codec;
use crate::proxy::Feed;
use crate::recording::{Demand, EncodeSettings, Plan};

/// What a picture is taken for while its size is not known: 720p.
const ASSUMED_PIXELS: f64 = 1280.0 * 720.0;

/// How a terrain's camera is reached by a host that listens there, where its adapter's crashes are
/// put, and what is remembered of it.
pub(super) fn camera_spec(
    terrain: &Terrain,
    listeners: &Listeners,
    crashes: CrashFolder,
    remembered: Remembered,
) -> CameraSpec {
    let spec = CameraSpec::of(&terrain.camera);
    CameraSpec {
        grants: spec.grants.clone().of(NamedBy::Operator, listeners.clone()),
        audio: terrain.audio,
        crashes: Some(crashes),
        remembered,
        ..spec
    }
}

/// What a recording is to be.
pub(super) fn plan(session: &Session, video: &Video, requested_us: i64, length: Duration) -> Plan {
    Plan {
        session_id: session.id.to_string(),
        club_id: session.club_id.to_string(),
        requested_us,
        length,
        videos_dir: video.videos_dir.clone(),
        min_free_bytes: video.min_free_bytes,
        logs_dir: video.logs_dir.clone(),
        ffmpeg_path: video.ffmpeg_path.clone(),
        encode: video.encode,
        settings: EncodeSettings {
            codec: video.codec.clone(),
            preset: video.preset.clone(),
            crf: video.crf,
            fps: video.fps,
        },
        earlier: None,
    }
}

/// What a recording of this feed will need, as far as the feed tells.
pub(super) fn demand(feed: &Feed, video: &Video, length: Duration) -> Demand {
    let camera = feed.status();
    let encoded = video.encode == Encode::Always || camera.codec == Some(Codec::Mjpeg);
    let pixels = match (camera.width, camera.height) {
        (Some(width), Some(height)) => f64::from(width) * f64::from(height),
        _ => ASSUMED_PIXELS,
    };
    Demand {
        seconds: length.as_secs_f64(),
        // What an encoder makes of it is not what the camera sends.
        bitrate: if encoded { None } else { feed.bitrate() },
        encode_pixels: encoded.then_some(pixels * f64::from(video.fps)),
    }
}
