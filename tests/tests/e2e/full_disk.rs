//! A disk that fills up, cannot be written, or goes away while courts are recorded.

use std::sync::Arc;
use std::time::Duration;

use padelvar_tests::cameras::{self, small_http};
use padelvar_tests::events::Events;
use padelvar_tests::small_disk::SmallDisk;
use padelvar_tests::{Config, Host, Take, clock, judge, machine};
use reqwest::Method;
use serde_json::Value;
use simcam::{Handle, RtspConfig};
use tempfile::TempDir;
use tokio::time::{sleep, timeout};

/// What the contract allows to be lost, and half a second for a busy machine.
const MAY_BE_LOST: f64 = 2.0 + 0.5;
/// How long a recording may go on with room that was taken before the disk was full.
const ENDS: Duration = Duration::from_secs(90);

/// An H.264 and an MJPEG camera.
async fn both() -> [Handle; 2] {
    [
        cameras::rtsp(RtspConfig::default()).await,
        cameras::http(small_http()).await,
    ]
}

/// A folder for a host whose `static` is a small disk.
fn on_small_disk(config: &Config, kb: u64) -> Option<(Arc<TempDir>, SmallDisk)> {
    let folder = Host::folder_for(config);
    let disk = SmallDisk::mount(&folder.path().join("static"), kb)?;
    Some((folder, disk))
}

async fn until_over(host: &Host, id: &str) -> Value {
    let over = async {
        loop {
            let recording = host.api.recording(id).await;
            let status = recording["status"].as_str().unwrap_or_default();
            if matches!(status, "completed" | "failed") {
                return recording;
            }
            sleep(Duration::from_millis(100)).await;
        }
    };
    timeout(ENDS, over).await.expect("it ends by itself")
}

/// The disk fills up while two courts are recorded: both files are finished, whole and listed,
/// other sessions do not notice, and once there is room again so is everything else.
#[tokio::test]
async fn pain_10_a_disk_that_is_full_ends_recordings_well() {
    let _shared = machine::shared().await;
    let cameras = both().await;
    // The catalogue and FFmpeg's logs are on the full disk too.
    let config = Config::of(&cameras[0])
        .url(cameras[1].url())
        .url(cameras[0].url())
        .video("logs_dir = \"static/logs\"")
        .more("[catalogue]\nurl = \"sqlite://static/padelvar.db\"");
    let Some((folder, disk)) = on_small_disk(&config, 96 << 10) else {
        return;
    };
    let host = Host::start_in(folder).await;
    let news = host.api.open(Method::GET, "/api/video/events", &[]).await;
    let mut news = Events::of(news);
    let watched = host.api.create(3).await;
    let sessions = [host.api.create(1).await, host.api.create(2).await];
    for id in &sessions {
        // 4 Mbit/s are assumed until the rate was seen.
        host.api.try_start(id, 1).await.ok(200);
    }
    for id in &sessions {
        host.api.until_recording(id, "recording").await;
    }
    sleep(Duration::from_secs(4)).await;
    disk.fill(0);
    let filled = clock::now();
    for (id, camera) in sessions.iter().zip(&cameras) {
        let recording = until_over(&host, id).await;
        let seen = clock::now();
        eprintln!("{recording}");
        assert_eq!(recording["status"], "completed", "{recording}");
        let error = recording["error"].as_str().unwrap_or_default();
        assert!(error.contains("disk was full"), "{recording}");
        let file = host.video(id);
        let video = judge::final_file(&file).await;
        let started = clock::time(&recording["started_at"]);
        let until_filled = clock::seconds(started, filled);
        let until_seen = clock::seconds(started, seen);
        eprintln!(
            "{}: {:.2} s; the disk was full after {until_filled:.2} s, its end seen after {until_seen:.2} s",
            camera.url(),
            video.duration
        );
        // What was filmed before the disk was full is there, and nothing is made up.
        assert!(video.duration > until_filled - MAY_BE_LOST);
        assert!(video.duration < until_seen + 0.3);
        if camera.url().starts_with("rtsp") {
            let offsets = clock::offsets(&file, &video, &recording, camera).await;
            offsets.within(60.0);
        }
        let path = format!("/api/video/files/{id}/download");
        let downloaded = host.api.get(&path).await;
        assert_eq!(downloaded.status, 200, "{}", downloaded.text());
        let stopped = host.api.try_stop(id).await.ok(200);
        assert_eq!(stopped["recording"]["status"], "completed");
    }
    let told = news
        .until(Duration::from_secs(10), |event| {
            let error = event.data["error"].as_str().unwrap_or_default();
            event.kind == "recording" && error.contains("disk was full")
        })
        .await;
    assert!(!told.is_empty());
    // Who only watches is not disturbed, and no recording is begun that could not end.
    assert_eq!(host.api.session(&watched).await["camera"]["state"], "live");
    let snapshot = format!("/api/preview/{watched}/snapshot.jpg");
    assert_eq!(host.api.get(&snapshot).await.status, 200);
    let refused = host.api.try_start(&watched, 1).await;
    let refused = refused.refused(507, "no_disk");
    assert!(
        refused["needed_bytes"].as_u64() > Some(1_000_000),
        "{refused}"
    );
    assert!(
        refused["left_bytes"].as_u64() < Some(1_000_000),
        "{refused}"
    );

    // There is room again: everything goes on, and the catalogue catches up.
    disk.free();
    let id = host.api.create(1).await;
    let called = clock::now();
    host.api.try_start(&id, 1).await.ok(200);
    sleep(Duration::from_secs(2)).await;
    let take = Take::stop(&host, id, called).await;
    take.check_copied(&cameras[0]).await;
    let wanted = |files: &Value| files.as_array().is_some_and(|files| files.len() == 3);
    let listed = async || Value::Array(host.api.files("").await);
    host.api.until(listed, wanted).await;
    let folder = host.folder();
    host.end().await;
    let next = Host::start_in(folder).await;
    for id in &sessions {
        let recording = next.api.recording(id).await;
        assert_eq!(recording["status"], "completed", "{recording}");
        let error = recording["error"].as_str().unwrap_or_default();
        assert!(error.contains("disk was full"), "{recording}");
        assert_eq!(next.api.session(id).await["status"], "closed");
    }
    next.end().await;
}

/// What the metrics say.
async fn metric(host: &Host, name: &str) -> Option<f64> {
    let text = host.api.get("/metrics").await;
    let text = String::from_utf8_lossy(&text.bytes).into_owned();
    let mut values = text.lines().filter_map(|line| line.strip_prefix(name));
    values.next()?.trim().parse().ok()
}

async fn problems(host: &Host) -> Value {
    let health = host.api.get("/api/video/health").await.ok(200);
    let degraded = health["status"] == "degraded";
    assert_eq!(degraded, health["problems"] != serde_json::json!([]));
    health["problems"].clone()
}

#[tokio::test]
async fn a_disk_that_gets_full_is_told_and_stops_nothing() {
    let _shared = machine::shared().await;
    let camera = cameras::rtsp(RtspConfig::default()).await;
    let Some((folder, disk)) = on_small_disk(&Config::of(&camera), 128 << 10) else {
        return;
    };
    let least = [("PADELVAR_VIDEO__MIN_FREE_BYTES", "40000000")];
    let host = Host::start_with(folder, &least).await;
    let news = host.api.open(Method::GET, "/api/video/events", &[]).await;
    let mut news = Events::of(news);
    let id = host.api.create(1).await;
    let called = clock::now();
    host.api.try_start(&id, 1).await.ok(200);
    host.api.until_recording(&id, "recording").await;
    assert_eq!(problems(&host).await, serde_json::json!([]));
    assert_eq!(metric(&host, "padelvar_disk_low").await, Some(0.0));

    disk.fill(10 << 10);
    let patience = Duration::from_secs(20);
    let warned = news
        .until(patience, |event| event.data["warning"].is_string())
        .await;
    let warned = warned.last().expect("it was waited for");
    assert_eq!(
        (warned.kind.as_str(), &warned.data["status"]),
        ("recording", &"recording".into())
    );
    assert_eq!(warned.data["error"], Value::Null);
    let degraded = |problems: &Value| problems.to_string().contains("nearly full");
    host.api.until(|| problems(&host), degraded).await;
    assert_eq!(metric(&host, "padelvar_disk_low").await, Some(1.0));
    let free = metric(&host, "padelvar_disk_free_bytes").await;
    assert!(free < Some(40e6), "{free:?}");
    host.api.get("/readyz").await.refused(503, "not_ready");

    disk.free();
    news.until(patience, |event| {
        event.kind == "recording" && event.data["warning"].is_null()
    })
    .await;
    let well = |problems: &Value| *problems == serde_json::json!([]);
    host.api.until(|| problems(&host), well).await;
    assert_eq!(metric(&host, "padelvar_disk_low").await, Some(0.0));
    let take = Take::stop(&host, id, called).await;
    assert_eq!(take.recording()["warning"], Value::Null);
    take.check_copied(&camera).await;
    let told = host.log.text().matches("the disk is nearly full").count();
    assert_eq!(told, 1, "it is logged once");
    host.end().await;
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_is_told_at_the_start() {
    let _shared = machine::shared().await;
    let camera = cameras::rtsp(RtspConfig::default()).await;
    let Some((folder, disk)) = on_small_disk(&Config::of(&camera), 128 << 10) else {
        return;
    };
    let host = Host::start_in(folder).await;
    let id = host.api.create(1).await;
    disk.remount("ro");
    let refused = host.api.try_start(&id, 1).await.refused(507, "no_disk");
    assert!(
        refused.to_string().to_lowercase().contains("read-only"),
        "{refused}"
    );
    let told = |problems: &Value| problems.to_string().contains("nothing can be recorded");
    host.api.until(|| problems(&host), told).await;
    // The session goes on, and records once it can.
    disk.remount("rw");
    let called = clock::now();
    host.api.try_start(&id, 1).await.ok(200);
    sleep(Duration::from_secs(2)).await;
    Take::stop(&host, id, called)
        .await
        .check_copied(&camera)
        .await;
    host.end().await;
}

/// A club's folder vanishes while it is recorded into: that recording ends with an error that
/// says so, the other club's does not notice, and the next one begins well.
#[tokio::test]
async fn a_folder_that_vanishes_ends_its_own_recordings_only() {
    let _shared = machine::shared().await;
    let camera = cameras::rtsp(RtspConfig::default()).await;
    let config = Config::new().club(2).url(camera.url());
    let config = config.club(1).url(camera.url());
    let folder = Host::folder_for(&config);
    let own_disk = folder.path().join("static/videos/1");
    let Some(disk) = SmallDisk::mount(&own_disk, 128 << 10) else {
        return;
    };
    let mut host = Host::start_in(folder).await;
    let other = host.api.create(1).await;
    let called = clock::now();
    host.api.try_start(&other, 1).await.ok(200);

    let gone = async |host: &Host, id: &str| {
        let recording = until_over(host, id).await;
        assert_eq!(recording["status"], "failed", "{recording}");
        let error = recording["error"].as_str().unwrap_or_default();
        assert!(error.contains("not there any more"), "{recording}");
        let stopped = host.api.try_stop(id).await;
        let stopped = stopped.refused(500, "recording_failed");
        assert_eq!(stopped["recording"]["status"], "failed", "{stopped}");
    };
    let begin = async |host: &Host, terrain: u32| {
        let id = host.api.create(terrain).await;
        host.api.try_start(&id, 1).await.ok(200);
        host.api.until_recording(&id, "recording").await;
        sleep(Duration::from_secs(3)).await;
        id
    };
    // Its disk is pulled out.
    let unplugged = begin(&host, 2).await;
    disk.detach();
    gone(&host, &unplugged).await;
    // It is deleted with all that is in it.
    let deleted = begin(&host, 2).await;
    std::fs::remove_dir_all(host.videos()).expect("it is there");
    gone(&host, &deleted).await;
    // It is moved: what was recorded is whole, and found when it is back.
    let moved = begin(&host, 2).await;
    let (place, elsewhere) = (host.videos(), host.path("static/elsewhere"));
    std::fs::rename(&place, &elsewhere).expect("it can be moved");
    gone(&host, &moved).await;
    judge::final_file(&elsewhere.join(format!("{moved}.mp4.part"))).await;
    // The folder is made again when it is needed.
    let take = Take::stop(&host, begin(&host, 2).await, called).await;
    judge::final_file(&take.file).await;

    let recording = host.api.stop(&other).await["recording"].clone();
    let file = host.path(&format!("static/videos/2/{other}.mp4"));
    let video = judge::final_file(&file).await;
    let offsets = clock::offsets(&file, &video, &recording, &camera).await;
    offsets.within(60.0);
    offsets.consecutive();
    assert_eq!(recording["gaps"], serde_json::json!([]));

    host.terminate().await;
    let part = format!("{moved}.mp4.part");
    std::fs::rename(elsewhere.join(&part), place.join(&part)).expect("it can be moved");
    let next = Host::start_in(host.folder()).await;
    judge::final_file(&next.video(&moved)).await;
    let path = format!("/api/video/files/{moved}/download?club_id=1");
    assert_eq!(next.api.get(&path).await.status, 200);
    next.end().await;
}

/// A host starts on a disk that is full, tells what is there, and says why it cannot record;
/// an unfinished recording of the run before becomes a file.
#[tokio::test]
async fn pain_10_a_host_starts_on_a_full_disk() {
    let _shared = machine::shared().await;
    let camera = cameras::rtsp(RtspConfig::default()).await;
    let config = Config::of(&camera)
        .url(camera.url())
        .video("logs_dir = \"static/logs\"")
        .more("[catalogue]\nurl = \"sqlite://static/padelvar.db\"");
    let Some((folder, disk)) = on_small_disk(&config, 96 << 10) else {
        return;
    };
    let mut host = Host::start_in(folder).await;
    let finished = host.api.create(1).await;
    let called = clock::now();
    host.api.try_start(&finished, 1).await.ok(200);
    sleep(Duration::from_secs(2)).await;
    let take = Take::stop(&host, finished, called).await;
    // Its planned end is over when the next run finds it.
    let cut_off = host.api.create(2).await;
    host.api.try_start(&cut_off, 0.1).await.ok(200);
    host.api.until_recording(&cut_off, "recording").await;
    sleep(Duration::from_secs(3)).await;
    host.kill().await;
    sleep(Duration::from_secs(4)).await;
    disk.fill(0);

    // Room that the host keeps to be able to start is no room for recordings.
    let least = [("PADELVAR_VIDEO__MIN_FREE_BYTES", "5000000")];
    for run in 0..2 {
        let mut next = Host::start_with(host.folder(), &least).await;
        let files = next.api.files("").await;
        assert_eq!(files.len(), 2, "run {run}: {files:?}");
        judge::final_file(&next.video(&cut_off)).await;
        let path = format!("/api/video/files/{}/download", take.id);
        assert_eq!(next.api.get(&path).await.status, 200);
        let told = problems(&next).await.to_string();
        assert!(told.contains("nearly full"), "{told}");
        let watched = next.api.create(1).await;
        next.api
            .try_start(&watched, 1)
            .await
            .refused(507, "no_disk");
        if run == 0 {
            // Ended well, its catalogue is one closed file.
            let (status, _) = next.terminate().await;
            assert!(status.success(), "{status}");
            disk.fill(0);
        } else {
            disk.free();
            let called = clock::now();
            next.api.try_start(&watched, 1).await.ok(200);
            sleep(Duration::from_secs(2)).await;
            let take = Take::stop(&next, watched, called).await;
            take.check_copied(&camera).await;
            next.end().await;
        }
    }
}
