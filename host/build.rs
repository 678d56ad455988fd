//! Builds the built-in plugins as components and puts them where `plugins/builtin.rs` embeds
//! them from.

use std::path::{Path, PathBuf};
use std::process::Command;

const PLUGINS: &[&str] = &[
    "rtsp",
    "http-video",
    "mjpeg",
    "snapshot",
    "club-roles",
    "cedar",
];
const TARGET: &str = "wasm32-wasip2";

fn main() {
    let host = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let out = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo sets it"));
    let root = host
        .parent()
        .expect("the host is a folder of the workspace");
    for watched in [
        "plugins",
        "wit",
        "sdk/padelvar-sdk",
        "sdk/padelvar-policy-sdk",
    ] {
        watch(&root.join(watched));
    }

    embed_sdks(root, &out);
    let target_dir = out.join("plugins");
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo
        .args([
            "build",
            "--release",
            "--locked",
            "--target",
            TARGET,
            "--manifest-path",
        ])
        .arg(root.join("plugins/Cargo.toml"))
        .arg("--target-dir")
        .arg(&target_dir);
    // The guests are built for another machine: what the outer build was told is not theirs.
    for (key, _) in std::env::vars_os() {
        let name = key.to_string_lossy().into_owned();
        let outer = (name.starts_with("CARGO") && name != "CARGO_HOME")
            || name.ends_with("RUSTFLAGS")
            || name.starts_with("RUSTC");
        if outer {
            cargo.env_remove(&key);
        }
    }
    let status = cargo.status().expect("cargo could not be started");
    assert!(
        status.success(),
        "the built-in plugins could not be built; hint: rustup target add {TARGET}"
    );
    for plugin in PLUGINS {
        // Libraries have no hyphens in their names.
        let built = target_dir
            .join(TARGET)
            .join("release")
            .join(format!("{}.wasm", plugin.replace('-', "_")));
        let place = out.join(format!("{plugin}.wasm"));
        std::fs::copy(&built, &place)
            .unwrap_or_else(|error| panic!("{} is missing: {error}", built.display()));
    }
    let version = version(&root.join("plugins/Cargo.toml"));
    println!("cargo::rustc-env=PADELVAR_PLUGINS_VERSION={version}");
}

/// Lists the SDKs' sources and the WIT files for `cli/plugin/new`, which writes them into the
/// projects that it makes.
fn embed_sdks(root: &Path, out: &Path) {
    let adapter = ["sdk/padelvar-sdk", "wit/adapter/since_v0.1.0"];
    let policy = ["sdk/padelvar-policy-sdk", "wit/policy/since_v0.1.0"];
    let lists = [("ADAPTER_SOURCES", adapter), ("POLICY_SOURCES", policy)].map(|(name, parts)| {
        let mut files = Vec::new();
        for part in parts {
            collect(&root.join(part), &mut files);
        }
        files.sort();
        let lines: Vec<String> = files
            .iter()
            .map(|file| {
                let below = file.strip_prefix(root).expect("it was found below");
                // As texts in Rust's source.
                let (below, file) = (below.display().to_string(), file.display().to_string());
                format!("    ({below:?}, include_str!({file:?})),\n")
            })
            .collect();
        let lines = lines.concat();
        format!("const {name}: &[(&str, &str)] = &[\n{lines}];\n")
    });
    std::fs::write(out.join("sdk_sources.rs"), lists.concat()).expect("OUT_DIR can be written to");
}

/// Manifests, sources and WIT files below `dir`; tests stay behind.
fn collect(dir: &Path, files: &mut Vec<PathBuf>) {
    let entries = std::fs::read_dir(dir).expect("the SDKs and the WIT files are there");
    for entry in entries.flatten() {
        let path = entry.path();
        let kept = ["rs", "toml", "wit"];
        if path.is_dir() {
            if !["target", "tests"].contains(&&*entry.file_name().to_string_lossy()) {
                collect(&path, files);
            }
        } else if path
            .extension()
            .is_some_and(|e| kept.iter().any(|k| e == *k))
        {
            files.push(path);
        }
    }
}

/// The version of a workspace's packages: the first in its manifest.
fn version(manifest: &Path) -> String {
    let text = std::fs::read_to_string(manifest).expect("the plugins have a manifest");
    let mut lines = text.lines().map(str::trim);
    let line = lines.find(|line| line.starts_with("version = "));
    let quoted = line.and_then(|line| line.split('"').nth(1));
    quoted.expect("the plugins have a version").to_owned()
}

/// Asks cargo to run this again when a source below `dir` changes.
fn watch(dir: &Path) {
    for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
        let path = entry.path();
        let name = entry.file_name();
        if path.is_dir() {
            if name != "target" && name != "tests" {
                watch(&path);
            }
        } else {
            println!("cargo::rerun-if-changed={}", path.display());
        }
    }
    println!("cargo::rerun-if-changed={}", dir.display());
}
