//! Adapters that are replaced while their cameras are recorded.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use padelvar_tests::clock;
use padelvar_tests::{Config, Host, Take, cameras, files, machine, together, versions};
use serde_json::json;
use simcam::{ClipParams, Fault, Handle, RtspConfig, StartAt};
use tempfile::TempDir;
use tokio::time::{Instant, sleep};

use crate::guests;

/// Bound of the wait for what a host does by itself.
const PATIENCE: Duration = Duration::from_secs(45);

/// A folder with these plugins and a configuration.
fn folder_with(config: &Config, plugins: &[(&str, Vec<u8>)]) -> Arc<TempDir> {
    let folder = Host::empty_folder();
    let dir = folder.path().join("plugins");
    fs::create_dir(&dir).expect("a folder can be made");
    fs::set_permissions(&dir, Permissions::from_mode(0o755)).expect("it is ours");
    for (name, wasm) in plugins {
        put(folder.path(), name, wasm);
    }
    let text = config.clone().more("[plugins]\ndir = \"plugins\"").text();
    files::write_private(&folder.path().join("padelvar.toml"), &text);
    folder
}

/// Puts a plugin there in one step.
fn put(folder: &Path, name: &str, wasm: &[u8]) {
    let file = folder.join("plugins").join(name).with_extension("wasm");
    let new = file.with_extension("new");
    fs::write(&new, wasm).expect("a file can be written");
    fs::set_permissions(&new, Permissions::from_mode(0o644)).expect("it is ours");
    fs::rename(&new, &file).expect("a file can be renamed");
}

/// How often the host's log says this.
fn said(host: &Host, what: &str) -> usize {
    host.log.text().matches(what).count()
}

/// Waits until the host's log says this so often.
async fn until_said(host: &Host, what: &str, times: usize) {
    let deadline = Instant::now() + PATIENCE;
    while said(host, what) < times {
        assert!(
            Instant::now() < deadline,
            "{times} times {what:?}:\n{}",
            host.log.text()
        );
        sleep(Duration::from_millis(50)).await;
    }
}

/// The line of a plugin that is in force.
async fn in_force(host: &Host, name: &str) -> String {
    let body = host.api.get("/api/plugins").await.ok(200);
    let lines = body["plugins"].as_array().expect("a list");
    let line = lines
        .iter()
        .find(|line| line["name"] == name && line["state"] == "loaded");
    line.map(|line| line["digest"].as_str().unwrap_or_default().to_owned())
        .unwrap_or_default()
}

const REPLACED: &str = "adapter replaced";

#[tokio::test]
async fn no_picture_is_lost_or_doubled() {
    // JPEGs have no time of their own: when they come is judged.
    let _alone = machine::alone().await;
    let with = |clip, start_at| RtspConfig {
        clip,
        start_at,
        ..RtspConfig::default()
    };
    let reordered = ClipParams {
        bframes: 2,
        ..cameras::h264()
    };
    let cameras = [
        cameras::rtsp(with(cameras::h264(), StartAt::NextFrame)).await,
        cameras::rtsp(with(cameras::h264(), StartAt::CachedGop)).await,
        cameras::rtsp(with(reordered, StartAt::NextKeyframe)).await,
        cameras::http(cameras::small_http()).await,
    ];
    let config = cameras
        .iter()
        .enumerate()
        .fold(Config::new(), |config, (at, camera)| {
            let adapter = if at == 3 { "stills" } else { "court" };
            config.camera(&format!("url = {:?}\nadapter = {adapter:?}", camera.url()))
        });
    let (rtsp, mjpeg) = (versions::built_in("rtsp"), versions::built_in("mjpeg"));
    let plugins = [("court", rtsp.clone()), ("stills", mjpeg.clone())];
    let host = Host::start_in(folder_with(&config, &plugins)).await;
    let ids = together((1..=4).map(|terrain| host.api.create(terrain as u32))).await;
    for id in &ids {
        host.api.until_camera(id, "live").await;
    }
    let mut start_calls = Vec::new();
    for id in &ids {
        start_calls.push(clock::now());
        host.api.start(id).await;
    }
    for swap in 1..=5 {
        sleep(Duration::from_millis(700)).await;
        put(
            host.folder().path(),
            "court",
            &versions::another(&rtsp, swap),
        );
        put(
            host.folder().path(),
            "stills",
            &versions::another(&mjpeg, swap),
        );
        until_said(&host, REPLACED, swap as usize * cameras.len()).await;
    }
    sleep(Duration::from_secs(1)).await;
    for ((id, camera), start_call) in ids.iter().zip(&cameras).zip(start_calls) {
        let take = Take::stop(&host, id.clone(), start_call).await;
        let recording = take.recording().clone();
        assert_eq!(recording["gaps"], json!([]), "{recording}");
        let offsets = if recording["mode"] == "encode" {
            // How late a JPEG is on a busy machine says nothing of the change.
            let video = take.check().await;
            let offsets = clock::offsets(&take.file, &video, &recording, camera).await;
            let mut pairs = offsets.numbers.windows(2);
            assert!(
                pairs.all(|pair| (pair[0]..=pair[0] + 2).contains(&pair[1])),
                "missing or doubled: {:?}",
                offsets.numbers
            );
            offsets
        } else if camera.clip().params().bframes == 0 {
            take.check_copied(camera).await
        } else {
            let video = take.check().await;
            let offsets = clock::offsets(&take.file, &video, &recording, camera).await;
            // What is shown before the last picture was still on its way.
            let offsets = offsets.between(0.0, video.duration - 0.3);
            offsets.consecutive();
            offsets.within(40.0);
            offsets
        };
        eprintln!("{}: {:.1?} ms late", camera.url(), offsets.range());
        let session = host.api.session(id).await;
        assert_eq!(session["camera"]["reconnects"], 0, "{session}");
    }
    host.end().await;
}

/// Records a camera for so long and changes its adapter's file meanwhile.
async fn record_with(
    host: &Host,
    camera: &Handle,
    wasm: &[u8],
    told: &str,
    more: Duration,
) -> Take {
    let id = host.api.create(1).await;
    host.api.until_camera(&id, "live").await;
    let start_call = clock::now();
    host.api.start(&id).await;
    sleep(Duration::from_secs(3)).await;
    put(host.folder().path(), "court", wasm);
    until_said(host, told, 1).await;
    sleep(more).await;
    assert!(camera.connected() <= 1, "{:?}", camera.connected());
    Take::stop(host, id, start_call).await
}

/// A camera with room for one client, and how many pictures may be missing.
async fn one_client(start_at: StartAt, missing: u64) {
    let config = RtspConfig {
        start_at,
        ..RtspConfig::default()
    };
    let camera = cameras::rtsp(config).await;
    camera.inject(Fault::MostClients(1));
    let config = Config::new().camera(&format!("url = {:?}\nadapter = \"court\"", camera.url()));
    let rtsp = versions::built_in("rtsp");
    let host = Host::start_in(folder_with(&config, &[("court", rtsp.clone())])).await;
    let other = versions::another(&rtsp, 1);
    let take = record_with(&host, &camera, &other, REPLACED, Duration::from_secs(2)).await;
    let video = take.check_uneven().await;
    let offsets = clock::offsets(&take.file, &video, take.recording(), &camera).await;
    let steps = offsets
        .numbers
        .windows(2)
        .map(|pair| pair[1].saturating_sub(pair[0]));
    let steps: Vec<u64> = steps.filter(|step| *step != 1).collect();
    assert!(
        steps.iter().all(|step| *step > 1),
        "doubled: {:?}",
        offsets.numbers
    );
    assert!(
        steps.iter().map(|step| step - 1).sum::<u64>() <= missing,
        "{steps:?}"
    );
    offsets.within(60.0);
    assert_eq!(host.api.session(&take.id).await["camera"]["reconnects"], 0);
    host.end().await;
}

#[tokio::test]
async fn a_camera_with_room_for_one_client() {
    let _shared = machine::shared().await;
    // A keyframe interval, and the time that connecting takes.
    one_client(StartAt::NextKeyframe, 25 + 5).await;
}

#[tokio::test]
async fn a_camera_with_room_for_one_client_that_keeps_its_last_group() {
    let _shared = machine::shared().await;
    one_client(StartAt::CachedGop, 0).await;
}

#[tokio::test]
async fn a_version_that_brings_no_picture_is_rolled_back() {
    let _shared = machine::shared().await;
    let camera = cameras::rtsp(RtspConfig::default()).await;
    let config = Config::new().camera(&format!("url = {:?}\nadapter = \"court\"", camera.url()));
    let rtsp = versions::built_in("rtsp");
    let host = Host::start_in(folder_with(&config, &[("court", rtsp.clone())])).await;
    let before = in_force(&host, "court").await;
    // It does nothing at all.
    let told = "plugin rolled back";
    let more = Duration::from_secs(3);
    let take = record_with(&host, &camera, &guests::hostile(), told, more).await;
    let video = take.check_uneven().await;
    let recording = take.recording();
    let gaps = recording["gaps"].as_array().expect("a list");
    assert_eq!(gaps.len(), 1, "{recording}");
    let seconds = gaps[0]["seconds"].as_f64().unwrap_or_default();
    assert!((9.0..16.0).contains(&seconds), "{recording}");
    let offsets = clock::offsets(&take.file, &video, recording, &camera).await;
    offsets.outside(&recording["gaps"]).within(60.0);
    assert_eq!(in_force(&host, "court").await, before);
    assert_eq!(host.api.session(&take.id).await["camera"]["state"], "live");
    host.end().await;
}

#[tokio::test]
async fn a_version_that_does_not_know_the_camera_any_more_costs_nothing() {
    let _shared = machine::shared().await;
    let camera = cameras::http(cameras::small_http()).await;
    let config = Config::new().camera(&format!("url = {:?}\nadapter = \"court\"", camera.url()));
    let mjpeg = versions::built_in("mjpeg");
    let host = Host::start_in(folder_with(&config, &[("court", mjpeg.clone())])).await;
    let before = in_force(&host, "court").await;
    let snapshot = versions::built_in("snapshot");
    let told = "plugin rolled back";
    let take = record_with(&host, &camera, &snapshot, told, Duration::from_secs(1)).await;
    take.check().await;
    assert_eq!(take.recording()["gaps"], json!([]));
    assert_eq!(in_force(&host, "court").await, before);
    host.end().await;
}

#[tokio::test]
async fn an_adapter_may_come_late_and_a_session_keeps_the_one_it_has() {
    let _shared = machine::shared().await;
    let camera = cameras::rtsp(RtspConfig::default()).await;
    let config = Config::new().camera(&format!("url = {:?}\nadapter = \"court\"", camera.url()));
    let host = Host::start_in(folder_with(&config, &[])).await;
    let body = host.api.try_create(1).await.ok(201);
    let session = &body["session"];
    let id = session["session_id"].as_str().expect("an id").to_owned();
    let error = session["camera"]["last_error"].as_str().unwrap_or_default();
    assert!(
        error.contains("no adapter of the name `court`"),
        "{session}"
    );
    put(host.folder().path(), "court", &versions::built_in("rtsp"));
    until_said(&host, "plugin in force plugin=\"court\"", 1).await;
    host.api.until_camera(&id, "live").await;
    fs::remove_file(host.path("plugins/court.wasm")).expect("it is there");
    let deadline = Instant::now() + PATIENCE;
    while !in_force(&host, "court").await.is_empty() {
        assert!(Instant::now() < deadline, "it is still in force");
        sleep(Duration::from_millis(100)).await;
    }
    let session = host.api.session(&id).await;
    assert_eq!(session["camera"]["state"], "live", "{session}");
    // Also when the connection is lost.
    camera.inject(Fault::Close);
    let again = || host.api.session(&id);
    let back = host
        .api
        .until(again, |session| session["camera"]["reconnects"] == 1);
    assert_eq!(back.await["camera"]["state"], "live");
    host.end().await;
}
