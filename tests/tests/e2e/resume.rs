//! The host ends in the middle of recordings, and the next one goes on with them.

use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use padelvar_tests::cameras::{self, small_http};
use padelvar_tests::{Config, Host, clock, files, judge, machine, processes};
use serde_json::Value;
use simcam::{Fault, Handle, RtspConfig};
use tokio::time::sleep;

/// What a death may cost before it: the contract's 2 s, and half a second for a busy machine's
/// FFmpeg.
const MAY_BE_LOST: f64 = 2.0 + 0.5;
/// From a host that is ready to a camera's first keyframe, with room for a busy machine.
const BACK_WITHIN: f64 = 6.0;

/// An H.264 and an MJPEG camera.
async fn both() -> [Handle; 2] {
    [
        cameras::rtsp(RtspConfig::default()).await,
        cameras::http(small_http()).await,
    ]
}

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

fn gaps(recording: &Value) -> Vec<(f64, f64, String)> {
    let gaps = recording["gaps"].as_array().expect("a list").iter();
    let number = |value: &Value| value.as_f64().expect("a number");
    gaps.map(|gap| {
        let cause = gap["cause"].as_str().expect("a cause").to_owned();
        (
            number(&gap["start_seconds"]),
            number(&gap["seconds"]),
            cause,
        )
    })
    .collect()
}

/// Waits until pictures come again: until there are more than the host found.
async fn goes_on(host: &Host, id: &str) -> Value {
    let found = host.api.recording(id).await["frames"].as_u64();
    let more = |recording: &Value| recording["frames"].as_u64() > found;
    host.api.until(|| host.api.recording(id), more).await
}

/// Judges a file in which one host or more followed the first.
async fn judged(file: &Path, recording: &Value, camera: &Handle) -> judge::Video {
    let video = judge::uneven_file(file).await;
    let offsets = clock::offsets(file, &video, recording, camera).await;
    offsets.outside(&recording["gaps"]).within(100.0);
    video
}

/// Restarts in the same folder; when it was ready.
async fn next(host: Host) -> (Host, Timestamp) {
    let folder = host.folder();
    drop(host);
    let next = Host::start_in(folder).await;
    (next, clock::now())
}

#[tokio::test]
async fn a_killed_host_goes_on_where_it_was() {
    // JPEGs have no time of their own: what the machine makes late is late in the file.
    let _alone = machine::alone().await;
    let cameras = both().await;
    let mut host = Host::start(&Config::of(&cameras[0]).url(cameras[1].url())).await;
    let sessions = start(&host).await;
    sleep(Duration::from_secs(5)).await;
    let mut before = Vec::new();
    for id in &sessions {
        before.push((host.api.session(id).await, host.api.recording(id).await));
    }
    let killed = clock::now();
    host.kill().await;
    let (host, ready) = next(host).await;
    for (id, (session, recording)) in sessions.iter().zip(&before) {
        let now = host.api.session(id).await;
        for key in ["session_id", "owner_id", "terrain_id", "created_at"] {
            assert_eq!(now[key], session[key], "{key}");
        }
        assert_eq!(now["status"], "active");
        let resumed = goes_on(&host, id).await;
        for key in ["started_at", "planned_seconds", "mode"] {
            assert_eq!(resumed[key], recording[key], "{key}");
        }
        assert_eq!(resumed["status"], "recording");
        // A repeated start answers with the recording that runs.
        assert_eq!(
            host.api.start(id).await["started_at"],
            recording["started_at"]
        );
        let busy = host.api.try_create(session["terrain_id"].clone()).await;
        assert_eq!(busy.status, 409, "{}", busy.text());
    }
    sleep(Duration::from_secs(4)).await;
    for (id, camera) in sessions.iter().zip(&cameras) {
        let stop_call = clock::now();
        let stopped = host.api.stop(id).await;
        let recording = &stopped["recording"];
        let started = clock::time(&recording["started_at"]);
        let video = judged(&host.video(id), recording, camera).await;
        let length = clock::seconds(started, stop_call);
        assert!(
            (video.duration - length).abs() < 0.5,
            "{} of {length}",
            video.duration
        );
        let [(from, seconds, cause)] = &gaps(recording)[..] else {
            panic!("one gap is expected: {recording}");
        };
        assert_eq!(cause, "host");
        let died = clock::seconds(started, killed);
        let back = clock::seconds(started, ready);
        eprintln!(
            "{}: {:.2} s before the death and {:.2} s after the start are missing",
            camera.url(),
            died - from,
            from + seconds - back
        );
        assert!(
            (-0.3..MAY_BE_LOST).contains(&(died - from)),
            "{died} {recording}"
        );
        assert!(from + seconds - back < BACK_WITHIN, "{back} {recording}");
        assert_eq!(host.api.session(id).await["status"], "closed");
    }
    host.assert_only(&[&host.video(&sessions[0]), &host.video(&sessions[1])]);
    host.end().await;
}

#[tokio::test]
async fn a_host_that_is_told_to_end_hands_over_and_files_can_be_played_meanwhile() {
    // JPEGs have no time of their own: what the machine makes late is late in the file.
    let _alone = machine::alone().await;
    let cameras = both().await;
    let mut host = Host::start(&Config::of(&cameras[0]).url(cameras[1].url())).await;
    let sessions = start(&host).await;
    let mut ended = Vec::new();
    for _ in 0..2 {
        sleep(Duration::from_secs(3)).await;
        let told = clock::now();
        let (status, _) = host.terminate().await;
        assert!(status.success(), "{status}:\n{}", host.log.text());
        ended.push(told);
        for id in &sessions {
            judge::uneven_file(&host.video(id)).await;
        }
        host.assert_only(&[&host.video(&sessions[0]), &host.video(&sessions[1])]);
        (host, _) = next(host).await;
        for id in &sessions {
            goes_on(&host, id).await;
        }
        assert!(
            host.api.files("limit=100").await.is_empty(),
            "none is finished"
        );
    }
    sleep(Duration::from_secs(2)).await;
    for (id, camera) in sessions.iter().zip(&cameras) {
        let stopped = host.api.stop(id).await;
        let recording = &stopped["recording"];
        let started = clock::time(&recording["started_at"]);
        judged(&host.video(id), recording, camera).await;
        let gaps = gaps(recording);
        assert_eq!(gaps.len(), 2, "{recording}");
        for ((from, _, cause), told) in gaps.iter().zip(&ended) {
            let lost = clock::seconds(started, *told) - from;
            assert_eq!(cause, "host");
            assert!(
                lost.abs() < 0.5,
                "{lost} s before the end are missing: {recording}"
            );
        }
    }
    assert_eq!(host.api.files("limit=100").await.len(), 2);
    host.end().await;
}

#[tokio::test]
async fn a_recording_that_waits_for_its_camera_waits_on() {
    let _shared = machine::shared().await;
    let camera = cameras::rtsp(RtspConfig::default()).await;
    camera.inject(Fault::Outage(Duration::from_mins(10)));
    let mut host = Host::start(&Config::of(&camera)).await;
    let body = host.api.try_create(1).await.ok(201);
    let id = body["session"]["session_id"]
        .as_str()
        .expect("an id")
        .to_owned();
    let before = host.api.start(&id).await;
    assert_eq!(before["status"], "starting");
    host.api
        .until(|| host.api.recording(&id), |r| r["status"] == "starting")
        .await;
    host.kill().await;
    let (host, _) = next(host).await;
    let waiting = host.api.recording(&id).await;
    assert_eq!(waiting["status"], "starting", "{waiting}");
    assert_eq!(waiting["started_at"], Value::Null);
    assert_eq!(waiting["planned_seconds"], before["planned_seconds"]);
    camera.inject(Fault::Outage(Duration::ZERO));
    host.api.until_recording(&id, "recording").await;
    sleep(Duration::from_secs(2)).await;
    let stopped = host.api.stop(&id).await;
    assert_eq!(stopped["recording"]["gaps"], serde_json::json!([]));
    judged(&host.video(&id), &stopped["recording"], &camera).await;
    host.end().await;
}

#[tokio::test]
async fn a_plan_that_is_over_is_repaired_and_does_not_go_on() {
    // JPEGs have no time of their own: what the machine makes late is late in the file.
    let _alone = machine::alone().await;
    let cameras = both().await;
    let mut host = Host::start(&Config::of(&cameras[0]).url(cameras[1].url())).await;
    let sessions = [host.api.create(1).await, host.api.create(2).await];
    for id in &sessions {
        host.api.try_start(id, 0.12).await.ok(200);
    }
    sleep(Duration::from_secs(4)).await;
    let children = processes::below(host.pid());
    assert_eq!(children.len(), 2, "{children:?}");
    host.kill().await;
    let left = processes::left_of(&children, Duration::from_secs(15)).await;
    assert!(left.is_empty(), "they outlive the host: {left:?}");
    sleep(Duration::from_secs(4)).await;
    let (host, _) = next(host).await;
    for (id, camera) in sessions.iter().zip(&cameras) {
        assert_eq!(host.api.session(id).await["status"], "closed");
        let recording = host.api.recording(id).await;
        assert_eq!(recording["status"], "completed", "{recording}");
        judged(&host.video(id), &recording, camera).await;
        let path = format!("/api/video/files/{id}/download");
        let downloaded = host.api.get(&path).await;
        assert_eq!(downloaded.status, 200, "{}", downloaded.text());
    }
    assert_eq!(host.api.files("limit=100").await.len(), 2);
    // The courts are free.
    host.api.create(1).await;
    host.end().await;
}

/// What a power cut leaves, as far as a copy can show it: each file as it was at another moment.
#[tokio::test]
async fn a_copy_of_the_folder_goes_on() {
    // JPEGs have no time of their own: what the machine makes late is late in the file.
    let _alone = machine::alone().await;
    let cameras = both().await;
    let host = Host::start(&Config::of(&cameras[0]).url(cameras[1].url())).await;
    let sessions = start(&host).await;
    for wait_ms in [3_300, 1_900] {
        sleep(Duration::from_millis(wait_ms)).await;
        let copied = clock::now();
        let folder = Host::empty_folder();
        files::copy(host.folder().path(), folder.path());
        let copy = Host::start_in(folder).await;
        for (id, camera) in sessions.iter().zip(&cameras) {
            goes_on(&copy, id).await;
            let stopped = copy.api.stop(id).await;
            let recording = &stopped["recording"];
            judged(&copy.video(id), recording, camera).await;
            let started = clock::time(&recording["started_at"]);
            let [(from, _, cause)] = &gaps(recording)[..] else {
                panic!("one gap is expected: {recording}");
            };
            let lost = clock::seconds(started, copied) - from;
            assert_eq!(cause, "host");
            assert!((-0.3..MAY_BE_LOST).contains(&lost), "{lost} s: {recording}");
        }
        copy.end().await;
    }
    for id in &sessions {
        assert_eq!(
            host.api.stop(id).await["recording"]["gaps"],
            serde_json::json!([])
        );
    }
    host.end().await;
}
