//! `cargo xtask bench`.

use std::process::{Command, ExitCode};

use anyhow::Result;
use clap::{Subcommand, ValueEnum};

use crate::{command, programs, setup};

/// What is measured.
#[derive(Subcommand)]
pub enum Benchmark {
    /// CPU of a recording beside plain FFmpeg, memory a camera, time until a camera is live
    Record {
        /// Only these parts
        #[arg(value_enum)]
        parts: Vec<Part>,
    },
    /// CPU of a viewer of an MJPEG camera, and whether the recording beside it suffers
    Viewers {
        /// How many; 500 where nothing is said
        viewers: Option<u32>,
    },
    /// How long a new plugin takes to be in force, and whether anybody notices
    Plugins {
        /// Passed on: `live`, `swaps`, or both where nothing is said; `-- --help` lists them
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// How long `record/stop` takes at the end of a long recording
    Stop {
        /// Passed on: minutes, 90 where nothing is said, and `--write FILE`
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
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
        Benchmark::Record { parts } => {
            let parts = parts.iter().map(|part| part.name().to_owned());
            measure("bench_record", parts.collect())
        }
        Benchmark::Viewers { viewers } => {
            let viewers = viewers.iter().map(u32::to_string);
            measure("bench_viewers", viewers.collect())
        }
        Benchmark::Plugins { arguments } => measure("bench_plugins", arguments.clone()),
        Benchmark::Stop { arguments } => measure("bench_stop", arguments.clone()),
    }
}

/// Builds a program that measures, and runs it.
fn measure(program: &str, arguments: Vec<String>) -> Result<ExitCode> {
    programs::build(&[
        ("padelvar", "padelvar"),
        ("simcam", "simcam"),
        ("padelvar-tests", program),
    ])?;
    let mut bench = Command::new(programs::path("release", program));
    let host = programs::path("release", "padelvar");
    bench.args(arguments).env("PADELVAR_BIN", host);
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
