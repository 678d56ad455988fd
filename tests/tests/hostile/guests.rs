//! The components of `tests/guests`, built once a run.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

const TARGET: &str = "wasm32-wasip2";

/// The adapter that misbehaves on order.
pub fn hostile() -> Vec<u8> {
    read("hostile")
}

/// The policy that misbehaves on order, and allows all else.
pub fn policy() -> Vec<u8> {
    read("policies")
}

/// A good component that is no adapter.
pub fn otherworld() -> Vec<u8> {
    read("otherworld")
}

/// What the hostile adapter's source says of its self-check, in the component's file.
const SELF_CHECK: &[u8; 24] = b"self-check: good        ";

/// The hostile adapter with a misdeed in its self-check.
pub fn with_self_check(misdeed: &str) -> Vec<u8> {
    let mut wasm = hostile();
    let found: Vec<usize> = (0..wasm.len())
        .filter(|&at| wasm[at..].starts_with(SELF_CHECK))
        .collect();
    assert_eq!(found.len(), 1, "the mark stands once in the component");
    let order = format!("{:24}", format!("self-check: {misdeed}"));
    assert_eq!(order.len(), SELF_CHECK.len(), "{misdeed} is too long");
    wasm[found[0]..][..SELF_CHECK.len()].copy_from_slice(order.as_bytes());
    wasm
}

fn read(name: &str) -> Vec<u8> {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    let file = BUILT.get_or_init(build).join(name).with_extension("wasm");
    std::fs::read(&file).unwrap_or_else(|e| panic!("{}: {e}", file.display()))
}

/// Builds them and returns the folder that they are in.
fn build() -> PathBuf {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("guests/Cargo.toml");
    // `<target>/<profile>/deps/<this>`; a folder of its own, since the outer cargo holds the
    // lock of the other.
    let this = std::env::current_exe().expect("this process has an executable");
    let target = this.ancestors().nth(3).expect("it is in a target folder");
    let target = target.join("test-guests");
    let mut cargo = Command::new(env!("CARGO"));
    cargo
        .args(["build", "--release", "--locked", "--quiet"])
        .args(["--target", TARGET, "--manifest-path"])
        .arg(manifest)
        .arg("--target-dir")
        .arg(&target);
    // They are built for another machine: what the outer build was told is not theirs.
    for (key, _) in std::env::vars_os() {
        let name = key.to_string_lossy().into_owned();
        let outer = (name.starts_with("CARGO") && name != "CARGO_HOME")
            || name.ends_with("RUSTFLAGS")
            || name.starts_with("RUSTC");
        if outer {
            cargo.env_remove(&key);
        }
    }
    let output = cargo.output().expect("cargo can be started");
    assert!(
        output.status.success(),
        "the guests cannot be built (hint: rustup target add {TARGET}):\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    target.join(TARGET).join("release")
}
