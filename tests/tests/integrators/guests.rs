//! Builds guests as their authors would.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

const TARGET: &str = "wasm32-wasip2";

/// A folder of the repository.
pub fn repository(path: &str) -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.with_file_name(path)
}

/// Tests are in `<target>/<profile>/deps`.
pub fn target() -> PathBuf {
    let this = std::env::current_exe().expect("this process has an executable");
    let target = this.ancestors().nth(3).expect("it is in a target folder");
    target.to_owned()
}

/// Runs a project's own tests, natively.
pub fn test(project: &Path) {
    cargo(project, &["test", "--quiet"]);
}

/// Builds a project's component; its bytes.
pub fn component(project: &Path, file: &str) -> Vec<u8> {
    cargo(
        project,
        &["build", "--release", "--quiet", "--target", TARGET],
    );
    let built = folder().join(TARGET).join("release").join(file);
    std::fs::read(&built).unwrap_or_else(|error| panic!("{}: {error}", built.display()))
}

/// One folder for all of them, so that what they share is built once; not the outer cargo's,
/// which holds the lock of its own.
fn folder() -> PathBuf {
    target().join("test-integrators")
}

fn cargo(project: &Path, words: &[&str]) {
    let mut cargo = Command::new(env!("CARGO"));
    cargo
        .args(words)
        .current_dir(project)
        .env("CARGO_TARGET_DIR", folder());
    // What the outer build was told is not theirs; the toolchain that it uses is, since a test
    // must not fetch another one.
    for (key, _) in std::env::vars_os() {
        let name = key.to_string_lossy().into_owned();
        let kept = ["CARGO_HOME", "CARGO_TARGET_DIR"].contains(&name.as_str());
        let outer = name.starts_with("CARGO") || name.ends_with("RUSTFLAGS");
        if (outer || name.starts_with("RUSTC")) && !kept {
            cargo.env_remove(&key);
        }
    }
    run(cargo.env("CARGO_TARGET_DIR", folder()));
}

/// Runs a command that must succeed; what it printed.
pub fn run(command: &mut Command) -> String {
    let shown = command.get_program().to_string_lossy().into_owned();
    let words: Vec<_> = command.get_args().map(OsStr::to_string_lossy).collect();
    let line = format!("{shown} {}", words.join(" "));
    let output = command
        .output()
        .unwrap_or_else(|error| panic!("`{line}` cannot be run: {error}"));
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(
        output.status.success(),
        "`{line}` failed\n{}\n{}",
        text(&output.stdout),
        text(&output.stderr)
    );
    text(&output.stdout)
}
