//! RTSP cameras of many makes at one host.

use std::time::Duration;

use padelvar_tests::cameras::{self, ACCOUNT, account};
use padelvar_tests::{Config, Host, Take, machine, together};
use simcam::{Auth, Handle, Packetization, ParameterSets, RtspConfig, Scheme, StartAt};

const LENGTH: Duration = Duration::from_secs(5);

/// Records all cameras (terrains 1 and up) at the same time and judges every file.
async fn all_record(host: &Host, cameras: &[(&str, Handle)]) {
    let takes = (1..)
        .zip(cameras)
        .map(|(terrain, (name, camera))| async move {
            let take = Take::record(host, terrain, LENGTH).await;
            (*name, take, camera)
        });
    let takes = together(takes).await;
    for (name, take, camera) in &takes {
        eprintln!("judging {name}");
        let offsets = take.check_copied(camera).await;
        eprintln!("{name}: {:.1?} ms late", offsets.range());
    }
    let files: Vec<_> = takes
        .iter()
        .map(|(_, take, _)| take.file.as_path())
        .collect();
    host.assert_only(&files);
}

#[tokio::test]
async fn every_log_in_and_every_packetization() {
    let _shared = machine::shared().await;
    let with = |auth| RtspConfig {
        auth,
        clip: cameras::h264(),
        ..RtspConfig::default()
    };
    let stale = Auth {
        nonce_uses: Some(2),
        ..Auth::new(Scheme::DigestMd5, ACCOUNT.0, ACCOUNT.1)
    };
    let both = Auth {
        schemes: vec![Scheme::Basic, Scheme::DigestMd5, Scheme::DigestSha256],
        qop: true,
        ..Auth::new(Scheme::Basic, ACCOUNT.0, ACCOUNT.1)
    };
    let single = RtspConfig {
        packetization: Packetization::SingleNal,
        parameter_sets: ParameterSets::Sdp,
        ..with(account(Scheme::DigestMd5))
    };
    let stap = RtspConfig {
        packetization: Packetization::NonInterleaved { stap_a: true },
        parameter_sets: ParameterSets::InBand,
        start_at: StartAt::NextKeyframe,
        get_parameter: false,
        session_timeout: Duration::from_secs(4),
        ..with(account(Scheme::DigestSha256))
    };
    let cached = RtspConfig {
        start_at: StartAt::CachedGop,
        rtp_timestamp: Some(RtspConfig::near_wrap(3)),
        ..with(account(Scheme::Basic))
    };
    let cameras = [
        ("mode 0, SDP only, Digest MD5", cameras::rtsp(single).await),
        (
            "STAP-A, in-band, SHA-256, short timeout",
            cameras::rtsp(stap).await,
        ),
        ("cached group, wrap, Basic", cameras::rtsp(cached).await),
        ("stale nonces", cameras::rtsp(with(Some(stale))).await),
        ("all schemes", cameras::rtsp(with(Some(both))).await),
        ("no account", cameras::rtsp(with(None)).await),
    ];
    let config = cameras.iter().fold(Config::new(), |config, (_, camera)| {
        config.account(camera.url(), ACCOUNT.0, ACCOUNT.1)
    });
    let host = Host::start(&config).await;
    all_record(&host, &cameras).await;
    host.end().await;
}

#[tokio::test]
async fn tls_is_pinned_off_or_verified() {
    let _shared = machine::shared().await;
    let config = || RtspConfig {
        tls: true,
        auth: account(Scheme::DigestMd5),
        clip: cameras::h264(),
        ..RtspConfig::default()
    };
    let cameras = [
        ("pinned", cameras::rtsp(config()).await),
        ("off", cameras::rtsp(config()).await),
    ];
    let digest = |camera: &Handle| camera.certificate_sha256().map(str::to_owned).expect("TLS");
    let (right, wrong) = (digest(&cameras[0].1), digest(&cameras[1].1));
    let url = cameras[0].1.url();
    assert!(url.starts_with("rtsps://"));
    let lines = |url: &str, tls: &str| {
        format!("url = {url:?}\nusername = \"admin\"\npassword = \"court\"\ntls = {tls:?}")
    };
    let config = Config::new()
        .camera(&lines(url, &format!("pin:{right}")))
        .camera(&lines(cameras[1].1.url(), "off"))
        .camera(&lines(url, "verify"))
        .camera(&lines(url, &format!("pin:{wrong}")));
    let host = Host::start(&config).await;
    for terrain in [3, 4] {
        let body = host.api.try_create(terrain).await.ok(201);
        let camera = &body["session"]["camera"];
        assert_eq!(camera["state"], "connecting", "{body}");
        let reason = camera["last_error"].as_str().unwrap_or_default();
        assert!(reason.to_lowercase().contains("certificate"), "{body}");
    }
    // Nothing was asked, and so nothing told, on a connection that is not trusted.
    assert!(
        cameras[0]
            .1
            .sent()
            .iter()
            .all(|client| client.requests.is_empty())
    );
    all_record(&host, &cameras).await;
    host.end().await;
}
