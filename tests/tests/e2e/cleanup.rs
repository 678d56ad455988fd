//! What nobody uses is ended, what is no recording is removed, and nothing else.

use std::time::Duration;

use padelvar_tests::{Api, Config, Host, cameras, footage, machine};
use reqwest::Method;
use serde_json::{Value, json};
use simcam::RtspConfig;
use tokio::time::{Instant, sleep};

/// The host's `session_idle_minutes` in these tests: far more than a busy machine needs for
/// the calls that keep a session open.
const IDLE: Duration = Duration::from_secs(12);
const IDLE_LINE: &str = "session_idle_minutes = 0.2";
/// So often is each of them used.
const USED: Duration = Duration::from_millis(750);
/// By then it looks by itself.
const BY_ITSELF: Duration = Duration::from_secs(100);

async fn cleanup(api: &Api) -> Value {
    let cleaned = api.post("/api/video/cleanup", json!({})).await.ok(200);
    for list in ["sessions", "feeds", "files"] {
        assert!(cleaned[list].is_array(), "{cleaned}");
    }
    cleaned
}

/// States of all sessions, asked for without a call on any of them.
async fn status(api: &Api, id: &str) -> String {
    let listed = api.get("/api/video/session/list?status=all").await.ok(200);
    let sessions = listed["sessions"].as_array().expect("a list");
    let session = sessions.iter().find(|s| s["session_id"] == id);
    let session = session.unwrap_or_else(|| panic!("{id} is not in {listed}"));
    session["status"].as_str().expect("text").to_owned()
}

#[tokio::test]
async fn idle_sessions_and_no_others() {
    let _shared = machine::shared().await;
    let camera = cameras::rtsp(RtspConfig::default()).await;
    let config = (0..5).fold(Config::new(), |config, _| config.url(camera.url()));
    let host = Host::start(&config.video(IDLE_LINE)).await;
    let api = &host.api;
    let mut ids = Vec::new();
    for terrain in 1..=5 {
        ids.push(api.create(terrain).await);
    }
    let [idle, watched, recorded, fed, called] = &ids[..] else {
        panic!("there are five");
    };
    let mut stream = api
        .open(
            Method::GET,
            &format!("/api/preview/{watched}/stream.mjpeg"),
            &[],
        )
        .await;
    api.start(recorded).await;
    let link = api.session(fed).await["proxy_url"]
        .as_str()
        .expect("a link")
        .to_owned();
    let mut feed = api.client.get(&link).send().await.expect("it answers");
    let began = Instant::now();
    let mut cleaned = Vec::new();
    while began.elapsed() < IDLE * 2 {
        sleep(USED).await;
        assert!(stream.chunk().await.expect("it goes on").is_some());
        assert!(feed.chunk().await.expect("it goes on").is_some());
        api.session(called).await;
        cleaned.push(cleanup(api).await);
    }
    assert_eq!(status(api, idle).await, "closed", "{cleaned:#?}");
    for (id, why) in [
        (watched, "watched"),
        (recorded, "recorded"),
        (fed, "fed"),
        (called, "called"),
    ] {
        assert_eq!(status(api, id).await, "active", "it is {why}: {cleaned:#?}");
    }
    let told: Vec<&Value> = cleaned
        .iter()
        .filter_map(|c| c["sessions"].as_array())
        .flatten()
        .collect();
    // It may have been ended before anybody asked.
    assert!(
        told.iter().all(|id| **id == idle.as_str()) && told.len() <= 1,
        "{told:?}"
    );
    assert_eq!(api.recording(recorded).await["status"], "recording");
    api.stop(recorded).await;

    // Nobody watches any more, and nobody asks for it.
    drop((stream, feed));
    let since = Instant::now();
    for id in [watched, fed, called] {
        while status(api, id).await != "closed" {
            assert!(since.elapsed() < BY_ITSELF, "{id} stays open");
            sleep(Duration::from_secs(1)).await;
        }
    }
    eprintln!("closed by itself after {:?}", since.elapsed());
    // Its court can be booked again.
    api.create(1).await;
    host.end().await;
}

#[tokio::test]
async fn files_that_are_no_recordings() {
    let _shared = machine::shared().await;
    let camera = cameras::rtsp(RtspConfig::default()).await;
    let host = Host::start(&Config::of(&camera)).await;
    let folder = host.folder();
    let at = |ms| footage::place(folder.path(), 1, 1, ms);
    let (good, tiny, empty, hollow) = (at(1000), at(2000), at(3000), at(4000));
    footage::write(&good, 1).await;
    std::fs::write(&tiny, [0; 900]).expect("it can be written");
    std::fs::write(&empty, []).expect("it can be written");
    // A box of the right kind around nothing.
    let mut bytes = vec![0; 4000];
    bytes[..8].copy_from_slice(b"\x00\x00\x0f\xa0ftyp");
    std::fs::write(&hollow, bytes).expect("it can be written");
    let other = good.with_file_name("notes.txt");
    std::fs::write(&other, "mine").expect("it can be written");
    let id = host.api.create(1).await;
    host.api.start(&id).await;
    host.api.until_recording(&id, "recording").await;
    let part = host.video(&id).with_extension("mp4.part");

    let cleaned = cleanup(&host.api).await;
    let mut files: Vec<&str> = cleaned["files"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(Value::as_str)
        .collect();
    files.sort_unstable();
    assert_eq!(
        files,
        ["sess_1_2000", "sess_1_3000", "sess_1_4000"],
        "{cleaned}"
    );
    host.assert_only(&[&good, &other, &part]);
    assert_eq!(cleanup(&host.api).await["files"], json!([]));
    host.api.stop(&id).await;
    host.assert_only(&[&good, &other, &host.video(&id)]);
    host.end().await;
}
