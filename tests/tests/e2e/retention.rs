//! Files beyond `keep_bytes` and `keep_days` go, oldest first, and no others.

use std::collections::BTreeSet;
use std::fs::File;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use padelvar_tests::cameras;
use padelvar_tests::{Config, Host, footage, machine};
use serde_json::Value;
use simcam::RtspConfig;
use tokio::time::sleep;

const DAY: Duration = Duration::from_hours(24);

/// A host that finds files of 60, 59, … days; they lie in the order of their age.
async fn stocked(config: &Config, count: u64) -> (Host, Vec<PathBuf>) {
    let folder = Host::folder_for(config);
    let sample = folder.path().join("sample.mp4");
    footage::write(&sample, 2).await;
    let mut files = Vec::new();
    for number in 0..count {
        let then = SystemTime::now() - DAY * (60 - number as u32);
        let unix = then.duration_since(SystemTime::UNIX_EPOCH);
        let unix_ms = unix.expect("it is after 1970").as_millis() as u64;
        let file = footage::place(folder.path(), 1 + number as u32 % 2, 1, unix_ms);
        std::fs::copy(&sample, &file).expect("it can be copied");
        let opened = File::options()
            .write(true)
            .open(&file)
            .expect("it is there");
        opened.set_modified(then).expect("its time can be set");
        files.push(file);
    }
    (Host::start_in(folder).await, files)
}

fn id(file: &Path) -> String {
    let stem = file.file_stem().expect("a name");
    stem.to_string_lossy().into_owned()
}

async fn listed(host: &Host) -> BTreeSet<String> {
    let files = host.api.files("limit=100").await;
    let ids = files.iter().filter_map(|file| file["id"].as_str());
    ids.map(str::to_owned).collect()
}

async fn until_listed(host: &Host, wanted: &BTreeSet<String>) {
    let ask = async || serde_json::json!(listed(host).await);
    let wanted = serde_json::json!(wanted);
    host.api.until(ask, |found: &Value| *found == wanted).await;
}

fn ids<'a>(files: impl IntoIterator<Item = &'a PathBuf>) -> BTreeSet<String> {
    files.into_iter().map(|file| id(file)).collect()
}

#[tokio::test]
async fn the_oldest_go_when_there_are_too_many_bytes() {
    let _shared = machine::shared().await;
    let camera = cameras::rtsp(RtspConfig::default()).await;
    let config = Config::of(&camera).club(2).url(camera.url());
    let (host, files) = stocked(&config, 6).await;
    assert_eq!(
        listed(&host).await,
        ids(&files),
        "nothing is deleted unless told"
    );
    // One is kept by an admin, one is somebody's download, one is being recorded.
    let read_only = std::fs::Permissions::from_mode(0o444);
    std::fs::set_permissions(&files[0], read_only).expect("its mode can be set");
    let path = format!("/api/video/files/{}/download", id(&files[1]));
    assert_eq!(host.api.get(&path).await.status, 200);
    let session = host.api.create(1).await;
    host.api.start(&session).await;
    host.api.until_recording(&session, "recording").await;

    // Room for three and a half.
    let size = std::fs::metadata(&files[0]).expect("it is there").len();
    let most = size * 7 / 2;
    let limited = config.clone().video(&format!("keep_bytes = {most}"));
    host.configure(&limited.text());
    let left = ids([&files[0], &files[1], &files[5]]);
    until_listed(&host, &left).await;
    for file in &files[2..5] {
        assert!(!file.exists(), "{}", file.display());
    }
    // The recording counts once it is finished: its file stays, an older one goes.
    sleep(Duration::from_secs(2)).await;
    host.api.stop(&session).await;
    let left = BTreeSet::from([id(&files[0]), id(&files[1]), session.clone()]);
    until_listed(&host, &left).await;
    assert!(host.video(&session).is_file());
    let metrics = host.api.get("/metrics").await;
    let metrics = String::from_utf8_lossy(&metrics.bytes).into_owned();
    let counted = "padelvar_files_expired_total{cause=\"size\"} 4";
    assert!(metrics.contains(counted), "{metrics}");
    let log = host.log.text();
    assert_eq!(log.matches("a file is kept no longer").count(), 4);
    host.end().await;
}

#[tokio::test]
async fn what_is_too_old_goes_at_a_pace() {
    let _shared = machine::shared().await;
    let config = Config::new()
        .url("rtsp://127.0.0.1:1/none")
        .club(2)
        .url("rtsp://127.0.0.1:1/none")
        .video("keep_days = 57.5");
    let (host, files) = stocked(&config, 6).await;
    // Three are older. A small library loses one an hour.
    let left = ids(&files[1..]);
    until_listed(&host, &left).await;
    sleep(Duration::from_secs(2)).await;
    assert_eq!(listed(&host).await, left);
    let told = host.log.text();
    assert!(told.contains("is the clock right?") && told.contains("waiting=2"));
    // Not the old ones that are left, but by size.
    let size = std::fs::metadata(&files[5]).expect("it is there").len();
    let config = config.video(&format!("keep_bytes = {}", size * 3));
    host.configure(&config.text());
    until_listed(&host, &ids(&files[3..])).await;
    host.end().await;
}
