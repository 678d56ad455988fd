//! Pain 3: after a reconnect the camera sends sound, RTCP and answers, and no video.

use std::time::Duration;

use padelvar_tests::{Config, Host, Take, cameras, clock, machine};
use simcam::{Fault, RtspConfig};
use tokio::time::{Instant, sleep};

/// So long no video comes: longer than a connection without any is kept.
const BLIND: Duration = Duration::from_secs(13);

#[tokio::test]
async fn pain_03_a_camera_that_only_sends_sound_after_a_reconnect_is_not_live() {
    let _shared = machine::shared().await;
    let camera = cameras::rtsp(RtspConfig {
        sound: true,
        sender_reports: Duration::from_secs(1),
        ..RtspConfig::default()
    })
    .await;
    let host = Host::start(&Config::of(&camera)).await;
    let id = host.api.create(1).await;
    let called = clock::now();
    host.api.start(&id).await;
    sleep(Duration::from_secs(3)).await;
    // No packet of the video from here on; sound and RTCP go on.
    camera.inject(Fault::LossRate(1.0));
    camera.inject(Fault::Close);
    let since = Instant::now();
    host.api.until_camera(&id, "lost").await;
    while since.elapsed() < BLIND {
        let session = host.api.session(&id).await;
        assert_eq!(session["camera"]["state"], "lost", "{session}");
        sleep(Duration::from_millis(200)).await;
    }
    // It was tried again: nobody waits on a connection that brings no video.
    let played = camera.sent().into_iter().filter(|client| {
        let plays = |request: &simcam::Request| request.method == "PLAY";
        client.requests.iter().any(plays)
    });
    let played = played.count();
    assert!(played >= 3, "{played} connections");
    camera.inject(Fault::LossRate(0.0));
    host.api.until_camera(&id, "live").await;
    sleep(Duration::from_secs(3)).await;
    let take = Take::stop(&host, id, called).await;
    let video = take.check_uneven().await;
    let recording = take.recording();
    let gaps = recording["gaps"].as_array().expect("a list");
    let [gap] = gaps.as_slice() else {
        panic!("not one gap: {recording}");
    };
    assert_eq!(gap["cause"], "camera_lost", "{gap}");
    let seconds = gap["seconds"].as_f64().unwrap_or_default();
    let blind = BLIND.as_secs_f64();
    assert!((blind - 1.0..blind + 15.0).contains(&seconds), "{gap}");
    let offsets = clock::offsets(&take.file, &video, recording, &camera).await;
    offsets.outside(&recording["gaps"]).within(140.0);
    host.assert_only(&[&take.file]);
    host.end().await;
}
