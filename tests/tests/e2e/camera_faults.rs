//! Cameras that are there and do something wrong.

use std::time::Duration;

use padelvar_tests::cameras::{self, ACCOUNT, account, small_http};
use padelvar_tests::{Config, Host, Take, clock, machine, together};
use serde_json::Value;
use simcam::{Fault, Handle, RtspConfig, Scheme};
use tokio::time::sleep;

const LENGTH: Duration = Duration::from_secs(9);
/// RTP's clock of video (RFC 6184 8.2.1).
const TICKS: i64 = 90_000;
const HOUR: i64 = 3600;

/// A recording with faults, each so long after the start.
async fn with(host: &Host, terrain: u32, camera: &Handle, faults: Vec<(u64, Fault)>) -> Take {
    let id = host.api.create(terrain).await;
    let called = clock::now();
    host.api.start(&id).await;
    let mut spent = Duration::ZERO;
    for (seconds, fault) in faults {
        let at = Duration::from_secs(seconds);
        sleep(at.saturating_sub(spent)).await;
        spent = at;
        camera.inject(fault);
    }
    sleep(LENGTH.saturating_sub(spent)).await;
    Take::stop(host, id, called).await
}

#[tokio::test]
async fn pain_05_and_06_timestamps_wrap_and_jump_by_hours() {
    let _shared = machine::shared().await;
    let wrapping = RtspConfig {
        rtp_timestamp: Some(RtspConfig::near_wrap(4)),
        ..RtspConfig::default()
    };
    let cameras = [
        cameras::rtsp(RtspConfig::default()).await,
        cameras::rtsp(RtspConfig::default()).await,
        cameras::rtsp(RtspConfig::default()).await,
        cameras::rtsp(wrapping).await,
    ];
    let config = cameras
        .iter()
        .fold(Config::new(), |c, camera| c.url(camera.url()));
    let host = Host::start(&config).await;
    let jump = |seconds: i64| Fault::TimestampJump(seconds * TICKS);
    let there_and_back = vec![(3, jump(HOUR)), (6, jump(-HOUR))];
    let takes = together([
        with(&host, 1, &cameras[0], vec![(4, jump(HOUR))]),
        with(&host, 2, &cameras[1], vec![(4, jump(-HOUR))]),
        with(&host, 3, &cameras[2], there_and_back),
        with(&host, 4, &cameras[3], Vec::new()),
    ])
    .await;
    for (take, camera) in takes[..3].iter().zip(&cameras) {
        let video = take.check_uneven().await;
        let offsets = clock::offsets(&take.file, &video, take.recording(), camera).await;
        eprintln!(
            "{:.1?} ms late: {}",
            offsets.range(),
            take.recording()["gaps"]
        );
        offsets.consecutive();
        offsets.within(40.0 + 100.0);
    }
    takes[3].check_copied(&cameras[3]).await;
    host.end().await;
}

#[tokio::test]
async fn lost_packets_cost_pictures_and_no_more() {
    let _shared = machine::shared().await;
    let camera = cameras::rtsp(RtspConfig::default()).await;
    let host = Host::start(&Config::of(&camera)).await;
    let faults = vec![
        (2, Fault::LossRate(0.02)),
        (5, Fault::LossRate(0.0)),
        (6, Fault::DropNext(1)),
        (6, Fault::TruncateFrame),
    ];
    let take = with(&host, 1, &camera, faults).await;
    // FFmpeg may complain of pictures that refer to lost ones; the file is whole all the same.
    let video = take.check_lossy().await;
    let offsets = clock::readable(&take.file, take.recording(), &camera).await;
    let damaged = video.packets.len() - offsets.at.len();
    eprintln!("{damaged} damaged of {}", video.packets.len());
    // Before the first loss nothing is missing or late, nor after the keyframe that follows the
    // last one.
    let early = clock::seconds(take.started_at(), take.start_call);
    for good in [
        offsets.between(0.0, early + 2.0),
        offsets.between(early + 7.3, video.duration),
    ] {
        assert!(good.at.len() > 25, "{:?}", good.at);
        good.consecutive();
        good.within(40.0);
    }
    host.assert_only(&[&take.file]);
    host.end().await;
}

/// How often cameras were asked for anything.
fn asked(cameras: &[Handle]) -> Vec<usize> {
    let count = |camera: &Handle| camera.sent().iter().map(|c| c.requests.len()).sum();
    cameras.iter().map(count).collect()
}

#[tokio::test]
async fn a_wrong_password_is_said_and_not_tried_again() {
    let _shared = machine::shared().await;
    let auth = || account(Scheme::DigestMd5);
    let rtsp = |auth| RtspConfig {
        auth,
        ..RtspConfig::default()
    };
    let cameras = [
        cameras::rtsp(rtsp(auth())).await,
        cameras::rtsp(rtsp(account(Scheme::Basic))).await,
        cameras::http(simcam::HttpConfig {
            auth: auth(),
            ..small_http()
        })
        .await,
    ];
    let wrong = "not-the-password";
    let config = cameras.iter().fold(Config::new(), |config, camera| {
        config.account(camera.url(), ACCOUNT.0, wrong)
    });
    let host = Host::start(&config).await;
    for terrain in 1..=3 {
        let body = host.api.try_create(terrain).await.ok(201);
        let id = body["session"]["session_id"].as_str().expect("an id");
        let told = |session: &Value| session["camera"]["last_error"].is_string();
        let session = host.api.until(|| host.api.session(id), told).await;
        let camera = &session["camera"];
        assert_eq!(camera["state"], "connecting", "{session}");
        let reason = camera["last_error"]
            .as_str()
            .unwrap_or_default()
            .to_lowercase();
        let says = ["password", "credentials"]
            .iter()
            .any(|word| reason.contains(word));
        assert!(says, "{session}");
        assert!(!session.to_string().contains(wrong), "{session}");
    }
    let before = asked(&cameras);
    // A question without an account, perhaps, and one with it, at two addresses at most.
    assert!(before.iter().all(|n| (1..=6).contains(n)), "{before:?}");
    sleep(Duration::from_secs(10)).await;
    assert_eq!(asked(&cameras), before, "an account may be locked by that");
    // With the right password in the configuration, the next session has it.
    let config = cameras.iter().fold(Config::new(), |config, camera| {
        config.account(camera.url(), ACCOUNT.0, ACCOUNT.1)
    });
    host.configure(&config.text());
    let list = host.api.get("/api/video/session/list").await.ok(200);
    for session in list["sessions"].as_array().expect("a list") {
        let id = session["session_id"].as_str().expect("an id");
        host.api.try_close(id).await.ok(200);
    }
    // The file is read again every 10 s at the latest.
    let mut live = false;
    for _ in 0..12 {
        let body = host.api.try_create(1).await.ok(201);
        let id = body["session"]["session_id"].as_str().expect("an id");
        sleep(Duration::from_secs(1)).await;
        live = host.api.session(id).await["camera"]["state"] == "live";
        host.api.try_close(id).await.ok(200);
        if live {
            break;
        }
    }
    assert!(live, "the right password changes nothing");
    host.end().await;
}
