//! MJPEG and snapshot cameras, encoded at a constant rate.

use std::time::Duration;

use padelvar_tests::cameras::{self, ACCOUNT, account, small_http};
use padelvar_tests::{Config, Host, Take, judge, machine, together};
use simcam::{Boundary, Handle, HttpConfig, Scheme, Transfer};

const LENGTH: Duration = Duration::from_secs(5);

/// Records all cameras at the same time and judges every file.
async fn all_record(cameras: Vec<HttpConfig>) {
    let cameras = together(cameras.into_iter().map(cameras::http)).await;
    let lines = |camera: &Handle| {
        let (url, (user, password)) = (camera.url(), ACCOUNT);
        let tls = if url.starts_with("https") {
            "tls = \"off\""
        } else {
            ""
        };
        format!("url = {url:?}\nusername = {user:?}\npassword = {password:?}\n{tls}")
    };
    let config = cameras.iter().fold(Config::new(), |config, camera| {
        config.camera(&lines(camera))
    });
    let host = Host::start(&config).await;
    let takes = (1..)
        .zip(&cameras)
        .map(|(terrain, _)| Take::record(&host, terrain, LENGTH));
    let takes = together(takes).await;
    for (take, camera) in takes.iter().zip(&cameras) {
        let offsets = take.check_encoded(camera).await;
        eprintln!("{}: {:.1?} ms late", camera.url(), offsets.range());
        // No picture of the camera is missing or doubled beyond what the constant rate asks for.
        let jumps = offsets
            .numbers
            .windows(2)
            .filter(|pair| pair[1] > pair[0] + 2)
            .count();
        assert_eq!(jumps, 0, "{:?}", offsets.numbers);
    }
    host.end().await;
}

#[tokio::test]
async fn mjpeg_boundaries_and_transfers() {
    let _alone = machine::alone().await;
    let with = |boundary, content_length, transfer| HttpConfig {
        boundary,
        content_length,
        transfer,
        ..small_http()
    };
    all_record(vec![
        with(Boundary::plain(), true, Transfer::Close),
        with(Boundary::plain(), false, Transfer::Chunked),
        with(Boundary::dashes_in_header(), true, Transfer::Chunked),
        with(Boundary::quoted(), false, Transfer::Close),
    ])
    .await;
}

#[tokio::test]
async fn mjpeg_mistakes_accounts_and_tls() {
    let _alone = machine::alone().await;
    all_record(vec![
        HttpConfig {
            boundary: Boundary::differs(),
            content_length: false,
            auth: account(Scheme::DigestSha256),
            ..small_http()
        },
        HttpConfig {
            boundary: Boundary::no_dashes(),
            transfer: Transfer::Http10,
            auth: account(Scheme::DigestMd5),
            ..small_http()
        },
        HttpConfig {
            tls: true,
            auth: account(Scheme::Basic),
            ..small_http()
        },
    ])
    .await;
}

#[tokio::test]
async fn a_snapshot_camera_is_found_out_and_recorded() {
    let _shared = machine::shared().await;
    let camera = cameras::http(HttpConfig {
        auth: account(Scheme::DigestMd5),
        ..small_http()
    })
    .await;
    let url = camera.snapshot_url().expect("it has one");
    let host = Host::start(&Config::new().account(&url, ACCOUNT.0, ACCOUNT.1)).await;
    let take = Take::record(&host, 1, LENGTH).await;
    let session = host.api.session(&take.id).await;
    assert_eq!(session["adapter"], "snapshot", "{session}");
    assert_eq!(session["camera"]["codec"], "mjpeg", "{session}");
    let video = take.check().await;
    judge::constant_rate(&video, 25);
    assert_eq!(take.recording()["mode"], "encode");
    // It is asked a few times a second: between two answers the picture stands still.
    let offsets =
        padelvar_tests::clock::offsets(&take.file, &video, take.recording(), &camera).await;
    eprintln!("snapshots: {:.0?} ms late", offsets.range());
    offsets.within(1500.0);
    let mut different = offsets.numbers.clone();
    different.dedup();
    assert!(different.len() >= 4, "{different:?}");
    assert!(different.is_sorted(), "{different:?}");
    host.end().await;
}
