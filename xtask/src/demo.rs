//! `cargo xtask demo`.

use std::env::consts::EXE_SUFFIX;
use std::process::{Command, ExitCode};

use anyhow::{Context as _, Result};

use crate::command::{self, cargo, target_dir};
use crate::setup;

/// Sets up, builds, and becomes `padelvar demo` in the folder where the user is.
pub fn run(arguments: &[String]) -> Result<ExitCode> {
    setup::for_demo()?;
    command::run(&mut cargo(["build", "--release", "--package", "padelvar"]))?;
    let binary = target_dir()
        .join("release")
        .join(format!("padelvar{EXE_SUFFIX}"));
    let mut demo = Command::new(&binary);
    demo.arg("demo").args(arguments);
    eprintln!("\n$ {}", command::line(&demo));
    replace_with(&mut demo).with_context(|| format!("cannot run {}", binary.display()))
}

/// Signals and the exit code then are the demo's own. Returns only with an error.
#[cfg(unix)]
fn replace_with(command: &mut Command) -> std::io::Result<ExitCode> {
    use std::os::unix::process::CommandExt as _;
    Err(command.exec())
}

#[cfg(not(unix))]
fn replace_with(command: &mut Command) -> std::io::Result<ExitCode> {
    let code = command
        .status()?
        .code()
        .and_then(|code| u8::try_from(code).ok());
    Ok(code.map_or(ExitCode::FAILURE, ExitCode::from))
}
