//! Pains 13 and 14: "smart codec" cameras, which send a keyframe every 12 s.

use std::time::Duration;

use padelvar_tests::{Config, Host, Take, cameras, clock, jpeg, machine, together};
use serde_json::json;
use simcam::{ClipParams, Fault, RtspConfig, StartAt};
use tokio::time::sleep;

/// Seconds from keyframe to keyframe.
const GROUP: u32 = 12;

fn smart(start_at: StartAt) -> RtspConfig {
    RtspConfig {
        clip: ClipParams {
            gop: GROUP * 25,
            seconds: GROUP * 2,
            ..cameras::h264()
        },
        start_at,
        ..RtspConfig::default()
    }
}

#[tokio::test]
async fn pain_13_a_snapshot_does_not_wait_for_the_next_keyframe() {
    let _shared = machine::shared().await;
    let camera = cameras::rtsp(smart(StartAt::CachedGop)).await;
    let host = Host::start(&Config::of(&camera)).await;
    let id = host.api.create(1).await;
    // Until the next keyframe is far away.
    let group = f64::from(GROUP);
    let left = || group - camera.elapsed().as_secs_f64() % group;
    while left() < 8.0 {
        sleep(Duration::from_millis(200)).await;
    }
    let before = left();
    let path = format!("/api/preview/{id}/snapshot.jpg");
    let answer = host.api.get(&path).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(jpeg::size(&answer.bytes), (640, 360));
    assert!(left() < before, "a keyframe came before the answer");
    host.end().await;
}

#[tokio::test]
async fn pain_14_a_camera_with_a_keyframe_every_twelve_seconds_is_not_a_dead_one() {
    let _shared = machine::shared().await;
    let cameras = [
        cameras::rtsp(smart(StartAt::CachedGop)).await,
        cameras::rtsp(smart(StartAt::NextFrame)).await,
    ];
    let host = Host::start(&Config::of(&cameras[0]).url(cameras[1].url())).await;
    // The second one is first seen at its next keyframe.
    let sessions = together([host.api.create(1), host.api.create(2)]).await;
    let called = clock::now();
    for id in &sessions {
        host.api.start(id).await;
    }
    sleep(Duration::from_secs(2)).await;
    // In the middle of a group: it begins again with pictures that nobody can show.
    cameras[1].inject(Fault::Close);
    host.api.until_camera(&sessions[1], "lost").await;
    host.api.until_camera(&sessions[1], "live").await;
    sleep(Duration::from_secs(2)).await;
    let takes = together(sessions.into_iter().map(|id| Take::stop(&host, id, called))).await;
    let connections: Vec<_> = cameras.iter().map(|camera| camera.sent().len()).collect();
    // Asked without a password first, where the adapter does that; not once more for silence.
    assert_eq!(connections, [1, 2], "connections");
    takes[0].check_copied(&cameras[0]).await;
    let video = takes[1].check_uneven().await;
    let recording = takes[1].recording();
    assert_eq!(
        recording["gaps"].as_array().map(Vec::len),
        Some(1),
        "{recording}"
    );
    assert_eq!(recording["gaps"][0]["cause"], "camera_lost", "{recording}");
    let offsets = clock::offsets(&takes[1].file, &video, recording, &cameras[1]).await;
    offsets.outside(&recording["gaps"]).within(140.0);
    assert_ne!(recording["gaps"], json!([]));
    host.end().await;
}

#[tokio::test]
async fn pain_14_pictures_that_a_camera_kept_do_not_hold_the_others_up() {
    let _shared = machine::shared().await;
    let camera = cameras::rtsp(smart(StartAt::CachedGop)).await;
    let host = Host::start(&Config::of(&camera)).await;
    let id = host.api.create(1).await;
    let called = clock::now();
    host.api.start(&id).await;
    sleep(Duration::from_secs(3)).await;
    // It begins with its last keyframe again, so that nothing has to wait for the next one.
    camera.inject(Fault::Close);
    host.api.until_camera(&id, "lost").await;
    host.api.until_camera(&id, "live").await;
    sleep(Duration::from_secs(3)).await;
    let take = Take::stop(&host, id, called).await;
    let video = take.check_uneven().await;
    let recording = take.recording();
    assert_eq!(recording["gaps"], json!([]), "{recording}");
    let offsets = clock::offsets(&take.file, &video, recording, &camera).await;
    // Those that were shown before are needed to decode the others, and pass in a moment.
    let again = offsets
        .ms
        .iter()
        .zip(&offsets.at)
        .filter(|(ms, _)| **ms > 140.0);
    let again: Vec<f64> = again.map(|(_, at)| *at).collect();
    let (from, to) = (again.first().copied(), again.last().copied());
    if let (Some(from), Some(to)) = (from, to) {
        eprintln!("again from {from} to {to}");
        assert!(to - from < 0.6, "from {from} to {to}");
        offsets.between(0.0, from).within(140.0);
        offsets.between(to + 0.001, f64::INFINITY).within(140.0);
    }
    host.end().await;
}
