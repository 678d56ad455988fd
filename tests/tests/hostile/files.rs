//! Files in `plugins.dir` that are no plugins, or not to be trusted.

use std::fs;
use std::process::Command;

use padelvar_tests::{Config, cameras, machine};
use serde_json::Value;
use simcam::RtspConfig;

use crate::guests;
use crate::stage::{Stage, last_error, list, mode, rejected};

/// A core module without anything in it: no component.
const CORE: &[u8] = b"\0asm\x01\0\0\0";

#[tokio::test]
async fn what_is_no_adapter_is_rejected_and_a_built_in_stays() {
    let _shared = machine::shared().await;
    let stage = Stage::new();
    let hostile = guests::hostile();
    let expected = [
        (
            "text",
            b"(component)\n(;\x1b[2J;)\n".to_vec(),
            "not a WebAssembly component",
        ),
        ("empty", Vec::new(), "not a WebAssembly component"),
        ("core", CORE.to_vec(), "not a WebAssembly component"),
        (
            "truncated",
            hostile[..hostile.len() / 2].to_vec(),
            "not a WebAssembly component",
        ),
        (
            "rtsp",
            b"not the built-in".to_vec(),
            "not a WebAssembly component",
        ),
        (
            "otherworld",
            guests::otherworld(),
            "neither an adapter nor a policy for this host",
        ),
        (
            "loops",
            guests::with_self_check("loop"),
            "self-check failed: it took too long",
        ),
        (
            "panics",
            guests::with_self_check("panic"),
            "it panicked: the misdeed was ordered",
        ),
        (
            "grows",
            guests::with_self_check("allocate"),
            "64 MiB are allowed",
        ),
        (
            "recurses",
            guests::with_self_check("recurse"),
            "recursing too deep",
        ),
        (
            "exits",
            guests::with_self_check("exit"),
            "ended its own process",
        ),
        (
            "escapes",
            guests::with_self_check("escapes"),
            "a title that is not one line",
        ),
        (
            "giant",
            guests::with_self_check("giant"),
            "knows 5000 schemes",
        ),
    ];
    for (name, wasm, _) in &expected {
        stage.plugin(name, wasm);
    }
    stage.plugin("hostile", &hostile);
    fs::create_dir(stage.plugins().join("folder.wasm")).expect("a folder can be made");
    mode(&stage.plugins().join("folder.wasm"), 0o755);
    let pipe = stage.plugins().join("pipe.wasm");
    let made = Command::new("mkfifo").arg("-m0644").arg(&pipe).status();
    assert!(made.expect("mkfifo is there").success());
    let sparse = stage.plugin("long", b"");
    let sparse = fs::OpenOptions::new().write(true).open(sparse);
    let grown = sparse.and_then(|file| file.set_len((32 << 20) + 1));
    grown.expect("a file can be made longer");

    let camera = cameras::rtsp(RtspConfig::default()).await;
    let config = Config::of(&camera).camera("url = \"http://127.0.0.1:9/\"\nadapter = \"text\"");
    stage.configure(&config);
    let plugins = list(&stage).await;
    for (name, _, told) in &expected {
        let reason = rejected(&plugins, name);
        assert!(reason.contains(told), "{name}: {reason}");
    }
    assert!(rejected(&plugins, "folder").contains("is no file"));
    assert!(rejected(&plugins, "pipe").contains("is no file"));
    assert!(rejected(&plugins, "long").contains("longer than"));
    let adapters = plugins.iter().filter(|plugin| plugin["kind"] == "adapter");
    let active = adapters.filter(|plugin| plugin["state"] == "active");
    let active: Vec<(&Value, &Value)> = active.map(|p| (&p["name"], &p["built_in"])).collect();
    assert_eq!(active.len(), 5, "{active:?}");
    assert!(
        active.contains(&(&"rtsp".into(), &true.into())),
        "{active:?}"
    );
    assert!(
        active.contains(&(&"hostile".into(), &false.into())),
        "{active:?}"
    );

    // The host runs with all of them in its folder.
    let host = stage.start(&config).await;
    host.api.create(1).await;
    let body = host.api.try_create(2).await.ok(201);
    let told = last_error(&body["session"]);
    assert!(
        told.contains("`text`: its file is rejected: not a WebAssembly"),
        "{told}"
    );
    host.end().await;
}

#[tokio::test]
async fn what_others_may_write_is_refused() {
    let _shared = machine::shared().await;
    let stage = Stage::new();
    let file = stage.plugin("mine", &guests::hostile());
    stage.configure(&Config::new());
    for open in [0o664, 0o646] {
        mode(&file, open);
        let reason = rejected(&list(&stage).await, "mine");
        assert!(
            reason.contains("mine.wasm may be written by group or others"),
            "{reason}"
        );
    }
    mode(&file, 0o644);
    let plugins = list(&stage).await;
    assert!(
        plugins.iter().all(|plugin| plugin["state"] == "active"),
        "{plugins:?}"
    );
    mode(&stage.plugins(), 0o775);
    let reason = rejected(&list(&stage).await, "mine");
    assert!(
        reason.contains("plugins may be written by group or others"),
        "{reason}"
    );
}
