//! The policy of `tests/guests` that misbehaves on order, built once a run, and questions to it.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, OnceLock};

use super::super::{Cache, LoadError, Origin, PluginEngine};
use super::types::{Context, Decision, Principal, Request, Resource, Settings};
use super::{ActivePolicy, PolicyPlugin};

const TARGET: &str = "wasm32-wasip2";

/// The component.
pub fn wasm() -> Vec<u8> {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    let file = BUILT.get_or_init(build).join("policies.wasm");
    std::fs::read(&file).unwrap_or_else(|e| panic!("{}: {e}", file.display()))
}

/// The component with a misdeed in its self-check.
pub fn with_self_check(misdeed: &str) -> Vec<u8> {
    let mut wasm = wasm();
    let mark = b"self-check: good        ";
    let at = (0..wasm.len()).find(|&at| wasm[at..].starts_with(mark));
    let order = format!("{:24}", format!("self-check: {misdeed}"));
    wasm[at.unwrap()..][..mark.len()].copy_from_slice(order.as_bytes());
    wasm
}

/// A component, loaded with an engine of its own.
pub fn load(wasm: &[u8]) -> Result<PolicyPlugin, LoadError> {
    let engine = PluginEngine::new().unwrap();
    PolicyPlugin::load(&engine, &cache(), "hostile", Origin::BuiltIn, wasm)
}

/// Compiled code that is kept between runs.
pub fn cache() -> Cache {
    Cache::open(&target().join("test-plugins"))
}

/// The policy, loaded once a run. Compiling it takes most of a test's time.
pub fn plugin() -> Arc<PolicyPlugin> {
    static LOADED: OnceLock<Arc<PolicyPlugin>> = OnceLock::new();
    Arc::clone(LOADED.get_or_init(|| Arc::new(load(&wasm()).unwrap())))
}

/// The policy with settings.
pub fn active(settings: &str) -> ActivePolicy {
    ActivePolicy::new(plugin(), text(settings)).unwrap()
}

/// Settings in the form `text`.
pub fn text(settings: &str) -> Settings {
    Settings {
        format: "text".into(),
        text: settings.into(),
    }
}

/// A question.
pub fn question(action: &str) -> Request {
    Request {
        principal: Principal {
            id: "7".into(),
            role: "PLAYER".into(),
            club: Some("1".into()),
            claims: vec![("name".into(), "Ana".into())],
        },
        action: action.into(),
        resource: Resource {
            kind: "session".into(),
            id: "sess_1_2".into(),
            club: Some("1".into()),
            owner: Some("7".into()),
            terrain: Some("1".into()),
        },
        context: Context {
            unix_seconds: 1_800_000_000,
            client_address: Some("192.0.2.1".into()),
        },
    }
}

/// Asks again where the machine was too busy to answer in time.
pub fn patiently(policy: &ActivePolicy, action: &str) -> Result<Decision, String> {
    let request = question(action);
    let hurried = |trap: &str| trap.starts_with("is busy") || trap.contains("on the clock");
    let mut answer = policy.decide(&request);
    for _ in 0..9 {
        match answer {
            Err(trap) if hurried(&trap) => answer = policy.decide(&request),
            _ => break,
        }
    }
    answer
}

/// Builds the guests and returns the folder that they are in.
fn build() -> PathBuf {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/guests/Cargo.toml");
    // A folder of its own, since the outer cargo may hold the lock of the other.
    let target = target().join("test-guests");
    let mut cargo = Command::new(env!("CARGO"));
    cargo
        .args(["build", "--release", "--locked", "--quiet"])
        .args(["-p", "padelvar-test-policies", "--target", TARGET])
        .arg("--manifest-path")
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
    let output = cargo.output().unwrap();
    assert!(
        output.status.success(),
        "the guests cannot be built (hint: rustup target add {TARGET}):\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    target.join(TARGET).join("release")
}

/// The target folder: this is `<target>/<profile>/deps/<this>`.
fn target() -> PathBuf {
    let this = std::env::current_exe().unwrap();
    this.ancestors().nth(3).unwrap().to_owned()
}
