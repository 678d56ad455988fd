//! Versions that fail too often, or that bring no picture.

use std::time::Duration;

use padelvar_tests::{Config, cameras, machine, versions};
use serde_json::json;
use tokio::time::sleep;

use crate::bystander::{self, Bystander};
use crate::guests;
use crate::hot_reload::{is, lines, listen, put, states, until_states};
use crate::stage::{Stage, assert_presentable, last_error};

const PATIENCE: Duration = Duration::from_mins(1);

#[tokio::test]
async fn five_traps_in_a_minute_and_a_neighbour_that_does_not_notice() {
    let _alone = machine::alone().await;
    let good = bystander::camera().await;
    let stage = Stage::new();
    let wasm = guests::hostile();
    stage.plugin("vendor", &wasm);
    let bad = "url = \"hostile://127.0.0.1:9/\"\nadapter = \"vendor\"\n\
               options = { do = \"panic\", after = 2 }";
    let host = stage.start(&Config::of(&good).camera(bad)).await;
    let mut events = listen(&host).await;
    let bystander = Bystander::record(&host, &good).await;

    let id = host.api.create(2).await;
    let told = events
        .until(PATIENCE, |event| is(event, "vendor", "quarantined"))
        .await;
    let reason = told.last().expect("it came").data["reason"].clone();
    let reason = reason.as_str().unwrap_or_default();
    assert!(
        reason.contains("5 times within a minute") && reason.contains("panicked"),
        "{reason}"
    );
    assert_presentable(reason);
    assert_eq!(states(&host.api, "vendor").await, "quarantined");
    let session = host
        .api
        .until(
            || host.api.session(&id),
            |session| last_error(session).contains("quarantined"),
        )
        .await;
    assert_presentable(last_error(&session));
    let traps = async || lines(&host.api, "vendor").await.remove(0)["traps"].clone();
    let before = traps().await;
    sleep(Duration::from_secs(3)).await;
    assert_eq!(traps().await, before, "it is not tried any more");

    // Who may not manage plugins may not release it, and nobody releases what is not there.
    let player = host.api.user("PLAYER", "8", 1);
    player
        .post("/api/plugins/vendor/release", json!({}))
        .await
        .problem(403);
    host.api
        .post("/api/plugins/nobody/release", json!({}))
        .await
        .problem(404);
    let body = host
        .api
        .post("/api/plugins/vendor/release", json!({}))
        .await
        .ok(200);
    assert_eq!(body["released"].as_array().map(Vec::len), Some(1), "{body}");
    until_states(&host, "vendor", "quarantined").await;
    assert_ne!(
        traps().await,
        before,
        "it had another chance, and failed again"
    );

    // Another version of it is a new story.
    put(&stage, "vendor", &versions::another(&wasm, 1));
    events
        .until(PATIENCE, |event| is(event, "vendor", "active"))
        .await;

    host.api.try_close(&id).await.ok(200);
    bystander.lost_nothing().await;
    host.end().await;
}

#[tokio::test]
async fn a_version_that_brings_nothing_gives_way_to_the_one_before() {
    let _shared = machine::shared().await;
    let camera = cameras::http(cameras::small_http()).await;
    let stage = Stage::new();
    let works = versions::another(&versions::built_in("mjpeg"), 1);
    stage.plugin("vendor", &works);
    // The one that works knows no such option; the other one traps at once.
    let lines_of = format!(
        "url = {:?}\nadapter = \"vendor\"\noptions = {{ do = \"constructor-panic\" }}",
        camera.url()
    );
    let host = stage.start(&Config::new().camera(&lines_of)).await;
    let id = host.api.create(1).await;
    host.api.until_camera(&id, "live").await;
    host.api.start(&id).await;
    host.api.until_recording(&id, "recording").await;
    put(&stage, "vendor", &guests::hostile());
    until_states(&host, "vendor", "active quarantined").await;
    let now = lines(&host.api, "vendor").await;
    let reason = now[1]["reason"].as_str().unwrap_or_default();
    assert_presentable(reason);
    sleep(Duration::from_secs(2)).await;
    let session = host.api.until_camera(&id, "live").await;
    assert_eq!(session["camera"]["state"], "live");
    let answer = host.api.stop(&id).await;
    assert_eq!(answer["recording"]["status"], "completed", "{answer}");
    host.end().await;
}

#[tokio::test]
async fn a_policy_that_fails_gives_way_to_the_one_before() {
    let _shared = machine::shared().await;
    let stage = Stage::new();
    let works = versions::another(&versions::built_in("club-roles"), 1);
    stage.plugin("house", &works);
    let host = stage.start(&Config::new().policy("house")).await;
    put(&stage, "house", &guests::policy());
    // It allows everybody everything: the list of plugins shows that it is in force.
    let anybody = host.api.user("NOBODY", "9", 1);
    let in_force = async || anybody.get("/api/plugins").await.status == 200;
    let since = tokio::time::Instant::now();
    while !in_force().await {
        assert!(since.elapsed() < PATIENCE, "{}", host.log.text());
        sleep(Duration::from_millis(50)).await;
    }
    let troublemaker = host.api.user("do.panic", "9", 1);
    for _ in 0..5 {
        let answer = troublemaker.get("/api/plugins").await;
        answer.refused(403, "policy_failed");
    }
    until_states(&host, "house", "active quarantined").await;
    let since = tokio::time::Instant::now();
    while in_force().await {
        assert!(since.elapsed() < PATIENCE, "{}", host.log.text());
        sleep(Duration::from_millis(50)).await;
    }
    host.end().await;
}
