//! `trust`: any, pinned, signed.

use std::fs;
use std::path::Path;

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use padelvar_tests::command::{Said, padelvar};
use padelvar_tests::{Config, files, machine, versions};

use crate::guests;
use crate::stage::{Stage, list, mode, rejected};

fn configure(stage: &Stage, trust: &str) {
    let plugins = format!("[plugins]\ndir = \"plugins\"\n{trust}");
    let text = Config::new().more(&plugins).text();
    files::write_private(&stage.folder().join("padelvar.toml"), &text);
}

async fn approve(stage: &Stage, words: &[&str]) -> Said {
    let all = [&["plugin", "approve"], words].concat();
    padelvar(stage.folder(), &all).await
}

async fn state(stage: &Stage, name: &str) -> String {
    let plugins = list(stage).await;
    let line = plugins.iter().find(|plugin| plugin["name"] == name);
    let line = line.unwrap_or_else(|| panic!("{name} is not listed: {plugins:#?}"));
    line["state"].as_str().expect("it has one").to_owned()
}

#[tokio::test]
async fn pinned_files_are_those_that_somebody_approved() {
    let _shared = machine::shared().await;
    let stage = Stage::new();
    let first = guests::hostile();
    let file = stage.plugin("vendor", &first);
    let path = file.to_str().expect("paths are text");
    configure(&stage, "trust = \"pinned\"");
    let reason = rejected(&list(&stage).await, "vendor");
    assert!(reason.contains("plugins.lock does not exist"), "{reason}");
    assert!(
        reason.contains("hint: `padelvar plugin approve FILE`"),
        "{reason}"
    );

    let said = approve(&stage, &[path]).await.ended(0);
    assert!(
        said.stdout.starts_with("adapter vendor approved: "),
        "{said:?}"
    );
    assert_eq!(state(&stage, "vendor").await, "active");
    let lock = stage.folder().join("plugins.lock");
    let text = fs::read_to_string(&lock).expect("it was written");
    assert!(text.contains("name = \"vendor\""), "{text}");

    // Another content by the same name is another plugin.
    stage.plugin("vendor", &versions::another(&first, 2));
    let reason = rejected(&list(&stage).await, "vendor");
    assert!(
        reason.contains("it is not the `vendor` that plugins.lock approves"),
        "{reason}"
    );
    // And the same content by another name.
    stage.plugin("rtsp", &first);
    let reason = rejected(&list(&stage).await, "rtsp");
    assert!(reason.contains("does not approve `rtsp`"), "{reason}");
    let said = approve(&stage, &[path]).await.ended(0);
    assert!(said.stdout.contains(" → "), "{said:?}");
    assert_eq!(state(&stage, "vendor").await, "active");

    let said = approve(&stage, &["--list", "--json"]).await.ended(0);
    let listed: serde_json::Value = serde_json::from_str(&said.stdout).expect("JSON");
    assert_eq!(listed[0]["name"], "vendor");
    let _ = approve(&stage, &["--remove", "vendor"]).await.ended(0);
    let said = approve(&stage, &["--remove", "vendor"]).await.ended(1);
    assert!(said.stderr.contains("`vendor` is not approved"), "{said:?}");
    let reason = rejected(&list(&stage).await, "vendor");
    assert!(reason.contains("does not approve `vendor`"), "{reason}");

    // What this host would not load is not approved.
    let broken = stage.plugin("broken", &first[..first.len() / 2]);
    let said = approve(&stage, &[broken.to_str().expect("text")])
        .await
        .ended(1);
    assert!(
        said.stderr.contains("is not approved: not a WebAssembly"),
        "{said:?}"
    );
    let said = approve(&stage, &[path, "--name", "club-roles"])
        .await
        .ended(1);
    assert!(
        said.stderr.contains("name of a built-in policy"),
        "{said:?}"
    );
    let _ = approve(&stage, &[]).await.ended(2);

    // A lock that others may write to, or that is broken, approves nothing.
    let _ = approve(&stage, &[path]).await.ended(0);
    mode(&lock, 0o666);
    let reason = rejected(&list(&stage).await, "vendor");
    assert!(
        reason.contains("plugins.lock may be written by group or others"),
        "{reason}"
    );
    mode(&lock, 0o644);
    let good = fs::read_to_string(&lock).expect("it is there");
    fs::write(&lock, good.replace("sha256", "sha512")).expect("it can be written");
    let reason = rejected(&list(&stage).await, "vendor");
    assert!(reason.contains("plugins.lock:"), "{reason}");
    let said = approve(&stage, &[path]).await.ended(1);
    assert!(said.stderr.contains("sha512"), "{said:?}");
}

#[tokio::test]
async fn a_policy_of_the_binary_is_replaced_by_what_is_approved_only() {
    let _shared = machine::shared().await;
    let stage = Stage::new();
    let file = stage.plugin("club-roles", &guests::policy());
    let path = file.to_str().expect("paths are text");
    configure(&stage, "trust = \"any\"");
    let reason = rejected(&list(&stage).await, "club-roles");
    assert!(
        reason.contains("never takes the place of the built-in policy"),
        "{reason}"
    );
    let said = approve(&stage, &[path]).await.ended(0);
    assert!(
        said.stderr
            .contains("counts only where `trust = \"pinned\"`"),
        "{said:?}"
    );
    configure(&stage, "trust = \"pinned\"");
    let plugins = list(&stage).await;
    let lines: Vec<_> = plugins
        .iter()
        .filter(|line| line["name"] == "club-roles")
        .collect();
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert_eq!(
        (&lines[0]["state"], &lines[0]["built_in"]),
        (&"active".into(), &false.into())
    );
}

/// Signs as minisign did before it hashed first; the host's own tests hold the newer form.
fn sign(pair: &Ed25519KeyPair, file: &Path) {
    let content = fs::read(file).expect("it is there");
    let signature = pair.sign(&content);
    let comment = "timestamp:1800000000\tfile:vendor.wasm";
    let bound = [signature.as_ref(), comment.as_bytes()].concat();
    let text = format!(
        "untrusted comment: \n{}\ntrusted comment: {comment}\n{}\n",
        BASE64_STANDARD.encode([b"Ed", &[7; 8][..], signature.as_ref()].concat()),
        BASE64_STANDARD.encode(pair.sign(&bound)),
    );
    let path = file.with_extension("wasm.minisig");
    fs::write(&path, text).expect("it can be written");
    mode(&path, 0o644);
}

#[tokio::test]
async fn signed_files_are_those_that_a_key_signed() {
    let _shared = machine::shared().await;
    let stage = Stage::new();
    let file = stage.plugin("vendor", &guests::hostile());
    let (ours, other) = (Ed25519KeyPair::generate(), Ed25519KeyPair::generate());
    let (ours, other) = (ours.expect("a key"), other.expect("a key"));
    let key = [b"Ed", &[7; 8][..], ours.public_key().as_ref()].concat();
    let key = BASE64_STANDARD.encode(key);
    configure(
        &stage,
        &format!("trust = \"signed\"\npublic_keys = [{key:?}]"),
    );
    let told = async || rejected(&list(&stage).await, "vendor");
    let reason = told().await;
    assert!(
        reason.contains("no signature vendor.wasm.minisig beside it"),
        "{reason}"
    );
    sign(&other, &file);
    let reason = told().await;
    assert!(reason.contains("its signature does not fit"), "{reason}");
    sign(&ours, &file);
    assert_eq!(state(&stage, "vendor").await, "active");
    stage.plugin("vendor", &versions::another(&guests::hostile(), 3));
    let reason = told().await;
    assert!(reason.contains("its signature does not fit"), "{reason}");
}
