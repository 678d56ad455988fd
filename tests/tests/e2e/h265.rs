//! Cameras with H.265: copied under the name that Apple's players know, or encoded.

use std::time::Duration;

use padelvar_tests::cameras;
use padelvar_tests::jpeg;
use padelvar_tests::{Config, Host, Take, machine, together};
use simcam::{ClipParams, Codec, Handle, RtspConfig, StartAt};

const LENGTH: Duration = Duration::from_secs(5);

async fn camera(config: RtspConfig) -> Handle {
    let clip = ClipParams {
        codec: Codec::H265,
        ..cameras::h264()
    };
    cameras::rtsp(RtspConfig { clip, ..config }).await
}

/// The four characters by which a file's sample entry names its codec.
async fn tag(take: &Take) -> String {
    let mut command = tokio::process::Command::new("ffprobe");
    command.args(["-v", "error", "-select_streams", "v", "-of", "csv=p=0"]);
    command.args(["-show_entries", "stream=codec_tag_string"]);
    let output = padelvar_tests::judge::run(command.arg(&take.file)).await;
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

#[tokio::test]
async fn copied_as_hvc1_and_shown() {
    let _shared = machine::shared().await;
    let cached = RtspConfig {
        start_at: StartAt::CachedGop,
        ..RtspConfig::default()
    };
    let cameras = [camera(RtspConfig::default()).await, camera(cached).await];
    let config = Config::of(&cameras[0]).url(cameras[1].url());
    let host = Host::start(&config).await;
    let takes = (1..).zip(&cameras).map(|(terrain, camera)| {
        let host = &host;
        async move {
            let take = Take::record(host, terrain, LENGTH).await;
            (take.with("h265", false), camera)
        }
    });
    for (take, camera) in &together(takes).await {
        take.check_copied(camera).await;
        assert_eq!(tag(take).await, "hvc1");
    }
    let id = host.api.create(1).await;
    let shown = host.api.until_camera(&id, "live").await;
    assert_eq!(shown["camera"]["codec"], "h265", "{shown}");
    let answer = host
        .api
        .get(&format!("/api/preview/{id}/snapshot.jpg"))
        .await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(jpeg::size(&answer.bytes), (640, 360));
    host.end().await;
}

#[tokio::test]
async fn encoded_where_h264_is_asked_for() {
    let _shared = machine::shared().await;
    let camera = camera(RtspConfig::default()).await;
    for encode in ["always", "h264"] {
        let config = Config::of(&camera).video(&format!("encode = {encode:?}"));
        let host = Host::start(&config).await;
        let take = Take::record(&host, 1, LENGTH).await;
        take.check_encoded(&camera).await;
        host.end().await;
    }
}
