//! `cargo xtask chaos`.

use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::time::Duration;

use anyhow::Result;

use crate::command::{self, cargo, root, target_dir};
use crate::{programs, setup};

/// The adapter that traps on order; a workspace of its own.
const GUESTS: &str = "tests/guests/Cargo.toml";
const TRAPS: &str = "fragile";
/// Bound of the minute: with the compiling of plugins before it and the judging after it.
const MINUTE_TAKES: Duration = Duration::from_mins(10);

/// Sets up, builds in release mode, and runs it in the root.
pub fn run(arguments: &[String]) -> Result<ExitCode> {
    setup::for_demo()?;
    programs::build(&[("padelvar", "padelvar"), ("padelvar-tests", "chaos")])?;
    guest()?;
    let mut chaos = program("release");
    chaos.args(arguments);
    programs::run(&mut chaos)
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
    let guest = guests().join("wasm32-wasip2/release");
    let mut chaos = Command::new(programs::path(profile, "chaos"));
    chaos
        .env("PADELVAR_BIN", programs::path(profile, "padelvar"))
        .env("PADELVAR_FRAGILE", guest.join(TRAPS).with_extension("wasm"))
        .current_dir(root())
        .arg("--keep")
        .arg(target_dir().join("chaos"));
    chaos
}
