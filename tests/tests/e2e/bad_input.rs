//! Bad input is told apart and never a fault of the server's.

use padelvar_tests::small_disk::SmallDisk;
use padelvar_tests::{Answer, Config, Host, cameras, machine};
use reqwest::Method;
use serde_json::{Value, json};
use simcam::RtspConfig;

const CREATE: &str = "/api/video/session/create";
const START: &str = "/api/video/record/start";
const JSON: &str = "application/json";

async fn post(host: &Host, path: &str, kind: &str, body: impl Into<Vec<u8>>) -> Answer {
    host.api
        .call(Method::POST, path, Some((kind, body.into())))
        .await
}

#[tokio::test]
async fn bodies_values_paths_and_methods() {
    let _shared = machine::shared().await;
    let camera = cameras::rtsp(RtspConfig::default()).await;
    let config = Config::of(&camera);
    let folder = Host::folder_for(&config);
    // A day's recording is planned with 43 GB, which not every machine has. What a file system in
    // memory says it has is taken only as it is written.
    let _disk = SmallDisk::mount(&folder.path().join("static"), 64 << 20);
    let host = Host::start_in(folder).await;
    let api = &host.api;

    // Terrains.
    for unknown in [json!(99), json!("99"), json!("no-such-court")] {
        api.try_create(unknown).await.problem(404);
    }
    for bad in [
        json!(null),
        json!(true),
        json!(1.5),
        json!([1]),
        json!({"id": 1}),
        json!("a b"),
        json!(""),
    ] {
        let body = api.try_create(bad).await.problem(422);
        assert!(body.to_string().contains("terrain_id"), "{body}");
    }
    let body = api.post(CREATE, json!({})).await.problem(422);
    assert!(body.to_string().contains("terrain_id"), "{body}");

    // Bodies.
    for (path, field) in [
        (CREATE, "terrain_id"),
        (START, "session_id"),
        ("/api/video/record/stop", "session_id"),
        ("/api/video/session/close", "session_id"),
    ] {
        for bad in [
            "",
            "{",
            "terrain_id=1",
            "{\"a\":1}}",
            "[1]",
            "1",
            "null",
            "\"x\"",
            "\u{0}",
        ] {
            post(&host, path, JSON, bad).await.problem(400);
        }
        post(&host, path, JSON, [0xFF, 0xFE, 0x00])
            .await
            .problem(400);
        let deep = "[".repeat(50_000);
        post(&host, path, JSON, deep).await.problem(400);
        for kind in [
            "text/plain",
            "application/x-www-form-urlencoded",
            "image/jpeg",
        ] {
            post(&host, path, kind, "{\"terrain_id\":1}")
                .await
                .problem(415);
        }
        post(&host, path, JSON, vec![b' '; 10 << 20])
            .await
            .problem(413);
        post(&host, path, JSON, vec![b'x'; (64 << 10) + 1])
            .await
            .problem(413);
        let body = api
            .post(path, json!({"unknown": "member"}))
            .await
            .problem(422);
        assert!(body.to_string().contains(field), "{body}");
        api.get(path).await.problem(405);
        api.call(Method::DELETE, path, None).await.problem(405);
    }

    // Sessions that there are not.
    for id in [
        "sess_1_1",
        "x",
        "",
        "../../etc/passwd",
        "sess_1_99999999999999999999",
        "%00",
    ] {
        api.try_start(id, 1).await.problem(404);
        api.try_stop(id).await.problem(404);
        api.try_close(id).await.problem(404);
    }
    for id in [json!(1), json!(null), json!(["x"])] {
        let body = api
            .post(START, json!({"session_id": id}))
            .await
            .problem(422);
        assert!(body.to_string().contains("session_id"), "{body}");
    }
    for path in [
        "/api/video/session/sess_1_1",
        "/api/video/session/x%2F..%2F..",
        "/api/video/session/%ff",
        "/api/video/record/status/sess_1_1",
        "/api/video/record/report/sess_1_1",
        "/api/video/record/report/x%2F..%2F..",
        "/api/video/files/sess_1_1/download",
        "/api/video/files/..%2f..%2fpadelvar.toml/download",
        "/api/preview/sess_1_1/snapshot.jpg",
        "/api/preview/sess_1_1/stream.mjpeg",
        "/",
        "/api",
        "/api/video/nothing",
        "/padelvar.toml",
        "/api/video/session/create/",
    ] {
        let answer = api.get(path).await;
        let status = answer.status;
        assert!(
            status == 404 || (status == 400 && path.contains("%ff")),
            "{path}: {}",
            answer.text()
        );
        answer.problem(status);
    }
    api.get("/api/video/session/list?status=x")
        .await
        .problem(422);
    let twice = api
        .get("/api/video/session/list?status=all&status=all")
        .await;
    let status = twice.status;
    assert!(status < 500, "{}", twice.text());
    if status != 200 {
        twice.problem(status);
    }

    // Nothing of this made or disturbed a session.
    let list = api.get("/api/video/session/list?status=all").await.ok(200);
    assert_eq!(list["sessions"], json!([]));
    let id = api.create(1).await;
    let minutes = [
        json!(0),
        json!(-1),
        json!(1e9),
        json!("x"),
        json!("5"),
        json!(true),
        json!([1]),
        json!({}),
        json!(1440.01),
        json!(-0.5),
        json!(1e-400),
        json!(0.0),
    ];
    for bad in minutes {
        let body = api.try_start(&id, bad.clone()).await.problem(422);
        assert!(
            body.to_string().contains("duration_minutes"),
            "{bad}: {body}"
        );
    }
    let huge = format!("{{\"session_id\":\"{id}\",\"duration_minutes\":1e999}}");
    let status = post(&host, START, JSON, huge).await.status;
    assert!(status == 400 || status == 422, "{status}");
    api.get(&format!("/api/video/record/status/{id}"))
        .await
        .problem(404);
    assert_eq!(api.session(&id).await["status"], "active");

    // Members that nobody knows, and a content type with its parameters, are welcome.
    let body = json!({"session_id": id, "duration_minutes": 1440, "colour": "blue"});
    let kind = "application/json; charset=utf-8";
    let started = post(&host, START, kind, body.to_string()).await.ok(200);
    assert_eq!(
        started["recording"]["planned_seconds"], 86400.0,
        "{started}"
    );
    host.end().await;
}

#[tokio::test]
async fn the_default_length_is_taken_where_none_is_asked_for() {
    let _shared = machine::shared().await;
    let camera = cameras::rtsp(RtspConfig::default()).await;
    let host = Host::start(&Config::of(&camera).url(camera.url())).await;
    for (terrain, minutes) in [(1, None), (2, Some(Value::Null))] {
        let id = host.api.create(terrain).await;
        let mut body = json!({"session_id": id});
        if let Some(minutes) = minutes {
            body["duration_minutes"] = minutes;
        }
        let started = host.api.post(START, body).await.ok(200);
        assert_eq!(started["recording"]["planned_seconds"], 300.0, "{started}");
    }
    host.end().await;
}
