//! `plugin new`: what it makes builds, passes its tests, and runs as it is.

use std::path::Path;

use padelvar_tests::cameras::{self, ACCOUNT, small_http};
use padelvar_tests::command::padelvar;
use padelvar_tests::{Config, files, machine};
use simcam::{HttpConfig, Scheme};
use tempfile::TempDir;

use super::{guests, stage};

fn folder() -> TempDir {
    TempDir::with_prefix("padelvar-e2e-new-").expect("a folder can be made")
}

#[tokio::test]
async fn a_new_adapter_records_as_it_is() {
    let _shared = machine::shared().await;
    let folder = folder();
    let words = ["plugin", "new", "adapter", "court-cam"];
    let said = padelvar(folder.path(), &words).await.ended(0);
    for next in [
        "cargo test",
        "wasm32-wasip2",
        "court_cam.wasm",
        "adapter = \"court-cam\"",
    ] {
        assert!(said.stdout.contains(next), "{said:?}");
    }
    let project = folder.path().join("court-cam");
    guests::test(&project);
    let wasm = guests::component(&project, "court_cam.wasm");
    eprintln!("court_cam.wasm: {} bytes", wasm.len());

    // As its README says, and with a password.
    let camera = cameras::http(HttpConfig {
        auth: cameras::account(Scheme::DigestMd5),
        ..small_http()
    })
    .await;
    let url = camera.url().replace("/stream.mjpeg", "/snapshot.jpg");
    let (user, password) = ACCOUNT;
    let config = Config::new().camera(&format!(
        "url = {url:?}\nadapter = \"court-cam\"\noptions = {{ period_ms = 100 }}\n\
         username = {user:?}\npassword = {password:?}"
    ));
    let host = stage::host(&config, &[("court-cam", &wasm)]).await;
    let video = stage::record(&host, 1).await;
    assert_eq!((video.codec.as_str(), video.size), ("h264", (320, 180)));
    assert!((2.5..4.0).contains(&video.duration), "{}", video.duration);
    host.end().await;
}

#[tokio::test]
async fn a_new_policy_decides_as_it_is() {
    let _shared = machine::shared().await;
    let folder = folder();
    let words = ["plugin", "new", "policy", "House-rules", "--out", "deep/er"];
    let said = padelvar(folder.path(), &words).await.ended(0);
    assert!(said.stdout.contains("plugin = \"House-rules\""), "{said:?}");
    let project = folder.path().join("deep/er");
    guests::test(&project);
    let wasm = guests::component(&project, "house_rules.wasm");
    eprintln!("house_rules.wasm: {} bytes", wasm.len());
    assert_other_versions_are_told(folder.path(), &wasm).await;

    let config = Config::new()
        .url("rtsp://127.0.0.1:9/")
        .more("[policy]\nplugin = \"House-rules\"\nsettings = { player_minutes = 3 }");
    let host = stage::host(&config, &[("House-rules", &wasm)]).await;
    stage::coaches_and_three_minutes(&host).await;
    host.end().await;
}

/// The same component as if it were made for another version of its world.
fn of_version(wasm: &[u8], version: [u8; 5]) -> Vec<u8> {
    let mut wasm = wasm.to_vec();
    let name = b"padelvar:policy/policy@";
    let places: Vec<usize> = (0..wasm.len())
        .filter(|at| wasm[*at..].starts_with(name))
        .collect();
    assert!(!places.is_empty(), "the component names its world");
    for at in places {
        let version_at = at + name.len();
        wasm[version_at..version_at + version.len()].copy_from_slice(&version);
    }
    wasm
}

async fn assert_other_versions_are_told(folder: &Path, wasm: &[u8]) {
    for (version, told) in [
        (*b"0.2.0", "it needs a newer host"),
        (
            *b"0.0.9",
            "it needs an older host, or to be built again for this one",
        ),
    ] {
        let file = folder.join("other.wasm");
        std::fs::write(&file, of_version(wasm, version)).expect("a file can be written");
        let said = padelvar(folder, &["plugin", "inspect", "other.wasm"])
            .await
            .ended(1);
        let version = String::from_utf8_lossy(&version);
        let told = format!("made for padelvar:policy@{version}, this host has 0.1.0: {told}");
        assert!(said.stderr.contains(&told), "{said:?}");
    }
}

#[tokio::test]
async fn names_and_folders_are_checked() {
    let folder = folder();
    let new = async |words: &[&str]| {
        let words = [&["plugin", "new"], words].concat();
        padelvar(folder.path(), &words).await
    };
    for (name, told) in [
        ("my_cam", "hint: my-cam"),
        ("4k", "hint: k"),
        ("loop", "word of Rust"),
        ("../up", "hint: up"),
        ("", "1 to 40"),
    ] {
        let said = new(&["adapter", name]).await.ended(2);
        assert!(said.stderr.contains(told), "{name}: {said:?}");
    }
    let said = new(&["gadget", "a"]).await.ended(2);
    assert!(said.stderr.contains("adapter, policy"), "{said:?}");
    assert!(files::entries(folder.path()).is_empty());

    let said = new(&["adapter", "rtsp"]).await.ended(0);
    assert!(said.stderr.contains("built-in adapter"), "{said:?}");
    let before = files::below(&folder.path().join("rtsp"));
    let said = new(&["policy", "other", "--out", "rtsp"]).await.ended(1);
    assert!(said.stderr.contains("hint:"), "{said:?}");
    assert_eq!(files::below(&folder.path().join("rtsp")), before);
    // Somebody's file is no folder, and stays.
    let said = new(&["policy", "other", "--out", "rtsp/README.md"])
        .await
        .ended(1);
    assert!(said.stderr.contains("README.md"), "{said:?}");
    let said = new(&["policy", "other", "--out", "rtsp/README.md/x"])
        .await
        .ended(1);
    assert!(said.stderr.contains("README.md"), "{said:?}");
    assert_eq!(files::entries(folder.path()).len(), 1);
    assert!(Path::new(&folder.path().join("rtsp/README.md")).is_file());
}
