//! Ten recordings at once.

use std::time::Duration;

use padelvar_tests::cameras::{self, ACCOUNT, account};
use padelvar_tests::{Config, Host, Take, machine, together};
use simcam::{RtspConfig, Scheme};

const LENGTH: Duration = Duration::from_secs(8);

#[tokio::test]
async fn ten_h264_cameras_all_correct() {
    let _alone = machine::alone().await;
    let cameras = together((0..10).map(|_| {
        cameras::rtsp(RtspConfig {
            auth: account(Scheme::DigestMd5),
            clip: cameras::h264(),
            ..RtspConfig::default()
        })
    }))
    .await;
    let config = cameras.iter().fold(Config::new(), |config, camera| {
        config.account(camera.url(), ACCOUNT.0, ACCOUNT.1)
    });
    let host = Host::start(&config).await;
    let takes = together((1..=10).map(|terrain| Take::record(&host, terrain, LENGTH))).await;
    for (take, camera) in takes.iter().zip(&cameras) {
        take.check_copied(camera).await;
    }
    let files: Vec<_> = takes.iter().map(|take| take.file.as_path()).collect();
    host.assert_only(&files);
    host.end().await;
}

#[tokio::test]
async fn one_more_than_allowed_is_refused() {
    let _shared = machine::shared().await;
    let camera = cameras::rtsp(RtspConfig::default()).await;
    let config = Config::of(&camera)
        .url(camera.url())
        .video("max_concurrent_recordings = 1");
    let host = Host::start(&config).await;
    let (first, second) = (host.api.create(1).await, host.api.create(2).await);
    host.api.start(&first).await;
    host.api
        .try_start(&second, 1)
        .await
        .refused(503, "too_many_recordings");
    host.api.stop(&first).await;
    host.api.start(&second).await;
    host.api.until_recording(&second, "recording").await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    host.api.stop(&second).await;
    host.end().await;
}
