//! Pain 2: FFmpeg that hangs, or cannot be started for a while.

use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use padelvar_tests::cameras::{self, small_http};
use padelvar_tests::processes::{self, Process};
use padelvar_tests::{Config, Host, Take, clock, machine, together};
use rustix::process::Signal;
use simcam::{ClipParams, RtspConfig};
use tokio::time::{Instant, sleep};

/// Within this time one that hangs is replaced, on a machine that is busy.
const REPLACED: Duration = Duration::from_secs(30);

/// The host's FFmpeg processes.
fn ffmpegs(host: &Host) -> Vec<Process> {
    let below = processes::below(host.pid()).into_iter();
    below.filter(|p| p.command.contains("ffmpeg")).collect()
}

/// Stops the processes: they ignore all but SIGKILL from then on.
fn hang(children: &[Process]) {
    assert_eq!(children.len(), 2, "{children:?}");
    for child in children {
        processes::signal(child.pid, Signal::STOP);
    }
}

#[tokio::test]
async fn pain_02_ffmpeg_that_hangs_is_replaced_also_at_the_end() {
    let _shared = machine::shared().await;
    // So little to write that it would fit into the pipe for a long time.
    let quiet = RtspConfig {
        clip: ClipParams {
            width: 320,
            height: 180,
            ..cameras::h264()
        },
        ..RtspConfig::default()
    };
    let (h264, jpegs) = (
        cameras::rtsp(quiet).await,
        cameras::http(small_http()).await,
    );
    let host = Host::start(&Config::of(&h264).url(jpegs.url())).await;
    let sessions = [host.api.create(1).await, host.api.create(2).await];
    let called = clock::now();
    for id in &sessions {
        host.api.start(id).await;
    }
    sleep(Duration::from_secs(3)).await;

    let (children, since) = (ffmpegs(&host), Instant::now());
    hang(&children);
    let left = processes::left_of(&children, REPLACED).await;
    assert!(left.is_empty(), "they hang and are not replaced: {left:?}");
    eprintln!("found after {:?}", since.elapsed());
    sleep(Duration::from_secs(3)).await;

    let (children, since) = (ffmpegs(&host), Instant::now());
    hang(&children);
    let takes = together(sessions.map(|id| Take::stop(&host, id, called))).await;
    eprintln!("stopped after {:?}", since.elapsed());
    assert!(since.elapsed() < REPLACED, "{:?}", since.elapsed());
    assert!(ffmpegs(&host).is_empty(), "{:?}", ffmpegs(&host));

    for take in &takes {
        eprintln!("{}", take.recording());
    }
    takes[0].check_copied(&h264).await;
    let video = takes[1].check().await;
    let recording = takes[1].recording();
    assert_eq!(recording["gaps"], serde_json::json!([]), "{recording}");
    let offsets = clock::offsets(&takes[1].file, &video, recording, &jpegs).await;
    eprintln!("encoded: {:.1?} ms late", offsets.range());
    // Pictures on their way at the end are replaced by the last one.
    offsets.between(0.0, video.duration - 0.2).within(60.0);
    // A fragment that is lost would be a second; a constant rate drops single pictures of a
    // camera that sends late.
    let jumps = offsets
        .numbers
        .windows(2)
        .filter(|n| n[1] > n[0] + 5 || n[1] < n[0]);
    assert_eq!(jumps.count(), 0, "{:?}", offsets.numbers);
    host.assert_only(&[&takes[0].file, &takes[1].file]);
    host.end().await;
}

#[tokio::test]
async fn pain_02_ffmpeg_that_is_broken_for_a_while_costs_nothing() {
    let _shared = machine::shared().await;
    let camera = cameras::rtsp(RtspConfig::default()).await;
    // As while it is replaced by a newer one.
    let folder = tempfile::TempDir::with_prefix("padelvar-ffmpeg-").expect("a folder can be made");
    let (program, broken) = (folder.path().join("ffmpeg"), folder.path().join("broken"));
    let script = format!("#!/bin/sh\n[ -e {broken:?} ] && exit 7\nexec ffmpeg \"$@\"\n");
    std::fs::write(&program, script).expect("a file can be written");
    let all = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(&program, all).expect("it can be made a program");
    let config = Config::of(&camera).video(&format!("ffmpeg_path = {program:?}"));
    let host = Host::start(&config).await;
    let id = host.api.create(1).await;
    let called = clock::now();
    host.api.start(&id).await;
    sleep(Duration::from_secs(3)).await;
    std::fs::write(&broken, "").expect("a file can be written");
    for child in ffmpegs(&host) {
        processes::signal(child.pid, Signal::KILL);
    }
    sleep(Duration::from_secs(6)).await;
    assert_eq!(host.api.recording(&id).await["status"], "recording");
    std::fs::remove_file(&broken).expect("it was there");
    // The tries are 4 s apart at most.
    sleep(Duration::from_secs(7)).await;
    let take = Take::stop(&host, id, called).await;
    take.check_copied(&camera).await;
    host.end().await;
}
