//! Pain 9: a recorder that is killed leaves no index behind.

use std::time::Duration;

use padelvar_tests::cameras::{self, small_http};
use padelvar_tests::{Config, Host, clock, judge, machine, processes};
use rustix::process::Signal;
use simcam::RtspConfig;
use tokio::time::sleep;

/// What the contract allows to be lost, and half a second for a busy machine's FFmpeg.
const MAY_BE_LOST: f64 = 2.0 + 0.5;
/// The planned length, seconds: over when the host is back.
const PLANNED: f64 = 7.0;

#[tokio::test]
async fn pain_09_a_killed_recorder_leaves_a_file_that_plays() {
    let _shared = machine::shared().await;
    let cameras = [
        cameras::rtsp(RtspConfig::default()).await,
        cameras::http(small_http()).await,
    ];
    let mut host = Host::start(&Config::of(&cameras[0]).url(cameras[1].url())).await;
    let sessions = [host.api.create(1).await, host.api.create(2).await];
    for id in &sessions {
        host.api.try_start(id, PLANNED / 60.0).await.ok(200);
    }
    sleep(Duration::from_secs_f64(PLANNED - 1.5)).await;
    let mut started = Vec::new();
    for id in &sessions {
        started.push(clock::time(&host.api.recording(id).await["started_at"]));
    }
    // All at once, as a power cut does.
    let children = processes::below(host.pid());
    let killed = clock::now();
    host.kill().await;
    for child in &children {
        processes::signal(child.pid, Signal::KILL);
    }
    for (id, started) in sessions.iter().zip(&started) {
        // As it lies there: a player shows all of it but what FFmpeg had not given out.
        let part = host.video(id).with_extension("mp4.part");
        let shown = judge::decoded(&part).await;
        let length = clock::seconds(*started, killed);
        let last = shown.last().copied().unwrap_or_default();
        eprintln!("{last} of {length} s play");
        assert!(length - last < MAY_BE_LOST, "{last} of {length} s play");
        assert!(
            shown.len() as f64 > (length - MAY_BE_LOST) * 24.0,
            "{shown:?}"
        );
    }
    let over = PLANNED + 0.5 - clock::seconds(killed, clock::now());
    sleep(Duration::from_secs_f64(over.max(0.0))).await;
    let next = Host::start_in(host.folder()).await;
    for (id, started) in sessions.iter().zip(&started) {
        let there = || async { serde_json::json!(next.video(id).is_file()) };
        next.api.until(there, |there| there == true).await;
        let video = judge::final_file(&next.video(id)).await;
        let lost = clock::seconds(*started, killed) - video.duration;
        // What it was planned for may have been added as a gap.
        assert!(lost < MAY_BE_LOST, "{lost} s are lost");
    }
    next.end().await;
}
