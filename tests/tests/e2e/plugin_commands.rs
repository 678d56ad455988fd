//! The commands for authors of plugins: record, replay, test.

use std::path::Path;

use padelvar_tests::command::{Said, padelvar};
use padelvar_tests::{cameras, files, machine};
use serde_json::Value;
use simcam::{RtspConfig, Scheme};
use tempfile::TempDir;

fn folder() -> TempDir {
    TempDir::with_prefix("padelvar-e2e-desk-").expect("a folder can be made")
}

async fn suite(folder: &Path, words: &[&str]) -> Value {
    let words = [&["plugin", "test"], words, &["--json"]].concat();
    let said = padelvar(folder, &words).await;
    let report: Value = serde_json::from_str(&said.stdout).expect("JSON alone");
    assert_eq!(said.code == Some(0), report["ok"] == true, "{said:#?}");
    report
}

fn assert_passed(report: &Value, at_least: usize) {
    assert_eq!(report["ok"], true, "{report:#}");
    assert_eq!(report["failed"], 0, "{report:#}");
    let passed = report["passed"].as_u64().expect("a number");
    assert!(passed >= at_least as u64, "{report:#}");
}

#[tokio::test]
async fn a_recorded_camera_is_played_again() {
    let _shared = machine::shared().await;
    let camera = cameras::rtsp(RtspConfig {
        clip: cameras::h264(),
        auth: cameras::account(Scheme::DigestMd5),
        ..RtspConfig::default()
    })
    .await;
    let folder = folder();
    let path = folder.path();
    files::write_private(&path.join("password"), &format!("{}\n", cameras::ACCOUNT.1));
    let record = async |more: &[&str]| -> Said {
        let words = ["plugin", "record", camera.url(), "--seconds", "3"];
        padelvar(path, &[&words, more].concat()).await
    };
    let account = [
        "--username",
        cameras::ACCOUNT.0,
        "--password-file",
        "password",
    ];
    let said = record(&[&account[..], &["--out", "a.cassette", "--json"]].concat())
        .await
        .ended(0);
    let report: Value = serde_json::from_str(&said.stdout).expect("JSON alone");
    assert_eq!(report["adapter"], "rtsp", "{report}");
    assert_eq!(report["tracks"][0]["codec"], "h264", "{report}");
    let pictures = report["pictures"].as_u64().expect("a number");
    assert!(
        pictures > 20 && report["keyframes"].as_u64() >= Some(1),
        "{report}"
    );
    let cassette = std::fs::read_to_string(path.join("a.cassette")).expect("it was written");
    assert!(
        !cassette.contains(cameras::ACCOUNT.1),
        "the password is in it"
    );
    // A cassette is never overwritten.
    let again = record(&[&account[..], &["--out", "a.cassette"]].concat())
        .await
        .ended(1);
    assert!(again.stderr.contains("exists already"), "{again:?}");
    // Without the password there is no picture; what was said is kept all the same.
    let refused = record(&["--out", "b.cassette"]).await.ended(1);
    assert!(
        refused.stderr.contains("user name and password"),
        "{refused:?}"
    );
    assert!(path.join("b.cassette").exists());
    camera.stop().await;

    let words = ["plugin", "test", "rtsp", "--replay", "a.cassette"];
    let first = padelvar(path, &words).await.ended(0);
    assert!(
        first.stdout.contains(&format!("{pictures} packets")),
        "{first:?}"
    );
    assert!(first.stdout.contains("the same build"), "{first:?}");
    assert_eq!(padelvar(path, &words).await.ended(0).stdout, first.stdout);
    // Another adapter goes another way from the first event on.
    let words = [
        "plugin",
        "test",
        "mjpeg",
        "--replay",
        "a.cassette",
        "--json",
    ];
    let said = padelvar(path, &words).await.ended(1);
    let report: Value = serde_json::from_str(&said.stdout).expect("JSON alone");
    assert_eq!(report["diverged"]["event"], 0, "{report}");
    // A picture that is not the recorded one.
    let (before, digest) = cassette
        .split_once("\"sha256\":\"")
        .expect("there are digests");
    let other = format!("{before}\"sha256\":\"0000{}", &digest[4..]);
    std::fs::write(path.join("c.cassette"), other).expect("it can be written");
    let words = ["plugin", "test", "rtsp", "--replay", "c.cassette"];
    let said = padelvar(path, &words).await.ended(1);
    assert!(said.stdout.contains("the pictures differ"), "{said:?}");
    // No cassette, and one of a format to come.
    std::fs::write(path.join("d.cassette"), "no cassette").expect("it can be written");
    std::fs::write(path.join("e.cassette"), "{\"cassette\": 9}").expect("it can be written");
    for (file, told) in [
        ("d.cassette", "no cassette"),
        ("e.cassette", "version 9"),
        ("f", "cannot read"),
    ] {
        let said = padelvar(path, &["plugin", "test", "rtsp", "--replay", file])
            .await
            .ended(1);
        assert!(said.stderr.contains(told), "{said:?}");
    }
}

#[tokio::test]
async fn the_built_in_adapters_pass_the_suite() {
    let _shared = machine::shared().await;
    let folder = folder();
    for (name, cases) in [("rtsp", 33), ("mjpeg", 30), ("snapshot", 30)] {
        assert_passed(&suite(folder.path(), &[name]).await, cases);
    }
}

#[tokio::test]
async fn the_built_in_policies_pass_the_suite() {
    let _shared = machine::shared().await;
    let folder = folder();
    for name in ["club-roles", "cedar"] {
        assert_passed(&suite(folder.path(), &[name]).await, 16);
    }
    let table = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/expectations.toml");
    let report = suite(folder.path(), &["club-roles", "--table", table]).await;
    assert_passed(&report, 17);
    std::fs::write(folder.path().join("bad.json"), "{\"nonsense\": 1}").expect("it can be written");
    let report = suite(folder.path(), &["club-roles", "--settings", "bad.json"]).await;
    assert_eq!(report["ok"], false, "{report:#}");
}

#[tokio::test]
async fn what_is_no_plugin_is_refused() {
    let _shared = machine::shared().await;
    let folder = folder();
    std::fs::write(folder.path().join("text.wasm"), "no component").expect("it can be written");
    for (file, told) in [
        ("text.wasm", "not accepted"),
        ("missing.wasm", "cannot read"),
    ] {
        let said = padelvar(folder.path(), &["plugin", "test", file])
            .await
            .ended(1);
        assert!(said.stderr.contains(told), "{said:?}");
    }
    let words = [
        "plugin",
        "record",
        "rtsp://nobody:hunter22@",
        "--out",
        "x.cassette",
    ];
    let said = padelvar(folder.path(), &words).await.ended(1);
    assert!(!said.stderr.contains("hunter22"), "{said:?}");
}
