//! The RTSP camera, with FFmpeg as the client.
#![expect(clippy::unwrap_used, reason = "a test")]

mod common;

use common::{Client, Folder, ffmpeg, frames_follow, small, with_password};
use simcam::{
    Auth, ClipParams, Packetization, ParameterSets, RtspCamera, RtspConfig, Scheme, StartAt,
};

/// FFmpeg copies some seconds of the camera; then the frames are looked at.
async fn record(name: &str, config: RtspConfig, seconds: &str, at_least: usize) {
    let codec = ["-c", "copy"];
    record_as(&codec, name, config, seconds, at_least).await;
}

async fn record_as(codec: &[&str], name: &str, config: RtspConfig, seconds: &str, at_least: usize) {
    let folder = Folder::new(name);
    let file = folder.file("copy.mkv");
    let camera = RtspCamera::start(config).await.unwrap();
    let url = with_password(&camera, "pass");
    let out = file.to_str().unwrap();
    let input = ["-rtsp_transport", "tcp", "-i", &url, "-t", seconds];
    let line = [&input, codec, &[out]].concat();
    let done = ffmpeg(&line).await;
    assert!(
        done.status.success(),
        "{name}: {}",
        String::from_utf8_lossy(&done.stderr)
    );
    frames_follow(&camera, &file, at_least).await;
    let log = camera.sent();
    assert!(
        log[0]
            .requests
            .iter()
            .any(|r| r.method == "TEARDOWN" && r.status == 200)
    );
    camera.stop().await;
}

#[tokio::test]
async fn ffmpeg_copies_with_digest() {
    let auth = Some(Auth::new(Scheme::DigestMd5, "admin", "pass"));
    let clip = ClipParams {
        gop: 10,
        seconds: 4,
        ..ClipParams::default()
    };
    record(
        "digest",
        RtspConfig {
            auth,
            clip,
            ..RtspConfig::default()
        },
        "3",
        60,
    )
    .await;
}

#[tokio::test]
async fn ffmpeg_copies_every_kind_of_stream() {
    let base = || RtspConfig {
        clip: small(),
        ..RtspConfig::default()
    };
    let basic = Auth::new(Scheme::Basic, "admin", "pass");
    let mode_0 = RtspConfig {
        packetization: Packetization::SingleNal,
        parameter_sets: ParameterSets::InBand,
        auth: Some(basic),
        ..base()
    };
    let stap = RtspConfig {
        packetization: Packetization::NonInterleaved { stap_a: true },
        parameter_sets: ParameterSets::InBand,
        ..base()
    };
    let sdp_only = RtspConfig {
        parameter_sets: ParameterSets::Sdp,
        ..base()
    };
    let burst = RtspConfig {
        start_at: StartAt::CachedGop,
        path: "/cam?channel=1".into(),
        ..base()
    };
    let wrap = RtspConfig {
        rtp_timestamp: Some(RtspConfig::near_wrap(1)),
        start_at: StartAt::NextKeyframe,
        clip: ClipParams {
            slices: 3,
            bitrate_kbps: Some(1000),
            ..small()
        },
        ..base()
    };
    let stale = RtspConfig {
        auth: Some(Auth {
            nonce_uses: Some(2),
            qop: true,
            ..Auth::new(Scheme::DigestMd5, "admin", "pass")
        }),
        ..base()
    };
    tokio::join!(
        record("mode0", mode_0, "1.5", 20),
        record("stap", stap, "1.5", 20),
        record("sdp", sdp_only, "1.5", 20),
        record("burst", burst, "1.5", 20),
        record("wrap", wrap, "2.5", 40),
        record("stale", stale, "1.5", 20),
    );
}

#[tokio::test]
async fn ffmpeg_decodes_b_frames_in_order() {
    let config = RtspConfig {
        clip: ClipParams {
            bframes: 2,
            ..small()
        },
        ..RtspConfig::default()
    };
    // RTP has no decoding times, and FFmpeg's guesses are at times none that
    // its muxer takes: the frames are decoded instead of copied.
    let codec = [
        "-vsync",
        "passthrough",
        "-c:v",
        "libx264",
        "-preset",
        "ultrafast",
    ];
    record_as(&codec, "bframes", config, "1.5", 20).await;
}

#[tokio::test]
async fn ffmpeg_over_tls() {
    let auth = Some(Auth::new(Scheme::DigestMd5, "admin", "pass"));
    let config = RtspConfig {
        clip: small(),
        tls: true,
        auth,
        ..RtspConfig::default()
    };
    record("rtsps", config, "1.5", 20).await;
}

#[tokio::test]
async fn a_wrong_password_is_refused() {
    let auth = Some(Auth::new(Scheme::DigestMd5, "admin", "pass"));
    let config = RtspConfig {
        clip: small(),
        auth,
        ..RtspConfig::default()
    };
    let camera = RtspCamera::start(config).await.unwrap();
    let url = with_password(&camera, "wrong");
    let done = ffmpeg(&["-rtsp_transport", "tcp", "-i", &url, "-f", "null", "-"]).await;
    assert!(!done.status.success());
    let complaint = String::from_utf8_lossy(&done.stderr);
    assert!(complaint.contains("401"), "{complaint}");
}

#[tokio::test]
async fn digest_with_sha_256() {
    let config = RtspConfig {
        clip: small(),
        auth: Some(Auth::new(Scheme::DigestSha256, "admin", "pass")),
        ..RtspConfig::default()
    };
    let camera = RtspCamera::start(config).await.unwrap();
    let mut client = Client::connect(&camera).await;
    client.play().await;
    client.rtp().await;
}

#[tokio::test]
async fn many_clients_get_the_same_frames_at_the_same_time() {
    let config = RtspConfig {
        clip: small(),
        ..RtspConfig::default()
    };
    let camera = RtspCamera::start(config).await.unwrap();
    let (mut a, mut b) = (
        Client::connect(&camera).await,
        Client::connect(&camera).await,
    );
    a.play().await;
    b.play().await;
    let mut frames = 0;
    while frames < 12 {
        frames += u32::from(a.rtp().await.marker);
        b.rtp().await;
    }
    let log = camera.sent();
    assert_eq!(camera.connected(), 2);
    for frame in &log[0].frames {
        let due = camera.frame_at(frame.at);
        assert!(
            due >= frame.number && due - frame.number <= 5,
            "{frame:?} at {due}"
        );
        assert_eq!(u64::from(frame.index), frame.number % 100);
        let other = log[1].frames.iter().find(|f| f.number == frame.number);
        assert!(other.is_none_or(|o| o.at.abs_diff(frame.at).as_millis() < 200));
    }
}
