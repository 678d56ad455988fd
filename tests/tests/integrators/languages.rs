//! Policies in other languages, from the WIT alone: built by their own tools, decided by the real
//! binary. Where a tool does not install, its test is skipped, and says so.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use padelvar_tests::command::padelvar;
use padelvar_tests::{Config, machine};

use super::{guests, stage};

/// A tool of the set-up.
fn tool(name: &str, path: &str) -> Option<PathBuf> {
    let tool = guests::target().join("tools").join(name).join(path);
    if tool.is_file() {
        return Some(tool);
    }
    eprintln!(
        "SKIPPED: examples/{name} is NOT tested, there is no {}; `cargo xtask setup` installs it \
         where its registry can be reached",
        tool.display()
    );
    None
}

fn scratch() -> PathBuf {
    let folder = guests::target().join("test-integrators");
    std::fs::create_dir_all(&folder).expect("a folder can be made");
    folder
}

#[tokio::test]
async fn a_policy_in_python() {
    // Its component takes a minute of processor time to compile, of the two that a command has.
    let _alone = machine::alone().await;
    let project = guests::repository("examples/policy-python");
    guests::run(
        Command::new("python3")
            .args(["-B", "-m", "unittest"])
            .current_dir(&project),
    );
    let Some(tool) = tool("policy-python", "bin/componentize-py") else {
        return;
    };
    let out = scratch().join("python.wasm");
    let began = Instant::now();
    guests::run(
        Command::new(project.join("build.sh"))
            .arg(&out)
            .env("COMPONENTIZE_PY", tool)
            .env("PYTHONDONTWRITEBYTECODE", "1"),
    );
    decides("python", &out, began).await;
}

#[tokio::test]
async fn a_policy_in_javascript() {
    // Its component takes a minute of processor time to compile, of the two that a command has.
    let _alone = machine::alone().await;
    let project = guests::repository("examples/policy-js");
    let Some(tool) = tool("policy-js", "node_modules/.bin/componentize-js") else {
        return;
    };
    guests::run(Command::new("node").arg("--test").current_dir(&project));
    let out = scratch().join("js.wasm");
    let began = Instant::now();
    let mut build = Command::new(tool);
    build
        .args(["app.js", "--wit", "../../wit/policy/since_v0.1.0"])
        .args(["--world-name", "access-policy", "--disable"])
        .args(["stdio", "random", "clocks", "http", "fetch-event", "--out"])
        .arg(&out)
        .current_dir(&project);
    guests::run(&mut build);
    decides("js", &out, began).await;
}

/// A host under this policy.
async fn decides(name: &str, file: &Path, began: Instant) {
    let wasm = std::fs::read(file).expect("it was built");
    eprintln!(
        "{name}: built in {:?}, {} bytes",
        began.elapsed(),
        wasm.len()
    );
    let config = Config::new().url("rtsp://127.0.0.1:9/").more(&format!(
        "[policy]\nplugin = {name:?}\nsettings = {{ player_minutes = 3 }}"
    ));
    let folder = stage::folder(&config, &[(name, &wasm)]);
    // Compiles it into the host's cache, without a host that somebody waits for.
    let began = Instant::now();
    let listed = padelvar(folder.path(), &["plugin", "list"]).await.ended(0);
    eprintln!("{name}: loaded in {:?}", began.elapsed());
    assert!(!listed.stdout.contains("rejected"), "{listed:?}");
    let host = padelvar_tests::Host::start_in(folder).await;
    host.api
        .user("REFEREE", "4", 1)
        .try_create(1)
        .await
        .refused(403, "unknown_role");
    let (coach, id) = stage::coaches_and_three_minutes(&host).await;
    // More questions than an instance is asked: others take over without a failure.
    for _ in 0..1_200 {
        coach.session(&id).await;
    }
    let plugins = host.api.get("/api/plugins").await.ok(200);
    let line = plugins["plugins"].as_array().and_then(|all| {
        let mut all = all.iter();
        all.find(|plugin| plugin["name"] == name)
    });
    let line = line.unwrap_or_else(|| panic!("{plugins}"));
    assert_eq!(
        (&line["state"], &line["traps"]),
        (&"active".into(), &0.into()),
        "{line}"
    );
    eprintln!(
        "{name}: {} MiB in its instances",
        line["memory_bytes"].as_f64().unwrap_or(0.0) / 1_048_576.0
    );
    host.end().await;
}
