//! A candidate that decides beside the policy in force, and is only compared.

use std::time::Duration;

use padelvar_tests::command::padelvar;
use padelvar_tests::events::Events;
use padelvar_tests::{Config, Host, machine};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

/// A policy that this host never had is compiled first: seconds, and in a debug build on a busy
/// machine many. The configuration is read again every 10 s, should nobody tell of the change.
const SOON: Duration = Duration::from_mins(2);

const SHADOW: &str = "[policy]\nshadow = \"cedar\"\n";

async fn state(host: &Host, name: &str) -> Value {
    let plugins = host.api.get("/api/plugins").await.ok(200);
    let list = plugins["plugins"].as_array().expect("a list");
    let line = list.iter().find(|plugin| plugin["name"] == name);
    line.expect("it is listed")["state"].clone()
}

async fn until_state(host: &Host, name: &str, wanted: &str) {
    let begun = Instant::now();
    while state(host, name).await != wanted {
        assert!(begun.elapsed() < SOON, "{name} is not {wanted}");
        sleep(Duration::from_millis(200)).await;
    }
}

async fn differences(host: &Host, name: &str) -> Value {
    let path = format!("/api/plugins/{name}/differences");
    host.api.get(&path).await.ok(200)
}

/// The entry of `differences` that a player's clean-up makes.
async fn until_listed(host: &Host) -> (Value, Value) {
    let begun = Instant::now();
    loop {
        let found = differences(host, "cedar").await;
        let list = found["differences"].as_array().expect("a list").clone();
        let entry = list
            .into_iter()
            .find(|entry| entry["role"] == "PLAYER" && entry["action"] == "system.cleanup");
        if let Some(entry) = entry {
            return (found, entry);
        }
        assert!(begun.elapsed() < SOON, "it is not listed: {found}");
        sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test]
async fn a_candidate_is_compared_and_decides_nothing() {
    let _shared = machine::shared().await;
    let config = Config::new();
    let host = Host::start(&config.clone().more(SHADOW)).await;
    until_state(&host, "cedar", "shadow").await;
    assert_eq!(state(&host, "club-roles").await, "active");
    let list = ["plugin", "list"];
    let listed = padelvar(host.folder().path(), &list).await.ended(0).stdout;
    let line = listed.lines().find(|line| line.starts_with("cedar "));
    assert!(
        line.is_some_and(|line| line.ends_with("built in, shadow")),
        "{listed}"
    );

    // Both deny it, each with a code of its own; the answer is that of the policy in force.
    let player = host.api.user("PLAYER", "somebody-41", 1);
    for _ in 0..3 {
        let denied = player.post("/api/video/cleanup", json!({})).await;
        denied.refused(403, "role_not_allowed");
    }
    let (found, entry) = until_listed(&host).await;
    assert_eq!(found["plugin"], "cedar");
    assert_eq!(found["shadow_of"], "club-roles");
    assert_eq!(
        (&found["dropped"], &found["failed"]),
        (&json!(0), &json!(0))
    );
    assert_eq!(entry["differs"], "code");
    assert_eq!(
        (&entry["kind"], &entry["club"], &entry["owner"]),
        (&json!("host"), &json!("none"), &json!("none"))
    );
    assert_eq!(
        entry["active"],
        json!({"allow": false, "code": "role_not_allowed", "max_duration_minutes": null, "max_concurrent": null})
    );
    assert_eq!(entry["shadow"]["code"], "not_permitted");
    assert!(
        !found.to_string().contains("somebody"),
        "nobody is named: {found}"
    );
    let begun = Instant::now();
    loop {
        let (found, entry) = until_listed(&host).await;
        if entry["count"] == 3 {
            assert!(found["asked"].as_u64() > found["differing"].as_u64());
            break;
        }
        assert!(begun.elapsed() < SOON, "{entry}");
    }
    let told = host.log.text();
    assert!(told.contains("the shadow policy differs"), "{told}");

    // Who may see plugins sees them, and a plugin that is no shadow differs in nothing.
    let path = "/api/plugins/cedar/differences";
    player.get(path).await.problem(403);
    let nobody = host.api.with_token(None);
    nobody.get(path).await.problem(401);
    let none = "/api/plugins/nothing/differences";
    host.api.get(none).await.problem(404);
    let other = differences(&host, "club-roles").await;
    assert_eq!(other["shadow_of"], Value::Null);
    assert_eq!(other["differences"], json!([]));
    let metrics = host.api.get("/metrics").await;
    let metrics = String::from_utf8_lossy(&metrics.bytes).into_owned();
    let line = metrics.lines().find(|line| {
        line.starts_with("padelvar_policy_shadow_questions_total{outcome=\"differing\"}")
    });
    assert!(line.is_some_and(|line| !line.ends_with(" 0")), "{line:?}");

    // Off again, and nothing is left.
    let answer = host.api.open(Method::GET, "/api/video/events", &[]).await;
    let mut events = Events::of(answer);
    host.configure(&config.text());
    until_state(&host, "cedar", "active").await;
    let told = events
        .until(SOON, |event| {
            event.kind == "plugin" && event.data["name"] == "cedar"
        })
        .await;
    let last = told.last().expect("one came");
    assert_eq!(last.data["state"], "active", "{last:?}");
    let gone = differences(&host, "cedar").await;
    assert_eq!(gone["shadow_of"], Value::Null);
    assert_eq!(
        (&gone["asked"], &gone["differences"]),
        (&json!(0), &json!([]))
    );
    host.end().await;
}

#[tokio::test]
async fn a_shadow_that_cannot_be_is_told_and_harms_nobody() {
    let _shared = machine::shared().await;
    for (shadow, told) in [
        ("nothing", "there is no policy nothing"),
        ("club-roles", "there is nothing to compare"),
    ] {
        let more = format!("[policy]\nshadow = {shadow:?}\n");
        let host = Host::start(&Config::new().more(&more)).await;
        let said = host.log.after("no shadow policy is compared", SOON).await;
        assert!(said.is_some(), "{}", host.log.text());
        assert!(host.log.after(told, SOON).await.is_some());
        assert_eq!(state(&host, "club-roles").await, "active");
        host.end().await;
    }
}
