//! Against an RTSP server that was not written here.

use std::time::Duration;

use padelvar_tests::film::{self, Sound};
use padelvar_tests::sync::{Heard, IN_STEP_MS};
use padelvar_tests::{Config, Host, Take, gst, judge, machine};
use simcam::Codec;

/// The recording's length that the project promises to show.
const LENGTH: Duration = Duration::from_secs(20);

#[tokio::test]
async fn gstreamer_h264_over_tcp_with_digest() {
    let _alone = machine::alone().await;
    let (user, password) = ("viewer", "over the net");
    let wanted = gst::Wanted {
        launch: gst::CAMERA,
        shared: true,
        udp: false,
        account: Some((gst::Scheme::Digest, user, password)),
        tls: None,
    };
    let Some(server) = gst::Server::start(&wanted).await else {
        return gst::skipped();
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

/// One combination of those that `cargo xtask cameras matrix` records.
#[tokio::test]
async fn gstreamer_h265_and_aac_over_udp_with_basic() {
    let _shared = machine::shared().await;
    let (user, password) = ("viewer", "over the net");
    let folder = tempfile::tempdir().expect("a folder can be made");
    let (codec, sound) = (Codec::H265, Some(Sound::Aac));
    let film = film::write(folder.path(), codec, sound, 30).await;
    let wanted = gst::Wanted {
        launch: &gst::film(&film, codec, sound),
        shared: false,
        udp: true,
        account: Some((gst::Scheme::Basic, user, password)),
        tls: None,
    };
    let Some(server) = gst::Server::start(&wanted).await else {
        return gst::skipped();
    };
    let url = &server.url;
    let lines = format!(
        "url = {url:?}\nusername = {user:?}\npassword = {password:?}\n\
         options = {{ transport = \"udp\" }}"
    );
    let host = Host::start(&Config::new().camera(&lines).with_sound()).await;
    let take = Take::record(&host, 1, Duration::from_secs(5)).await;
    let take = take.with("h265", true);
    let video = take.check().await;
    assert_eq!(take.recording()["mode"], "copy");
    assert_eq!(take.recording()["gaps"], serde_json::json!([]));
    let heard = Heard::of(&take.file).await.expect("it decodes");
    let apart = heard.apart(video.sound_from.unwrap_or_default() + 0.2);
    assert!(apart.at.len() >= 3, "{heard:?}");
    assert_eq!(apart.beyond(IN_STEP_MS), 0, "{apart:?}");
    host.end().await;
}
