//! `cargo xtask cameras`.

use std::env::consts::EXE_SUFFIX;
use std::process::{Command, ExitCode};

use anyhow::{Context as _, Result};

use crate::command::{self, cargo, root, target_dir};
use crate::setup;

/// Sets up, builds in release mode, and runs it in the root.
pub fn run(arguments: &[String]) -> Result<ExitCode> {
    setup::for_cameras()?;
    // One by one, so that the host is built with its own features and no others.
    for build in [
        ["--package", "padelvar", "--bin", "padelvar"],
        ["--package", "simcam", "--bin", "simcam"],
        ["--package", "padelvar-tests", "--bin", "bench_cameras"],
    ] {
        command::run(cargo(["build", "--release"]).args(build))?;
    }
    let built = |name: &str| {
        let file = format!("{name}{EXE_SUFFIX}");
        target_dir().join("release").join(file)
    };
    let mut cameras = Command::new(built("bench_cameras"));
    cameras
        .env("PADELVAR_BIN", built("padelvar"))
        .current_dir(root())
        .args(arguments);
    eprintln!("\n$ {}", command::line(&cameras));
    let status = cameras.status().context("it cannot be run")?;
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    Ok(code.map_or(ExitCode::FAILURE, ExitCode::from))
}
