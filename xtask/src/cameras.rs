//! `cargo xtask cameras`.

use std::process::{Command, ExitCode};

use anyhow::Result;

use crate::command::root;
use crate::{programs, setup};

/// Sets up, builds in release mode, and runs it in the root.
pub fn run(arguments: &[String]) -> Result<ExitCode> {
    setup::for_cameras()?;
    programs::build(&[
        ("padelvar", "padelvar"),
        ("simcam", "simcam"),
        ("padelvar-tests", "bench_cameras"),
    ])?;
    let mut cameras = Command::new(programs::path("release", "bench_cameras"));
    cameras
        .env("PADELVAR_BIN", programs::path("release", "padelvar"))
        .current_dir(root())
        .args(arguments);
    programs::run(&mut cameras)
}
