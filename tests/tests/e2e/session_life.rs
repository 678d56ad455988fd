//! The life of a session, to the letter of the contract.

use std::time::Duration;

use padelvar_tests::{Config, Host, cameras, clock, judge, machine};
use serde_json::{Value, json};
use simcam::RtspConfig;
use tokio::time::{Instant, sleep};

/// A port of this machine at which nobody listens.
const NOBODY: &str = "rtsp://127.0.0.1:1/stream";

/// Without what changes from answer to answer: clocks and tickets.
fn lasting(answer: &Value) -> Value {
    let mut answer = answer.clone();
    if let Some(url) = answer.pointer_mut("/file/download_url") {
        *url = Value::Null;
    }
    if let Some(session) = answer.get_mut("session") {
        session["preview"] = Value::Null;
        session["proxy_url"] = Value::Null;
    }
    answer
}

#[tokio::test]
async fn from_create_to_closed() {
    let _shared = machine::shared().await;
    let camera = cameras::rtsp(RtspConfig::default()).await;
    let host = Host::start(&Config::of(&camera).url(camera.url())).await;
    let api = &host.api;

    let body = api.try_create("1").await.ok(201);
    let session = &body["session"];
    let id = session["session_id"].as_str().expect("an id").to_owned();
    let ms = id.strip_prefix("sess_1_").expect("the contract's form");
    let ms: i64 = ms.parse().expect("milliseconds");
    assert!((clock::now().as_millisecond() - ms).abs() < 60_000, "{id}");
    assert_eq!(session["terrain_id"], 1, "{body}");
    assert_eq!(session["club_id"], 1, "{body}");
    assert_eq!(session["owner_id"], "7", "{body}");
    assert_eq!(session["status"], "active", "{body}");
    assert_eq!(session["adapter"], "rtsp", "{body}");
    clock::time(&session["created_at"]);
    let live = api.until_camera(&id, "live").await;
    assert_eq!(live["camera"]["codec"], "h264", "{live}");
    assert_eq!(live["camera"]["width"], 640, "{live}");
    assert_eq!(live["camera"]["height"], 360, "{live}");
    assert_eq!(live["camera"]["last_error"], Value::Null, "{live}");
    assert_eq!(live["camera"]["reconnects"], 0, "{live}");
    for member in ["/preview/mjpeg_url", "/preview/snapshot_url", "/proxy_url"] {
        let url = live
            .pointer(member)
            .and_then(Value::as_str)
            .unwrap_or_default();
        assert!(url.contains("ticket="), "{member}: {live}");
    }

    // One active session a terrain, by either form of its id.
    for terrain in [json!(1), json!("1")] {
        let busy = api.try_create(terrain).await.problem(409);
        assert!(busy.to_string().contains(&id), "{busy}");
    }
    // The other terrain is free.
    let other = api.create(2).await;

    // Nothing was recorded yet.
    let status = format!("/api/video/record/status/{id}");
    api.get(&status).await.problem(404);
    api.try_stop(&id).await.refused(409, "not_recording");
    assert_eq!(api.session(&id).await["status"], "active");

    // A repeated start tells the same recording, whatever it asks for.
    let first = api.try_start(&id, 2).await.ok(200)["recording"].clone();
    assert_eq!(first["planned_seconds"], 120.0, "{first}");
    let again = api.try_start(&id, 3).await.ok(200)["recording"].clone();
    assert_eq!(again["planned_seconds"], 120.0, "{again}");
    let running = api.until_recording(&id, "recording").await;
    assert_eq!(running["session_id"], id.as_str(), "{running}");
    assert_eq!(running["mode"], "copy", "{running}");
    assert_eq!(running["error"], Value::Null, "{running}");
    let third = api.try_start(&id, 2).await.ok(200)["recording"].clone();
    assert_eq!(third["started_at"], running["started_at"]);
    sleep(Duration::from_secs(2)).await;
    let running = api.recording(&id).await;
    let elapsed = running["elapsed_seconds"].as_f64().unwrap_or_default();
    let remaining = running["remaining_seconds"].as_f64().unwrap_or_default();
    assert!(elapsed >= 2.0, "{running}");
    assert!((116.0..118.1).contains(&remaining), "{running}");
    assert!(running["frames"].as_u64() > Some(0), "{running}");

    let stopped = api.stop(&id).await;
    let repeated = api.try_stop(&id).await.ok(200);
    assert_eq!(lasting(&stopped), lasting(&repeated));
    let session = api.session(&id).await;
    assert_eq!(session["status"], "closed", "{session}");
    let closed = api.try_close(&id).await.ok(200);
    let repeated = api.try_close(&id).await.ok(200);
    assert_eq!(lasting(&closed), lasting(&repeated));
    assert_eq!(api.recording(&id).await["status"], "completed");

    // What is over is over.
    api.try_start(&id, 1).await.problem(410);
    let preview = format!("/api/preview/{id}/snapshot.jpg");
    api.get(&preview).await.problem(410);
    let preview = format!("/api/preview/{id}/stream.mjpeg");
    api.get(&preview).await.problem(410);

    // Lists.
    let ids = |body: &Value| -> Vec<String> {
        let sessions = body["sessions"].as_array().expect("a list");
        let id = |s: &Value| s["session_id"].as_str().unwrap_or_default().to_owned();
        sessions.iter().map(id).collect()
    };
    let active = api.get("/api/video/session/list").await.ok(200);
    assert_eq!(ids(&active), std::slice::from_ref(&other));
    let all = api
        .get("/api/video/session/list?status=all&nobody=knows")
        .await
        .ok(200);
    let mut all = ids(&all);
    all.sort();
    assert_eq!(all, [id.clone(), other.clone()]);

    // The terrain is free again, and closing without a recording is no failure.
    let next = api.create(1).await;
    assert_ne!(next, id);
    let closed = api.try_close(&next).await.ok(200);
    assert_eq!(closed["session"]["status"], "closed", "{closed}");
    api.try_start(&next, 1).await.problem(410);
    api.try_stop(&next).await.refused(409, "not_recording");

    // Closing while it records stops first.
    api.start(&other).await;
    api.until_recording(&other, "recording").await;
    sleep(Duration::from_secs(2)).await;
    let closed = api.try_close(&other).await.ok(200);
    assert_eq!(closed["session"]["status"], "closed", "{closed}");
    assert_eq!(api.recording(&other).await["status"], "completed");
    judge::final_file(&host.video(&other)).await;
    host.assert_only(&[&host.video(&id), &host.video(&other)]);
    host.end().await;
}

#[tokio::test]
async fn the_planned_end_stops_and_closes() {
    let _shared = machine::shared().await;
    let camera = cameras::rtsp(RtspConfig::default()).await;
    let host = Host::start(&Config::of(&camera)).await;
    let id = host.api.create(1).await;
    let called = clock::now();
    // A fraction of a minute: 4.8 s.
    let recording = host.api.try_start(&id, 0.08).await.ok(200)["recording"].clone();
    assert_eq!(recording["planned_seconds"], 4.8, "{recording}");
    let recording = host.api.until_recording(&id, "completed").await;
    let session = host
        .api
        .until(|| host.api.session(&id), |s| s["status"] == "closed")
        .await;
    assert_eq!(session["status"], "closed");
    assert_eq!(recording["remaining_seconds"], 0.0, "{recording}");
    let video = judge::final_file(&host.video(&id)).await;
    let expected = clock::seconds(clock::time(&recording["started_at"]), called) + 4.8;
    assert!(
        (video.duration - expected).abs() <= 0.3,
        "{} of {expected}",
        video.duration
    );
    // A stop that comes late gets the file all the same.
    let stopped = host.api.stop(&id).await;
    assert_eq!(stopped["file"]["id"], id.as_str());
    host.api.create(1).await;
    host.end().await;
}

#[tokio::test]
async fn a_camera_that_is_not_there() {
    let _shared = machine::shared().await;
    let host = Host::start(&Config::new().url(NOBODY).url("rtsp://127.0.0.2:9/x")).await;
    let api = &host.api;
    let asked = Instant::now();
    let body = api.try_create(1).await.ok(201);
    assert!(
        asked.elapsed() < Duration::from_secs(5),
        "{:?}",
        asked.elapsed()
    );
    let session = &body["session"];
    assert_eq!(session["camera"]["state"], "connecting", "{body}");
    let reason = session["camera"]["last_error"].as_str().unwrap_or_default();
    assert!(!reason.is_empty(), "{body}");
    let id = session["session_id"].as_str().expect("an id");
    let asked = Instant::now();
    let recording = api.start(id).await;
    assert!(
        asked.elapsed() < Duration::from_secs(2),
        "{:?}",
        asked.elapsed()
    );
    assert_eq!(recording["status"], "starting", "{recording}");
    assert_eq!(recording["started_at"], Value::Null, "{recording}");
    // Before the first picture there is nothing to keep, and the session closes.
    api.try_stop(id).await.refused(409, "no_picture");
    assert_eq!(api.session(id).await["status"], "closed");
    let recording = api.recording(id).await;
    assert_eq!(recording["status"], "failed", "{recording}");
    assert!(recording["error"].is_string(), "{recording}");

    // The same by a planned end.
    let body = api.try_create(2).await.ok(201);
    let id = body["session"]["session_id"].as_str().expect("an id");
    api.try_start(id, 0.02).await.ok(200);
    api.until(|| api.session(id), |s| s["status"] == "closed")
        .await;
    assert_eq!(api.recording(id).await["status"], "failed");
    assert!(padelvar_tests::files::below(&host.path("static")).is_empty());
    host.end().await;
}
