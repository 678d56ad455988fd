//! The ways on which RTP may travel: UDP with what a network does to it, multicast, HTTP, and cameras
//! that allow one way only.

use std::time::Duration;

use padelvar_tests::cameras::{self, account};
use padelvar_tests::{Config, Host, Take, machine, together};
use serde_json::Value;
use simcam::{ClipParams, Handle, Network, RtspConfig, Scheme, Transports};

const LENGTH: Duration = Duration::from_secs(6);

fn only(transports: Transports) -> RtspConfig {
    RtspConfig {
        transports,
        ..RtspConfig::default()
    }
}

fn with(url: &str, transport: &str) -> String {
    format!("url = {url:?}\noptions = {{ transport = {transport:?} }}")
}

/// Records all cameras at the same time, terrains 1 and up.
async fn record(host: &Host, cameras: &[Handle]) -> Vec<Take> {
    let takes = (1..)
        .zip(cameras)
        .map(|(terrain, _)| Take::record(host, terrain, LENGTH));
    together(takes).await
}

#[tokio::test]
async fn udp_where_it_is_asked_for_or_nothing_else_is_allowed() {
    let _shared = machine::shared().await;
    let digest = RtspConfig {
        auth: account(Scheme::DigestMd5),
        ..only(Transports::UDP)
    };
    let sound = RtspConfig {
        audio: Some("pcma".parse().expect("a kind of sound")),
        ..only(Transports::ALL)
    };
    let cameras = [
        cameras::rtsp(only(Transports::ALL)).await,
        cameras::rtsp(digest).await,
        cameras::rtsp(sound).await,
    ];
    let (user, password) = cameras::ACCOUNT;
    let config = Config::new()
        .camera(&with(cameras[0].url(), "udp"))
        // By itself: the camera answers 461 to TCP.
        .account(cameras[1].url(), user, password)
        .camera(&with(cameras[2].url(), "udp"))
        .with_sound();
    let host = Host::start(&config).await;
    let takes = record(&host, &cameras).await;
    let kinds = [("h264", false), ("h264", false), ("h264", true)];
    for ((take, camera), (codec, sound)) in takes.into_iter().zip(&cameras).zip(kinds) {
        take.with(codec, sound).check_copied(camera).await;
    }
    for camera in &cameras {
        let reports: u64 = camera.sent().iter().map(|c| c.receiver_reports).sum();
        assert!(
            reports > 0,
            "cameras end a session of which they hear nothing"
        );
    }
    host.end().await;
}

#[tokio::test]
async fn through_http_with_the_password_asked_for_within() {
    let _shared = machine::shared().await;
    let tunnel = Transports {
        http_tunnel: true,
        ..Transports::TCP
    };
    let digest = RtspConfig {
        auth: account(Scheme::DigestSha256),
        ..only(tunnel)
    };
    let cameras = [
        cameras::rtsp(only(tunnel)).await,
        cameras::rtsp(digest).await,
    ];
    let (user, password) = cameras::ACCOUNT;
    let known = format!("username = {user:?}\npassword = {password:?}");
    let config = Config::new()
        .camera(&with(cameras[0].url(), "http"))
        .camera(&format!("{}\n{known}", with(cameras[1].url(), "http")));
    let host = Host::start(&config).await;
    for (take, camera) in record(&host, &cameras).await.into_iter().zip(&cameras) {
        take.check_copied(camera).await;
    }
    host.end().await;
}

#[tokio::test]
async fn a_transport_that_the_camera_refuses_is_said() {
    let _shared = machine::shared().await;
    let cameras = [
        cameras::rtsp(only(Transports::TCP)).await,
        cameras::rtsp(only(Transports::UDP)).await,
    ];
    let config = Config::new()
        .camera(&with(cameras[0].url(), "udp"))
        .camera(&with(cameras[1].url(), "tcp"));
    let host = Host::start(&config).await;
    for terrain in [1, 2] {
        let created = host.api.try_create(terrain).await.ok(201);
        let id = created["session"]["session_id"]
            .as_str()
            .expect("an id")
            .to_owned();
        let refused = |session: &Value| {
            let error = session["camera"]["last_error"].as_str().unwrap_or_default();
            error.contains("transport") || error.contains("461")
        };
        host.api.until(|| host.api.session(&id), refused).await;
    }
    host.end().await;
}

#[tokio::test]
async fn losses_on_udp_are_counted_and_cost_pictures_only() {
    let _shared = machine::shared().await;
    let lossy = RtspConfig {
        network: Network {
            loss: 0.02,
            reorder: 0.02,
            duplicate: 0.01,
            seed: 7,
            ..Network::default()
        },
        ..only(Transports::UDP)
    };
    let reordered = RtspConfig {
        network: Network {
            reorder: 0.1,
            delay: Duration::from_millis(20),
            duplicate: 0.05,
            seed: 8,
            ..Network::default()
        },
        ..only(Transports::UDP)
    };
    let cameras = [cameras::rtsp(lossy).await, cameras::rtsp(reordered).await];
    let config = Config::of(&cameras[0]).url(cameras[1].url());
    let host = Host::start(&config).await;
    let takes = record(&host, &cameras).await;
    // What comes late or twice is put in order: nothing is missing.
    takes[1].check_copied(&cameras[1]).await;
    takes[0].check_lossy().await;
    let report = host.api.report(&takes[0].id).await;
    let lost = report["quality"]["packets_lost"].as_u64();
    assert!(lost.is_some_and(|lost| lost > 0), "{report}");
    host.end().await;
}

/// Where a simulated camera sends by multicast: its group is made of its own port.
fn group(camera: &Handle) -> String {
    let url = reqwest::Url::parse(camera.url()).expect("a URL");
    let [high, low] = url.port().expect("a port").to_be_bytes();
    format!("239.255.{high}.{low}:20000")
}

#[tokio::test]
async fn by_multicast_in_the_cameras_own_network() {
    let _shared = machine::shared().await;
    let camera = cameras::rtsp(only(Transports::ALL)).await;
    let granted = format!(
        "{}\nreach = [{:?}]",
        with(camera.url(), "multicast"),
        group(&camera)
    );
    // Two courts, one camera: who joins a group does not keep others out of it.
    let config = Config::new()
        .camera(&granted)
        .camera(&granted)
        .camera(&with(camera.url(), "multicast"));
    let host = Host::start(&config).await;
    let takes = together([1, 2].map(|terrain| Take::record(&host, terrain, LENGTH))).await;
    for take in takes {
        take.check_copied(&camera).await;
    }
    let refused = host.api.try_create(3).await.ok(201);
    let error = refused["session"]["camera"]["last_error"].as_str();
    assert!(
        error.is_some_and(|told| told.contains("reach = [\"239.255.")),
        "{refused}"
    );
    host.end().await;
}

#[tokio::test]
async fn pictures_of_jpeg() {
    let _shared = machine::shared().await;
    let jpeg = |transports| RtspConfig {
        audio: Some("pcma".parse().expect("a kind of sound")),
        // Sides in steps of 8 pixels (RFC 2435, section 3.1.5).
        clip: ClipParams {
            height: 176,
            ..cameras::jpegs()
        },
        ..only(transports)
    };
    let cameras = [
        cameras::rtsp(jpeg(Transports::TCP)).await,
        cameras::rtsp(jpeg(Transports::UDP)).await,
    ];
    // Once with sound, which must not reach FFmpeg's muxer before the pictures do.
    let config = Config::of(&cameras[0]).with_sound().url(cameras[1].url());
    let host = Host::start(&config).await;
    let takes = record(&host, &cameras).await;
    let [heard, silent] = <[Take; 2]>::try_from(takes).expect("two were recorded");
    heard.with("h264", true).check().await;
    silent.check_encoded(&cameras[1]).await;
    host.end().await;
}
