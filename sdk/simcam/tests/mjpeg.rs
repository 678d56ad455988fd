//! JPEGs over RTP, with FFmpeg as the client.
#![expect(clippy::unwrap_used, reason = "a test")]

mod common;

use common::{Client, Folder, ffmpeg, frames_follow, small};
use simcam::{ClipParams, Codec, RtspCamera, RtspConfig, Sound, Transports};

fn base() -> RtspConfig {
    RtspConfig {
        clip: ClipParams {
            codec: Codec::Jpeg,
            height: 184,
            ..small()
        },
        transports: Transports::ALL,
        ..RtspConfig::default()
    }
}

async fn record(name: &str, config: RtspConfig, transport: &str) {
    let folder = Folder::new(name);
    let file = folder.file("copy.mkv");
    let camera = RtspCamera::start(config).await.unwrap();
    let out = file.to_str().unwrap();
    let input = ["-rtsp_transport", transport, "-i", camera.url(), "-t", "2"];
    let done = ffmpeg(&[&input[..], &["-c", "copy", out]].concat()).await;
    let complaint = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{name}: {complaint}");
    frames_follow(&camera, &file, 40).await;
    camera.stop().await;
}

#[tokio::test]
async fn ffmpeg_records_over_both_transports() {
    let large = RtspConfig {
        clip: ClipParams {
            width: 1280,
            height: 720,
            bitrate_kbps: Some(8000),
            ..base().clip
        },
        audio: Some(Sound::Pcmu),
        ..base()
    };
    tokio::join!(
        record("mjpeg-tcp", base(), "tcp"),
        record("mjpeg-udp", base(), "udp"),
    );
    record("mjpeg-large", large, "tcp").await;
}

#[tokio::test]
async fn the_static_type_and_odd_sizes() {
    let camera = RtspCamera::start(base()).await.unwrap();
    let mut client = Client::connect(&camera).await;
    let described = client.ask("DESCRIBE", camera.url(), "").await;
    let sdp = String::from_utf8(described.body).unwrap();
    assert!(
        sdp.contains("m=video 0 RTP/AVP 26\r\na=rtpmap:26 JPEG/90000\r\n"),
        "{sdp}"
    );
    let odd = RtspConfig {
        clip: ClipParams {
            height: 180,
            ..base().clip
        },
        ..base()
    };
    assert!(RtspCamera::start(odd).await.is_err());
}
