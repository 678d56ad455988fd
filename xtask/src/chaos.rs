//! `cargo xtask chaos`.

use std::env::consts::EXE_SUFFIX;
use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::time::Duration;

use anyhow::{Context as _, Result};

use crate::command::{self, cargo, root, target_dir};
use crate::setup;

/// The adapter that traps on order; a workspace of its own.
const GUESTS: &str = "tests/guests/Cargo.toml";
const TRAPS: &str = "fragile";
/// Bound of the minute: with the compiling of plugins before it and the judging after it.
const MINUTE_TAKES: Duration = Duration::from_mins(10);

/// Sets up, builds in release mode, and runs it in the root.
pub fn run(arguments: &[String]) -> Result<ExitCode> {
    setup::for_demo()?;
    // One by one, so that the host is built with its own features and no others.
    for build in [
        ["--package", "padelvar", "--bin", "padelvar"],
        ["--package", "padelvar-tests", "--bin", "chaos"],
    ] {
        command::run(cargo(["build", "--release"]).args(build))?;
    }
    guest()?;
    let mut chaos = program("release");
    chaos.args(arguments);
    eprintln!("\n$ {}", command::line(&chaos));
    let status = chaos.status().context("it cannot be run")?;
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    Ok(code.map_or(ExitCode::FAILURE, ExitCode::from))
}

/// A minute with a seed that does not change, with the debug binaries that are there already.
pub fn minute() -> Result<()> {
    guest()?;
    let mut chaos = program("debug");
    command::run_within(chaos.args(["--minutes", "1", "--seed", "1"]), MINUTE_TAKES)
}

fn guest() -> Result<()> {
    let package = format!("padelvar-test-{TRAPS}");
    let words = ["build", "--release", "--locked", "--manifest-path", GUESTS];
    let mut build = cargo(words);
    build.args(["--target", "wasm32-wasip2", "--package", &package]);
    command::run(build.env("CARGO_TARGET_DIR", guests()))
}

/// Where the end-to-end tests build them, too.
fn guests() -> PathBuf {
    target_dir().join("test-guests")
}

/// The program, with the host and the guest that were built beside it.
fn program(profile: &str) -> Command {
    let built = |name: &str| {
        let file = format!("{name}{EXE_SUFFIX}");
        target_dir().join(profile).join(file)
    };
    let guest = guests().join("wasm32-wasip2/release");
    let mut chaos = Command::new(built("chaos"));
    chaos
        .env("PADELVAR_BIN", built("padelvar"))
        .env("PADELVAR_FRAGILE", guest.join(TRAPS).with_extension("wasm"))
        .current_dir(root())
        .arg("--keep")
        .arg(target_dir().join("chaos"));
    chaos
}
