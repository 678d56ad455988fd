//! Small files that would become huge: in memory, in code, in time.

use std::time::Duration;

use padelvar_tests::{Api, Config, machine, versions};
use serde_json::Value;
use tokio::time::{Instant, sleep};

use crate::bystander::{self, Bystander};
use crate::guests;
use crate::stage::{Stage, list, rejected};
use crate::wasm_bytes::{empty_module, sparse, with_memory, with_modules, with_nested, with_table};

/// Name, file, and what is told of it: one of these.
fn bombs() -> Vec<(&'static str, Vec<u8>, &'static [&'static str])> {
    let good = guests::hostile();
    vec![
        (
            "memory",
            with_memory(&good, 65_536),
            &["4096 MiB of memory, 64 MiB are allowed"],
        ),
        ("table", with_table(&good, 9_000_000), &["table"]),
        (
            "modules",
            with_modules(&good, &vec![empty_module(); 5_000]),
            &["not a WebAssembly component that this host can load"],
        ),
        (
            "nested",
            with_nested(&good, 20_000),
            // Which of the two comes first is the machine's matter.
            &[
                "not a WebAssembly component that this host can load",
                "compiling it took more than 2048 MiB of memory",
            ],
        ),
    ]
}

async fn plugins(api: &Api) -> Vec<Value> {
    let body = api.get("/api/plugins").await.ok(200);
    body["plugins"].as_array().cloned().unwrap_or_default()
}

/// A host takes them while it records, and a neighbour loses nothing.
#[tokio::test]
async fn bombs_go_off_beside_the_host() {
    let _alone = machine::alone().await;
    let good = bystander::camera().await;
    let stage = Stage::new();
    let host = stage.start(&Config::of(&good)).await;
    let bystander = Bystander::record(&host, &good).await;

    let bombs = bombs();
    for (name, wasm, _) in &bombs {
        assert!(wasm.len() < 2 << 20, "{name} is small: {}", wasm.len());
        stage.plugin(name, wasm);
    }
    // One that is good, but whose data would be four gigabytes if it were laid out; and one
    // that has to wait for its turn.
    let with_data = with_modules(&guests::hostile(), &[sparse()]);
    stage.plugin("sparse", &with_data);
    stage.plugin("waits", &versions::another(&guests::hostile(), 1));

    let began = Instant::now();
    let plugins = loop {
        let plugins = plugins(&host.api).await;
        let known = |name: &str| plugins.iter().any(|plugin| plugin["name"] == name);
        if bombs.iter().all(|(name, ..)| known(name)) && known("waits") {
            break plugins;
        }
        assert!(began.elapsed() < Duration::from_mins(15), "{plugins:#?}");
        sleep(Duration::from_millis(200)).await;
    };
    for (name, _, told) in &bombs {
        let reason = rejected(&plugins, name);
        eprintln!("{name}: {reason}");
        let found = told.iter().any(|told| reason.contains(told));
        assert!(found, "{name}: {reason}");
    }
    for name in ["sparse", "waits"] {
        let line = plugins.iter().find(|plugin| plugin["name"] == name);
        let line = line.expect("it is listed");
        assert_eq!(line["state"], "active", "{line}");
    }

    bystander.lost_nothing().await;
    host.end().await;
}

/// Code that was compiled elsewhere is never run, whatever it is called.
#[tokio::test]
async fn compiled_code_is_no_plugin() {
    let _shared = machine::shared().await;
    let stage = Stage::new();
    stage.plugin("good", &guests::hostile());
    stage.configure(&Config::new());
    list(&stage).await;
    // What this very host made: it would fit.
    let cache = stage.folder().join("padelvar-cache");
    let kept = std::fs::read_dir(cache).expect("the host has a cache");
    let kept = kept.map(|entry| entry.expect("it can be read").path());
    let kept = kept.max_by_key(|path| path.metadata().map_or(0, |it| it.len()));
    let kept = std::fs::read(kept.expect("it holds something")).expect("it can be read");
    stage.plugin("kept", &kept);
    // Without the digest that the host puts before it.
    let code = &kept[32..];
    assert!(code.starts_with(b"\x7fELF"), "it is code");
    stage.plugin("precompiled", code);
    let plugins = list(&stage).await;
    for name in ["kept", "precompiled"] {
        let reason = rejected(&plugins, name);
        let told = "not a WebAssembly component that this host can load: it does not begin as one";
        assert!(reason.contains(told), "{name}: {reason}");
    }
}
