//! Against an RTSP server that was not written here.

use std::time::Duration;

use padelvar_tests::{Config, Host, Take, gst, judge, machine};

/// The recording's length that the project promises to show.
const LENGTH: Duration = Duration::from_secs(20);

#[tokio::test]
async fn gstreamer_h264_over_tcp_with_digest() {
    let _alone = machine::alone().await;
    let (user, password) = ("viewer", "over the net");
    let Some(server) = gst::Server::start(user, password).await else {
        assert!(
            !gst::required(),
            "GStreamer's RTSP server or its Python bindings are not installed; hint: \
             `cargo xtask test` installs them"
        );
        eprintln!("skipped: GStreamer's RTSP server or its Python bindings are not installed");
        return;
    };
    let host = Host::start(&Config::new().account(&server.url, user, password)).await;
    let take = Take::record(&host, 1, LENGTH).await;
    let video = take.check().await;
    assert_eq!(take.recording()["mode"], "copy");
    assert_eq!(video.size, (640, 360));
    assert!(video.duration >= 19.9, "{}", video.duration);
    // Not one picture of the 25 a second is missing.
    let expected = video.duration * 25.0;
    let found = video.packets.len() as f64;
    assert!((found - expected).abs() <= 2.0, "{found} of {expected}");
    assert_eq!(take.recording()["gaps"], serde_json::json!([]));
    host.assert_only(&[&take.file]);
    judge::decodes(&take.file).await;
    host.end().await;
}
