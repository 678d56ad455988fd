//! The RTSP camera with H.265, with FFmpeg as the client.
#![expect(clippy::unwrap_used, reason = "a test")]

mod common;

use common::{Client, Folder, ffmpeg, frames_follow, small};
use simcam::{ClipParams, Codec, Packetization, ParameterSets, RtspCamera, RtspConfig, StartAt};

fn base() -> RtspConfig {
    RtspConfig {
        clip: ClipParams {
            codec: Codec::H265,
            ..small()
        },
        ..RtspConfig::default()
    }
}

async fn record(codec: &[&str], name: &str, config: RtspConfig) {
    let folder = Folder::new(name);
    let file = folder.file("copy.mkv");
    let camera = RtspCamera::start(config).await.unwrap();
    let out = file.to_str().unwrap();
    let input = ["-rtsp_transport", "tcp", "-i", camera.url(), "-t", "1.5"];
    let done = ffmpeg(&[&input, codec, &[out]].concat()).await;
    let complaint = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{name}: {complaint}");
    frames_follow(&camera, &file, 20).await;
    camera.stop().await;
}

#[tokio::test]
async fn ffmpeg_copies_every_kind_of_stream() {
    let aggregates = RtspConfig {
        packetization: Packetization::NonInterleaved { stap_a: true },
        parameter_sets: ParameterSets::InBand,
        ..base()
    };
    let single = RtspConfig {
        packetization: Packetization::SingleNal,
        parameter_sets: ParameterSets::Sdp,
        ..base()
    };
    let bidirectional = RtspConfig {
        clip: ClipParams {
            bframes: 2,
            ..base().clip
        },
        // FFmpeg decodes what comes before the first keyframe, to grey.
        start_at: StartAt::NextKeyframe,
        ..base()
    };
    let noisy = RtspConfig {
        clip: ClipParams {
            bitrate_kbps: Some(1500),
            ..base().clip
        },
        ..base()
    };
    let copy = ["-c", "copy"];
    let again = [
        "-vsync",
        "passthrough",
        "-c:v",
        "libx264",
        "-preset",
        "ultrafast",
    ];
    tokio::join!(
        record(&copy, "h265-aggregates", aggregates),
        record(&copy, "h265-single", single),
        record(&copy, "h265-fragments", noisy),
        record(&again, "h265-b", bidirectional),
    );
}

#[tokio::test]
async fn the_description_has_all_three_sets() {
    let camera = RtspCamera::start(base()).await.unwrap();
    let mut client = Client::connect(&camera).await;
    let described = client.ask("DESCRIBE", camera.url(), "").await;
    let sdp = String::from_utf8(described.body).unwrap();
    assert!(sdp.contains("a=rtpmap:96 H265/90000\r\n"), "{sdp}");
    for part in ["profile-id=1", "sprop-vps=Q", "sprop-sps=Q", "sprop-pps=R"] {
        assert!(sdp.contains(part), "{sdp}");
    }
}
