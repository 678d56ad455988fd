//! `cargo xtask bench`.

use std::env::consts::EXE_SUFFIX;
use std::process::{Command, ExitCode};

use anyhow::Result;
use clap::{Subcommand, ValueEnum};

use crate::command::{self, cargo, target_dir};
use crate::setup;

/// What is measured.
#[derive(Subcommand)]
pub enum Benchmark {
    /// CPU of a recording beside plain FFmpeg, memory a camera, time until a camera is live
    Record {
        /// Only these parts
        #[arg(value_enum)]
        parts: Vec<Part>,
    },
}

/// A part of `record`.
#[derive(Clone, Copy, ValueEnum)]
pub enum Part {
    /// CPU of host and FFmpeg in copy mode
    Cost,
    /// Memory of the host a further camera
    Memory,
    /// From `create` to a camera that is live
    Live,
}

/// Sets up, builds in release mode and measures. Tables on stdout.
pub fn run(what: &Benchmark) -> Result<ExitCode> {
    setup::for_demo()?;
    match what {
        Benchmark::Record { parts } => record(parts),
    }
}

fn record(parts: &[Part]) -> Result<ExitCode> {
    // One by one, so that the host is built with its own features and no others.
    for build in [
        ["--package", "padelvar", "--bin", "padelvar"],
        ["--package", "simcam", "--bin", "simcam"],
        ["--package", "padelvar-tests", "--bin", "bench_record"],
    ] {
        command::run(cargo(["build", "--release"]).args(build))?;
    }
    let built = |name: &str| {
        let file = format!("{name}{EXE_SUFFIX}");
        target_dir().join("release").join(file)
    };
    let mut bench = Command::new(built("bench_record"));
    bench
        .args(parts.iter().map(|part| part.name()))
        .env("PADELVAR_BIN", built("padelvar"));
    command::run(&mut bench)?;
    Ok(ExitCode::SUCCESS)
}

impl Part {
    fn name(self) -> &'static str {
        match self {
            Self::Cost => "cost",
            Self::Memory => "memory",
            Self::Live => "live",
        }
    }
}
