use serde_json::json;

use super::super::bytes;
use super::*;
use crate::media::testing::jpeg;
use crate::plugins::{Cache, Origin, PluginEngine, built_in_wasm};

fn adapter(name: &str) -> Arc<Adapter> {
    let engine = PluginEngine::new().unwrap();
    let (_, wasm) = built_in_wasm(name).unwrap();
    let this = std::env::current_exe().unwrap();
    let target = this.ancestors().nth(3).unwrap();
    let cache = Cache::open(&target.join("test-plugins"));
    Arc::new(Adapter::load(&engine, &cache, name, Origin::BuiltIn, wasm).unwrap())
}

/// A session with a camera of single pictures, without answers.
fn script() -> String {
    let header = json!({
        "cassette": 1,
        "world": "padelvar:adapter/camera-adapter@0.1.0",
        "host": "a test",
        "adapter": { "name": "snapshot", "version": "1", "digest": "none" },
        "seed": "00".repeat(32),
        "camera": {
            "url": "http://cam.club/snap.jpg",
            "has_credentials": false,
            "options": [],
            "audio": false,
            "user_agent": "test",
        },
        "hidden": 0,
        "complete": true,
    });
    let picture = bytes::to_json(&jpeg("320x180"));
    let headers = json!([["content-type", "image/jpeg"]]);
    let mut lines = vec![header.to_string()];
    let mut turn = |now: u64, event: Value| {
        let n = lines.len() - 1;
        lines.push(json!({ "n": n, "now": now, "event": event, "answer": [] }).to_string());
    };
    turn(1_000_000, json!("start"));
    // The adapter counts its requests and timers together.
    for id in [1_u64, 3] {
        let now = 1_000_000 + id * 1_000_000;
        let response = json!({ "id": id, "status": 200, "headers": headers });
        turn(now, json!({ "response": response }));
        let body = json!({ "id": id, "arrived": now, "last": true, "bytes": picture });
        turn(now, json!({ "body": body }));
    }
    lines.push(json!({ "end": { "how": "stopped", "message": "" } }).to_string());
    lines.join("\n") + "\n"
}

/// What the adapter answers to it, as a cassette.
async fn recorded(adapter: &Arc<Adapter>) -> Cassette {
    let mut cassette = Cassette::read(script().as_bytes()).unwrap();
    let guest = Guest::start(Arc::clone(adapter), cassette.camera.clone(), cassette.seed).unwrap();
    for step in &mut cassette.steps {
        let Step::Turn(turn) = step else { continue };
        let event = Arc::new(turn.event.clone());
        let answer = guest.handle(turn.now_us, event).await.unwrap();
        let said = answer.commands.iter().flat_map(|it| Said::of(it, true));
        turn.answer = Some(said.map(|said| said.to_json()).collect());
    }
    cassette.digest = adapter.digest().to_owned();
    cassette
}

fn answers(cassette: &mut Cassette) -> impl Iterator<Item = &mut Value> {
    cassette.steps.iter_mut().flat_map(|step| match step {
        Step::Turn(turn) => turn.answer.iter_mut().flatten().collect(),
        Step::Gap { .. } => Vec::new(),
    })
}

#[tokio::test]
async fn the_same_build_says_the_same() {
    let adapter = adapter("snapshot");
    let cassette = recorded(&adapter).await;
    let first = replay(&adapter, &cassette).await.unwrap();
    assert!(first.is_good() && first.same_build, "{first:?}");
    assert_eq!((first.others, first.missing), (0, 0), "{first:?}");
    assert!(
        first.packets >= 1 && first.packets == first.keyframes,
        "{first:?}"
    );
    assert_eq!(replay(&adapter, &cassette).await.unwrap(), first);
}

#[tokio::test]
async fn other_pictures_are_told() {
    let adapter = adapter("snapshot");
    let good = recorded(&adapter).await;
    let mut other = good.clone();
    let packet = answers(&mut other).find(|it| it.get("packet").is_some());
    packet.unwrap()["packet"]["sha256"] = json!("00");
    let replayed = replay(&adapter, &other).await.unwrap();
    assert!(!replayed.is_good());
    assert!(replayed.media.unwrap().message.contains("recorded was"));
    // A crash's cassette has no digests, and is as good.
    let mut without = good.clone();
    for answer in answers(&mut without) {
        if let Some(packet) = answer.get_mut("packet").and_then(Value::as_object_mut) {
            packet.remove("sha256");
        }
    }
    let replayed = replay(&adapter, &without).await.unwrap();
    assert!(replayed.is_good(), "{replayed:?}");
    // One that did not come.
    let mut more = good.clone();
    for step in &mut more.steps {
        if let Step::Turn(turn) = step
            && let Some(answer) = &mut turn.answer
            && let Some(packet) = answer.iter().find(|it| it.get("packet").is_some()).cloned()
        {
            answer.push(packet);
            break;
        }
    }
    let replayed = replay(&adapter, &more).await.unwrap();
    assert!(replayed.media.is_some(), "{replayed:?}");
}

#[tokio::test]
async fn another_way_is_told_where_it_begins() {
    let snapshot = adapter("snapshot");
    let mut cassette = recorded(&snapshot).await;
    let ask = answers(&mut cassette).find(|it| it.get("request").is_some());
    ask.unwrap()["request"]["url"] = json!("http://cam.club/other.jpg");
    let replayed = replay(&snapshot, &cassette).await.unwrap();
    let diverged = replayed.diverged.unwrap();
    assert!(diverged.event <= 1, "{diverged:?}");
    assert!(diverged.message.contains("other.jpg"), "{diverged:?}");
    // An adapter of another protocol.
    let cassette = recorded(&snapshot).await;
    let replayed = replay(&adapter("rtsp"), &cassette).await.unwrap();
    assert!(
        replayed.diverged.is_some() && !replayed.same_build,
        "{replayed:?}"
    );
}

#[tokio::test]
async fn other_words_are_only_counted() {
    let adapter = adapter("snapshot");
    let mut cassette = recorded(&adapter).await;
    for answer in answers(&mut cassette) {
        if let Some(timer) = answer.get_mut("set-timer") {
            timer["at"] = json!(7);
        }
    }
    let replayed = replay(&adapter, &cassette).await.unwrap();
    assert!(replayed.is_good() && replayed.others > 0, "{replayed:?}");
    assert!(
        replayed.differences[0].message.contains("became"),
        "{replayed:?}"
    );
}

#[tokio::test]
async fn behind_a_gap_it_goes_on() {
    let adapter = adapter("snapshot");
    let mut cassette = recorded(&adapter).await;
    let at = cassette.steps.len() - 2;
    cassette.steps.insert(at, Step::Gap { events: 5, us: 1 });
    let replayed = replay(&adapter, &cassette).await.unwrap();
    assert_eq!(replayed.missing, 5, "{replayed:?}");
    assert!(
        replayed.events + replayed.left_out >= at as u64,
        "{replayed:?}"
    );
}
