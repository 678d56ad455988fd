//! Cameras of many kinds, recorded by the real host and judged. `cargo xtask cameras` builds what
//! it needs and runs it.
//!
//! Everything is on loopback and ends with this program, also on Ctrl-C.
#![forbid(unsafe_code)]

mod camera;
mod combination;
mod cost;
mod grid;
mod long;
mod matrix;
mod recording;
mod table;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Records cameras of many kinds and judges the files.
#[derive(Parser)]
#[command(name = "cargo xtask cameras", bin_name = "cargo xtask cameras")]
struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Records for long: is sound in step with the pictures, and the file with the camera's clock?
    Long(long::Options),
    /// Records every server with every transport, codec, sound and account
    Matrix(matrix::Options),
    /// Processor time of a stream over UDP beside one over TCP
    Cost(cost::Options),
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    // What is measured is dropped with the future, and its processes with it.
    tokio::select! {
        code = run(arguments) => code,
        _ = tokio::signal::ctrl_c() => ExitCode::FAILURE,
    }
}

async fn run(arguments: Arguments) -> ExitCode {
    let kept = match arguments.what {
        What::Long(options) => long::run(&options).await,
        What::Matrix(options) => matrix::run(&options).await,
        What::Cost(options) => cost::run(&options).await,
    };
    if kept {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
