//! `cargo xtask`: set-up, build, demo, tests and benchmarks of the whole repository, the same on
//! every machine and in CI.
#![forbid(unsafe_code)]

mod bench;
mod cameras;
mod chaos;
mod command;
mod demo;
mod deny;
mod fuzz;
mod programs;
mod setup;
mod summary;
mod test;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Set-up, build, demo and tests.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Does the set-up, builds in release mode and runs `padelvar demo`
    Demo {
        /// Passed on to `padelvar demo`, for example `--seconds 20`
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Does the set-up, then every check and test there is
    Test,
    /// Does the set-up that the tests need, and nothing else
    Setup,
    /// Does the set-up, builds in release mode and measures
    Bench {
        #[command(subcommand)]
        what: bench::Benchmark,
    },
    /// Does the set-up, builds in release mode, injects faults and judges what they took
    Chaos {
        /// Passed on, for example `--minutes 8 --seed 1,2`, `kills` or `soak`; `-- --help` lists them
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Runs the fuzz targets of adapters and of the SDK below them
    Fuzz {
        /// For example `rtsp mjpeg`; all unless named
        adapters: Vec<String>,
        /// How long for an adapter, divided among its targets
        #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..))]
        minutes: u64,
    },
    /// Does the set-up, builds in release mode, records cameras of many kinds and judges the files
    Cameras {
        /// Passed on, for example `long --minutes 60`; `-- --help` lists them
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
}

fn main() -> ExitCode {
    let done = match Arguments::parse().task {
        Task::Demo { arguments } => demo::run(&arguments),
        Task::Test => test::run(),
        Task::Setup => setup::for_test().map(|()| ExitCode::SUCCESS),
        Task::Bench { what } => bench::run(&what),
        Task::Chaos { arguments } => chaos::run(&arguments),
        Task::Fuzz { adapters, minutes } => fuzz::run(&adapters, minutes),
        Task::Cameras { arguments } => cameras::run(&arguments),
    };
    match done {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
