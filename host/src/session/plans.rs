//! From the configuration to what feeds and recordings are started with. Pure.

use std::time::Duration;

use super::state::Session;
use crate::camera::{CameraSpec, Credentials, Grants, TlsRule};
use crate::cassette::CrashFolder;
use crate::config::{Encode, Terrain, TlsMode, Video};
use crate::media::Codec;
use crate::proxy::Feed;
use crate::recording::{Demand, EncodeSettings, Plan};

/// What a picture is taken for while its size is not known: 720p.
const ASSUMED_PIXELS: f64 = 1280.0 * 720.0;

/// How a terrain's camera is reached, and where its adapter's crashes are put.
pub(super) fn camera_spec(terrain: &Terrain, crashes: CrashFolder) -> CameraSpec {
    let camera = &terrain.camera;
    let text = |secret: &Option<crate::config::Secret>| {
        secret
            .as_ref()
            .map(|secret| secret.expose().to_owned())
            .unwrap_or_default()
    };
    let known = camera.username.is_some() || camera.password.is_some();
    let reach: Vec<(String, u16)> = camera
        .reach
        .iter()
        .map(|place| (place.host.clone(), place.port))
        .collect();
    CameraSpec {
        url: camera.url.as_str().to_owned(),
        scheme: camera.url.scheme().to_owned(),
        adapter: camera.adapter.clone(),
        credentials: known.then(|| Credentials {
            username: text(&camera.username),
            password: text(&camera.password),
        }),
        tls: match camera.tls {
            TlsMode::Verify => TlsRule::Verify,
            TlsMode::Pin(digest) => TlsRule::Pin(digest),
            TlsMode::Off => TlsRule::Off,
        },
        grants: Grants::new(camera.url.host(), camera.url.port(), &reach),
        options: camera
            .options
            .iter()
            .map(|(k, v)| (k.clone(), v.clone()))
            .collect(),
        audio: terrain.audio,
        crashes: Some(crashes),
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
