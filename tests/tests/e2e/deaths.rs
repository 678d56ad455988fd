//! FFmpeg dies, the host is told to end.

use std::time::Duration;

use padelvar_tests::cameras::{self, small_http};
use padelvar_tests::processes::{self, Process};
use padelvar_tests::{Config, Host, Take, clock, judge, machine, together};
use reqwest::Response;
use rustix::process::Signal;
use simcam::{Handle, RtspConfig};
use tokio::time::sleep;

/// What the contract gives a host that is told to end.
const END: Duration = Duration::from_secs(15);

/// An H.264 and an MJPEG camera.
async fn both() -> [Handle; 2] {
    [
        cameras::rtsp(RtspConfig::default()).await,
        cameras::http(small_http()).await,
    ]
}

fn config(cameras: &[Handle; 2]) -> Config {
    Config::of(&cameras[0]).url(cameras[1].url())
}

/// The host's FFmpeg processes.
fn ffmpegs(host: &Host) -> Vec<Process> {
    let below = processes::below(host.pid()).into_iter();
    below.filter(|p| p.command.contains("ffmpeg")).collect()
}

/// Starts recording both; the sessions.
async fn start(host: &Host) -> [String; 2] {
    let sessions = [host.api.create(1).await, host.api.create(2).await];
    for id in &sessions {
        host.api.start(id).await;
    }
    for id in &sessions {
        host.api.until_recording(id, "recording").await;
    }
    sessions
}

#[tokio::test]
async fn ffmpeg_dies_twice_and_nothing_is_missing() {
    // JPEGs have no time of their own: what the machine makes late is late in the file.
    let _alone = machine::alone().await;
    let cameras = both().await;
    let host = Host::start(&config(&cameras)).await;
    let sessions = [host.api.create(1).await, host.api.create(2).await];
    let called = clock::now();
    for id in &sessions {
        host.api.start(id).await;
    }
    for _ in 0..2 {
        sleep(Duration::from_secs(3)).await;
        let children = ffmpegs(&host);
        assert_eq!(children.len(), 2, "{children:?}");
        for child in &children {
            processes::signal(child.pid, Signal::KILL);
        }
        let left = processes::left_of(&children, Duration::from_secs(5)).await;
        assert!(left.is_empty(), "{left:?}");
    }
    sleep(Duration::from_secs(3)).await;
    let stopping = sessions.map(|id| Take::stop(&host, id, called));
    let takes = together(stopping).await;
    for take in &takes {
        eprintln!("{}", take.recording());
    }
    takes[0].check_copied(&cameras[0]).await;
    let video = takes[1].check().await;
    let recording = takes[1].recording();
    let offsets = clock::offsets(&takes[1].file, &video, recording, &cameras[1]).await;
    eprintln!("encoded: {:.1?} ms late", offsets.range());
    // Pictures on their way at the end are replaced by the last one.
    offsets.between(0.0, video.duration - 0.2).within(60.0);
    let jumps = offsets
        .numbers
        .windows(2)
        .filter(|n| n[1] > n[0] + 2 || n[1] < n[0]);
    assert_eq!(jumps.count(), 0, "{:?}", offsets.numbers);
    host.assert_only(&[&takes[0].file, &takes[1].file]);
    host.end().await;
}

#[tokio::test]
async fn pictures_that_wait_for_ffmpeg_at_the_end_are_written() {
    // JPEGs have no time of their own: what the machine makes late is late in the file.
    let _alone = machine::alone().await;
    let cameras = both().await;
    let host = Host::start(&config(&cameras)).await;
    let sessions = [host.api.create(1).await, host.api.create(2).await];
    let called = clock::now();
    for id in &sessions {
        host.api.start(id).await;
    }
    sleep(Duration::from_secs(3)).await;
    // As on a machine on which FFmpeg gets no time for a while.
    let children = ffmpegs(&host);
    for child in &children {
        processes::signal(child.pid, Signal::STOP);
    }
    sleep(Duration::from_secs(2)).await;
    let go_on = async {
        sleep(Duration::from_millis(700)).await;
        for child in &children {
            processes::signal(child.pid, Signal::CONT);
        }
    };
    let stopping = together(sessions.map(|id| Take::stop(&host, id, called)));
    let (takes, ()) = tokio::join!(stopping, go_on);
    for take in &takes {
        eprintln!("{}", take.recording());
    }
    takes[0].check_copied(&cameras[0]).await;
    let offsets = takes[1].check_encoded(&cameras[1]).await;
    let jumps = offsets.numbers.windows(2).filter(|n| n[1] > n[0] + 2);
    assert_eq!(jumps.count(), 0, "{:?}", offsets.numbers);
    host.end().await;
}

async fn watch(host: &Host, url: &str) -> Response {
    let url = match url.strip_prefix('/') {
        Some(path) => format!("{}/{path}", host.api.base),
        None => url.to_owned(),
    };
    let answer = host.api.client.get(url).send().await.expect("it answers");
    assert_eq!(answer.status(), 200);
    answer
}

#[tokio::test]
async fn a_host_that_is_told_to_end_finishes_its_files() {
    let _shared = machine::shared().await;
    let cameras = both().await;
    let mut host = Host::start(&config(&cameras)).await;
    let sessions = start(&host).await;
    // Open answers must not hold it up, read or not.
    let mut watching = Vec::new();
    for id in &sessions {
        let session = host.api.session(id).await;
        for url in [&session["preview"]["mjpeg_url"], &session["proxy_url"]] {
            watching.push(watch(&host, url.as_str().expect("a URL")).await);
        }
    }
    sleep(Duration::from_secs(3)).await;
    let mut before = Vec::new();
    for id in &sessions {
        before.push(host.api.recording(id).await);
    }
    let children = ffmpegs(&host);
    assert_eq!(children.len(), 3, "two recordings, a preview: {children:?}");
    let told = clock::now();
    let (status, took) = host.terminate().await;
    eprintln!("it ended after {took:?}");
    assert!(status.success(), "{status}:\n{}", host.log.text());
    assert!(took < END, "{took:?}");
    let left = processes::left_of(&children, Duration::ZERO).await;
    assert!(left.is_empty(), "{left:?}");
    let files = sessions.clone().map(|id| host.video(&id));
    host.assert_only(&[&files[0], &files[1]]);
    for (file, recording) in files.iter().zip(&before) {
        let video = judge::final_file(file).await;
        let expected = clock::seconds(clock::time(&recording["started_at"]), told);
        let off = video.duration - expected;
        assert!(off.abs() <= 0.5, "{} of {expected}", video.duration);
    }
    drop(watching);
}
