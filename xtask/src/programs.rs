//! Programs of this repository that are built and run.

use std::env::consts::EXE_SUFFIX;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

use anyhow::{Context as _, Result};

use crate::command::{self, cargo, target_dir};

/// Builds programs in release mode, each given as its package and name. One by one, so that the
/// host is built with its own features and no others.
pub fn build(programs: &[(&str, &str)]) -> Result<()> {
    for (package, name) in programs {
        let words = ["build", "--release", "--package", package, "--bin", name];
        command::run(&mut cargo(words))?;
    }
    Ok(())
}

/// Where a program is once it was built in `debug` or `release`.
pub fn path(profile: &str, name: &str) -> PathBuf {
    let file = format!("{name}{EXE_SUFFIX}");
    target_dir().join(profile).join(file)
}

/// Runs a program and hands its exit code on.
pub fn run(program: &mut Command) -> Result<ExitCode> {
    eprintln!("\n$ {}", command::line(program));
    let status = program.status().context("it cannot be run")?;
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    Ok(code.map_or(ExitCode::FAILURE, ExitCode::from))
}
