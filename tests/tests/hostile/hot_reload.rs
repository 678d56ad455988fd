//! Files that come, change and go in `plugins.dir` while the host runs.

use std::fs;
use std::io::Write as _;
use std::time::Duration;

use padelvar_tests::events::{Event, Events};
use padelvar_tests::{Api, Config, Host, cameras, machine, processes, versions};
use reqwest::Method;
use rustix::process::Signal;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::guests;
use crate::stage::{Stage, last_error, mode};

/// A plugin that the host never had is compiled first, without optimisation.
const COMPILED: Duration = Duration::from_mins(1);

/// Puts a plugin there in one step, as a deployment does.
pub fn put(stage: &Stage, name: &str, wasm: &[u8]) {
    let file = stage.plugins().join(name).with_extension("wasm");
    let new = file.with_extension("new");
    fs::write(&new, wasm).expect("a file can be written");
    mode(&new, 0o644);
    fs::rename(&new, &file).expect("a file can be renamed");
}

/// The lines of a plugin.
pub async fn lines(api: &Api, name: &str) -> Vec<Value> {
    let body = api.get("/api/plugins").await.ok(200);
    let plugins = body["plugins"].as_array().cloned().unwrap_or_default();
    let own = plugins.into_iter().filter(|line| line["name"] == name);
    own.collect()
}

/// States of a plugin's lines, as one text.
pub async fn states(api: &Api, name: &str) -> String {
    let lines = lines(api, name).await;
    let states = lines.iter().filter_map(|line| line["state"].as_str());
    states.collect::<Vec<_>>().join(" ")
}

/// Waits for a plugin's lines to have these states.
pub async fn until_states(host: &Host, name: &str, wanted: &str) {
    let asked = Instant::now();
    loop {
        let now = states(&host.api, name).await;
        if now == wanted {
            return;
        }
        assert!(
            asked.elapsed() < COMPILED,
            "{name} is {now:?} and not {wanted:?}:\n{}",
            host.log.text()
        );
        sleep(Duration::from_millis(50)).await;
    }
}

/// The host's events, from now on.
pub async fn listen(host: &Host) -> Events {
    let accept = [("accept", "text/event-stream")];
    // The client of the API gives every call a minute; this one is open for longer.
    let client = reqwest::Client::builder().no_proxy().build();
    let mut api = host.api.clone();
    api.client = client.expect("a client can be made");
    Events::of(api.open(Method::GET, "/api/video/events", &accept).await)
}

/// Whether an event tells that a plugin is in this state.
pub fn is(event: &Event, name: &str, state: &str) -> bool {
    event.kind == "plugin" && event.data["name"] == name && event.data["state"] == state
}

#[tokio::test]
async fn files_come_change_and_go() {
    let _shared = machine::shared().await;
    let stage = Stage::new();
    let host = stage.start(&Config::new()).await;
    let mut events = listen(&host).await;
    let wasm = guests::hostile();
    assert_eq!(states(&host.api, "vendor").await, "");

    // Editors' and copiers' files are nobody's plugins.
    for name in [
        ".vendor.wasm.swp",
        ".vendor.wasm",
        "vendor.wasm~",
        "4913",
        "vendor.wasm.part",
    ] {
        fs::write(stage.plugins().join(name), b"half a file").expect("a file can be written");
    }
    put(&stage, "vendor", &wasm);
    let told = events
        .until(COMPILED, |event| is(event, "vendor", "active"))
        .await;
    assert_eq!(
        told.iter().filter(|event| event.kind == "plugin").count(),
        1
    );
    let first = lines(&host.api, "vendor").await.remove(0);
    assert_eq!(first["kind"], "adapter");

    // Written in place, in two halves: it is never rejected.
    let second = versions::another(&wasm, 2);
    let path = stage.plugins().join("vendor.wasm");
    let mut file = fs::File::create(&path).expect("a file can be made");
    file.write_all(&second[..second.len() / 2])
        .expect("it can be written");
    // Shorter than the host waits for the rest, by more than a busy machine is late.
    sleep(Duration::from_millis(400)).await;
    file.write_all(&second[second.len() / 2..])
        .expect("it can be written");
    drop(file);
    let told = events
        .until(COMPILED, |event| is(event, "vendor", "active"))
        .await;
    assert!(
        !told.iter().any(|event| is(event, "vendor", "rejected")),
        "{told:?}"
    );
    let changed = lines(&host.api, "vendor").await.remove(0);
    assert_ne!(changed["digest"], first["digest"]);

    // What does not load is rejected with a reason; the one that works stays.
    put(&stage, "vendor", &wasm[..wasm.len() / 3]);
    until_states(&host, "vendor", "active rejected").await;
    let both = lines(&host.api, "vendor").await;
    assert_eq!(both[0]["digest"], changed["digest"]);
    let reason = both[1]["reason"].as_str().unwrap_or_default();
    assert!(reason.contains("not a WebAssembly component"), "{reason}");
    events
        .until(COMPILED, |event| is(event, "vendor", "rejected"))
        .await;

    // Others may not write to it.
    put(&stage, "vendor", &second);
    until_states(&host, "vendor", "active").await;
    mode(&path, 0o666);
    until_states(&host, "vendor", "active rejected").await;
    let reason = lines(&host.api, "vendor").await.remove(1);
    assert!(
        reason["reason"]
            .as_str()
            .unwrap_or_default()
            .contains("chmod go-w"),
        "{reason}"
    );
    mode(&path, 0o644);
    until_states(&host, "vendor", "active").await;

    // A built-in one is replaced and comes back.
    put(
        &stage,
        "snapshot",
        &versions::another(&versions::built_in("snapshot"), 1),
    );
    let replaced = async || lines(&host.api, "snapshot").await.remove(0)["built_in"] == false;
    until(&host, replaced).await;
    fs::remove_file(stage.plugins().join("snapshot.wasm")).expect("it can be removed");
    until(&host, async || {
        lines(&host.api, "snapshot").await.remove(0)["built_in"] == true
    })
    .await;

    // SIGHUP looks at once; a folder that is replaced as a whole is followed.
    processes::signal(host.pid(), Signal::HUP);
    let away = stage.folder().join("away");
    fs::rename(stage.plugins(), &away).expect("it can be renamed");
    until_states(&host, "vendor", "").await;
    fs::rename(&away, stage.plugins()).expect("it can be renamed");
    until_states(&host, "vendor", "active").await;
    host.end().await;
}

async fn until(host: &Host, done: impl AsyncFn() -> bool) {
    let asked = Instant::now();
    while !done().await {
        assert!(asked.elapsed() < COMPILED, "{}", host.log.text());
        sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn a_camera_waits_for_its_adapter() {
    let _shared = machine::shared().await;
    let camera = cameras::http(cameras::small_http()).await;
    let stage = Stage::new();
    let config = Config::new().camera(&format!("url = {:?}\nadapter = \"vendor\"", camera.url()));
    let host = stage.start(&config).await;
    // Not `create`, which waits until the camera is live.
    let body = host.api.try_create(1).await.ok(201);
    let id = body["session"]["session_id"].as_str().expect("it has one");
    let id = id.to_owned();
    let session = host.api.session(&id).await;
    assert!(
        last_error(&session).contains("no adapter of the name `vendor`"),
        "{session}"
    );
    put(
        &stage,
        "vendor",
        &versions::another(&versions::built_in("mjpeg"), 1),
    );
    let session = host.api.until_camera(&id, "live").await;
    assert_eq!(session["adapter"], "vendor");

    // Its file goes: an open session keeps what it has.
    fs::remove_file(stage.plugins().join("vendor.wasm")).expect("it can be removed");
    until_states(&host, "vendor", "").await;
    sleep(Duration::from_secs(1)).await;
    let info = host
        .api
        .get(&format!("/api/preview/{id}/info"))
        .await
        .ok(200);
    let text = info.to_string();
    assert!(text.contains("live"), "{text}");
    host.end().await;
}

/// Whether this player may open a session in another club than their own: the club's rules
/// forbid it, the lax ones do not.
async fn may(host: &Host) -> bool {
    let player = host.api.user("PLAYER", "8", 2);
    let answer = player
        .post("/api/video/session/create", json!({"terrain_id": 1}))
        .await;
    if answer.status == 201 {
        let id = answer.json["session"]["session_id"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        host.api.try_close(&id).await.ok(200);
        true
    } else {
        answer.problem(403);
        false
    }
}

#[tokio::test]
async fn a_policy_changes_under_its_name() {
    let _shared = machine::shared().await;
    let camera = cameras::http(cameras::small_http()).await;
    let stage = Stage::new();
    let strict = versions::another(&versions::built_in("club-roles"), 1);
    stage.plugin("house", &strict);
    let host = stage.start(&Config::of(&camera).policy("house")).await;
    assert!(!may(&host).await);
    put(&stage, "house", &guests::policy());
    until(&host, async || may(&host).await).await;

    // A file that is none leaves it in force, and so does removing it; the old one comes back.
    put(&stage, "house", b"no policy at all");
    until_states(&host, "house", "active rejected").await;
    assert!(may(&host).await);
    fs::remove_file(stage.plugins().join("house.wasm")).expect("it can be removed");
    until_states(&host, "house", "").await;
    assert!(may(&host).await, "the last good one stays");
    put(&stage, "house", &strict);
    until(&host, async || !may(&host).await).await;

    // Never in the place of a built-in one.
    put(&stage, "club-roles", &guests::policy());
    until_states(&host, "club-roles", "active rejected").await;
    assert!(!may(&host).await);
    host.end().await;
}
