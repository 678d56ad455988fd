//! Cameras that are gone for a while: one MP4, and its timeline stays the clock's.

use std::time::Duration;

use padelvar_tests::cameras::{self, small_http};
use padelvar_tests::{Config, Host, Take, clock, judge, machine, together};
use serde_json::Value;
use simcam::{Fault, Handle, RtspConfig};
use tokio::time::sleep;

/// Before the fault, and after the camera is back.
const AROUND: Duration = Duration::from_secs(3);
const GONE: Duration = Duration::from_secs(3);
/// So long a silence the simulated camera does not make up for: what fell due is lost.
const SILENT: Duration = Duration::from_secs(6);
/// How far a picture may be from its time after an outage, beside its own length: another
/// connection has its own delay.
const SLACK_MS: f64 = 100.0;

/// A recording in whose middle something happens to the camera.
async fn through(
    host: &Host,
    terrain: u32,
    camera: &Handle,
    fault: Fault,
    comes_back: bool,
) -> Take {
    let id = host.api.create(terrain).await;
    let called = clock::now();
    host.api.start(&id).await;
    sleep(AROUND).await;
    camera.inject(fault);
    if comes_back {
        let again = |session: &Value| {
            let camera = &session["camera"];
            camera["state"] == "live" && camera["reconnects"].as_u64() >= Some(1)
        };
        host.api.until(|| host.api.session(&id), again).await;
    } else {
        sleep(SILENT).await;
    }
    sleep(AROUND).await;
    Take::stop(host, id, called).await
}

/// Asserts that one gap is listed, about where and as long as it was, and returns its cause.
fn one_gap(take: &Take, gone: Duration) -> String {
    let gaps = take.recording()["gaps"].as_array().expect("a list");
    let [gap] = gaps.as_slice() else {
        panic!("not one gap: {}", take.recording());
    };
    let (from, length) = (gap["start_seconds"].as_f64(), gap["seconds"].as_f64());
    let (from, length) = (from.expect("a number"), length.expect("a number"));
    let early = clock::seconds(take.started_at(), take.start_call);
    let expected = early + AROUND.as_secs_f64();
    assert!(
        (-0.2..1.0).contains(&(from - expected)),
        "{gap}, expected at {expected}"
    );
    // The tries to connect are never more than 10 s apart; then a keyframe comes.
    let gone = gone.as_secs_f64();
    assert!((gone - 0.3..gone + 11.5).contains(&length), "{gap}");
    gap["cause"].as_str().expect("a cause").to_owned()
}

#[tokio::test]
async fn pain_01_plugs_pulled_and_connections_dropped_leave_one_file() {
    let _shared = machine::shared().await;
    let [pulled, dropped, silent, late] = [
        cameras::rtsp(RtspConfig::default()).await,
        cameras::rtsp(RtspConfig::default()).await,
        cameras::rtsp(RtspConfig::default()).await,
        cameras::rtsp(RtspConfig::default()).await,
    ];
    let config = Config::of(&pulled)
        .url(dropped.url())
        .url(silent.url())
        .url(late.url());
    let host = Host::start(&config).await;
    let takes = together([
        through(&host, 1, &pulled, Fault::Outage(GONE), true),
        through(&host, 2, &dropped, Fault::Close, true),
        through(&host, 3, &silent, Fault::Stall(SILENT), false),
        through(&host, 4, &late, Fault::Late(GONE), false),
    ])
    .await;
    for (take, camera) in takes.iter().zip([&pulled, &dropped, &silent, &late]) {
        eprintln!("{}: {}", camera.url(), take.recording());
        let video = take.check_uneven().await;
        let recording = take.recording();
        assert_eq!(recording["mode"], "copy", "{recording}");
        let offsets = clock::offsets(&take.file, &video, recording, camera).await;
        let offsets = offsets.outside(&recording["gaps"]);
        eprintln!("{:.1?} ms late", offsets.range());
        offsets.within(40.0 + SLACK_MS);
        // Nothing is missing before and after it.
        let jumps = offsets.numbers.windows(2).filter(|n| n[0] + 1 != n[1]);
        // A pause of less than a quarter of a second need not be listed.
        let listed = recording["gaps"] != serde_json::json!([]);
        let most = usize::from(listed || camera.url() == dropped.url());
        assert!(jumps.count() <= most, "{:?}", offsets.numbers);
    }
    assert_eq!(one_gap(&takes[0], GONE), "camera_lost");
    assert!(!one_gap(&takes[2], SILENT).is_empty());
    // What comes late is in its place.
    let none = serde_json::json!([]);
    assert_eq!(takes[3].recording()["gaps"], none);
    // A connection that is made again at once costs a group of pictures at most.
    let short = &takes[1].recording()["gaps"];
    for gap in short.as_array().expect("a list") {
        assert!(gap["seconds"].as_f64() < Some(3.0), "{short}");
        assert_eq!(gap["cause"], "camera_lost", "{short}");
    }
    let files: Vec<_> = takes.iter().map(|take| take.file.as_path()).collect();
    host.assert_only(&files);
    host.end().await;
}

#[tokio::test]
async fn mjpeg_stays_at_its_rate_through_the_gap() {
    let _shared = machine::shared().await;
    let camera = cameras::http(small_http()).await;
    let host = Host::start(&Config::of(&camera)).await;
    let take = through(&host, 1, &camera, Fault::Outage(GONE), true).await;
    let video = take.check().await;
    let recording = take.recording();
    assert_eq!(recording["mode"], "encode", "{recording}");
    judge::constant_rate(&video, 25);
    assert_eq!(one_gap(&take, GONE), "camera_lost");
    let offsets = clock::offsets(&take.file, &video, recording, &camera).await;
    let offsets = offsets.outside(&recording["gaps"]);
    eprintln!("{:.1?} ms late", offsets.range());
    offsets.within(60.0 + SLACK_MS);
    host.assert_only(&[&take.file]);
    host.end().await;
}
