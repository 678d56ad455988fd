//! Pains 4 and 7: cameras whose clocks drift, go back, or stand still.

use std::time::Duration;

use padelvar_tests::clock::{self, Offsets};
use padelvar_tests::{Config, Host, Take, cameras, machine, together};
use simcam::{Fault, RtspConfig};
use tokio::time::{MissedTickBehavior, interval, sleep};

/// RTP's ticks a millisecond (RFC 6184 8.2.1).
const TICKS: i64 = 90;
/// How far a picture may be from its time, milliseconds: the promise of 100, and the picture's
/// own length.
const SLACK_MS: f64 = 100.0 + 40.0;

/// How far a clock may lead the host astray before it is not believed any more, milliseconds, and
/// when that is at the latest, seconds of the file.
const ASTRAY_MS: f64 = 1000.0 + SLACK_MS;
const FOUND_OUT: f64 = 8.0;

/// Records cameras, moving each one's clock by so many ticks again and again. No picture may be
/// missing; each one's times are returned.
async fn record(length: Duration, every: Duration, ticks: &[i64]) -> Vec<Offsets> {
    let cameras = together(ticks.iter().map(|_| cameras::rtsp(RtspConfig::default()))).await;
    let config = cameras
        .iter()
        .fold(Config::new(), |config, camera| config.url(camera.url()));
    let host = Host::start(&config).await;
    let takes = (1..)
        .zip(&cameras)
        .zip(ticks)
        .map(|((terrain, camera), &ticks)| {
            let host = &host;
            async move {
                let id = host.api.create(terrain).await;
                let called = clock::now();
                host.api.start(&id).await;
                let moving = async {
                    let mut timer = interval(every);
                    timer.set_missed_tick_behavior(MissedTickBehavior::Burst);
                    loop {
                        timer.tick().await;
                        camera.inject(Fault::TimestampJump(ticks));
                    }
                };
                tokio::select! {
                    () = moving => {}
                    () = sleep(length) => {}
                }
                Take::stop(host, id, called).await
            }
        });
    let takes = together(takes).await;
    let mut all = Vec::new();
    for (take, camera) in takes.iter().zip(&cameras) {
        let video = take.check_uneven().await;
        let recording = take.recording();
        let offsets = clock::offsets(&take.file, &video, recording, camera).await;
        eprintln!("{:.1?} ms late: {}", offsets.range(), recording["gaps"]);
        assert_eq!(recording["gaps"], serde_json::json!([]), "{recording}");
        offsets.consecutive();
        all.push(offsets);
    }
    let files: Vec<_> = takes.iter().map(|take| take.file.as_path()).collect();
    host.assert_only(&files);
    host.end().await;
    all
}

#[tokio::test]
async fn pain_04_a_camera_clock_that_drifts_by_a_hundredth_gives_one_file_of_the_right_length() {
    let _shared = machine::shared().await;
    let every = Duration::from_millis(100);
    // In this time the clocks are 240 ms off, which the file must not be.
    let length = Duration::from_secs(20);
    for offsets in record(length, every, &[TICKS, -TICKS]).await {
        offsets.within(SLACK_MS);
    }
}

#[tokio::test]
async fn pain_07_timestamps_that_go_back_or_stand_still_do_no_harm() {
    let _shared = machine::shared().await;
    let every = Duration::from_millis(200);
    // Standing still on the whole, running backwards, at a quarter of the rate, and too fast.
    let moved = [-200, -400, -150, 300];
    let ticks = moved.map(|ms| ms * TICKS);
    for offsets in record(Duration::from_secs(12), every, &ticks).await {
        offsets.within(ASTRAY_MS);
        offsets.between(FOUND_OUT, f64::INFINITY).within(SLACK_MS);
    }
}
