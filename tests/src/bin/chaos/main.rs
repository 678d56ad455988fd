//! Faults on purpose, and what they took. `cargo xtask chaos` builds what it needs and runs it.
//!
//! Everything is on loopback and ends with this program, also on Ctrl-C.
#![forbid(unsafe_code)]

mod faults;
mod kills;
mod soak;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use padelvar_tests::document;
use serde_json::Value;

/// Records simulated cameras while faults strike by a plan of chance, and judges every file
/// against what the cameras sent.
#[derive(Parser)]
#[command(name = "cargo xtask chaos", bin_name = "cargo xtask chaos")]
struct Arguments {
    #[command(subcommand)]
    what: Option<What>,
    #[command(flatten)]
    faults: faults::Options,
    /// JSON on stdout instead of tables
    #[arg(long, global = true)]
    json: bool,
    /// Also write the tables into this document, between the marks that are there for them
    #[arg(long, global = true, value_name = "FILE")]
    write: Option<PathBuf>,
    /// Where the files of a run are kept in which a promise was broken
    #[arg(
        long,
        global = true,
        value_name = "FOLDER",
        default_value = "target/chaos"
    )]
    keep: PathBuf,
}

#[derive(Subcommand)]
enum What {
    /// The faults of every kind: what is done where nothing is said
    Faults(faults::Options),
    /// Host and FFmpeg are killed together, again and again
    Kills(kills::Options),
    /// A long recording: whether the host grows
    Soak(soak::Options),
}

/// What was found.
pub struct Report {
    /// The marks in the document between which it belongs.
    pub section: &'static str,
    /// For people.
    pub text: String,
    /// For programs.
    pub json: Value,
    /// Promises that are broken.
    pub broken: Vec<String>,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    // Whoever awaits a task that panics tells why, once.
    std::panic::set_hook(Box::new(|_| {}));
    let (what, keep) = (arguments.what, arguments.keep);
    let work = tokio::spawn(async move {
        match what {
            Some(What::Faults(options)) => faults::run(&options, &keep).await,
            Some(What::Kills(options)) => kills::run(&options, &keep).await,
            Some(What::Soak(options)) => soak::run(&options, &keep).await,
            None => faults::run(&arguments.faults, &keep).await,
        }
    });
    // What runs is dropped with the task, and its processes with it.
    let stop = work.abort_handle();
    let report = tokio::select! {
        report = work => report,
        _ = tokio::signal::ctrl_c() => {
            stop.abort();
            return ExitCode::FAILURE;
        }
    };
    let report = match report {
        Ok(report) => report,
        Err(error) => {
            let error = padelvar_tests::chaos::probe::words("error", error);
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    };
    if arguments.json {
        println!("{:#}", report.json);
    } else {
        print!("{}", report.text);
    }
    for broken in &report.broken {
        eprintln!("broken: {broken}");
    }
    if let Some(file) = arguments.write
        && let Err(error) = document::write(&file, report.section, &report.text)
    {
        eprintln!("error: {}: {error}", file.display());
        return ExitCode::FAILURE;
    }
    if report.broken.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
