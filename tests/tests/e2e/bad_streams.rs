//! Streams that are odd or go wrong: B-frames, damage, other settings in mid-stream, clocks.

use std::time::Duration;

use padelvar_tests::processes::{self, Process};
use padelvar_tests::{Config, Host, Take, cameras, clock, machine};
use rustix::process::Signal;
use simcam::{ClipParams, RtspConfig};
use tokio::time::sleep;

/// A camera with two B-frames between others.
fn reordering() -> RtspConfig {
    RtspConfig {
        clip: ClipParams {
            bframes: 2,
            ..cameras::h264()
        },
        ..RtspConfig::default()
    }
}

/// The host's FFmpeg processes.
fn ffmpegs(host: &Host) -> Vec<Process> {
    let below = processes::below(host.pid()).into_iter();
    below.filter(|p| p.command.contains("ffmpeg")).collect()
}

/// A recording in whose middle FFmpeg is killed.
async fn with_a_death(host: &Host, terrain: u32) -> Take {
    let id = host.api.create(terrain).await;
    let called = clock::now();
    host.api.start(&id).await;
    sleep(Duration::from_millis(4300)).await;
    for child in ffmpegs(host) {
        processes::signal(child.pid, Signal::KILL);
    }
    sleep(Duration::from_millis(4300)).await;
    Take::stop(host, id, called).await
}

#[tokio::test]
async fn b_frames_are_copied_in_their_order() {
    let _shared = machine::shared().await;
    let camera = cameras::rtsp(reordering()).await;
    let host = Host::start(&Config::of(&camera)).await;
    let take = with_a_death(&host, 1).await;
    let offsets = take.check_copied(&camera).await;
    eprintln!("{:.1?} ms late", offsets.range());
    host.end().await;
}

#[tokio::test]
async fn b_frames_are_encoded_in_their_order() {
    let _shared = machine::shared().await;
    let camera = cameras::rtsp(reordering()).await;
    let config = Config::of(&camera).video("encode = \"always\"");
    let host = Host::start(&config).await;
    let take = with_a_death(&host, 1).await;
    let offsets = take.check_encoded(&camera).await;
    eprintln!("{:.1?} ms late", offsets.range());
    let back = offsets
        .numbers
        .windows(2)
        .filter(|n| n[1] < n[0] || n[1] > n[0] + 2);
    assert_eq!(back.count(), 0, "{:?}", offsets.numbers);
    host.end().await;
}
