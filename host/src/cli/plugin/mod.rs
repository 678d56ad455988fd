//! `padelvar plugin …`

mod approve;
pub(in crate::cli) mod desk;
mod inspect;
mod list;
mod new;
mod record;
mod test;

use std::path::PathBuf;

use anyhow::Result;
use clap::{Subcommand, ValueEnum};

use crate::plugins::Kind;

/// What can be done with plugins.
#[derive(Subcommand)]
pub enum PluginCommand {
    /// List the built-in plugins and those of `plugins.dir`.
    List {
        /// The configuration file.
        #[arg(long, default_value = "padelvar.toml", value_name = "FILE")]
        config: PathBuf,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Tell what a file is and whether this host accepts it.
    Inspect {
        /// A `.wasm` file.
        file: PathBuf,
    },
    /// Approve a file for a host with `trust = "pinned"`: writes plugins.lock.
    Approve(approve::ApproveArguments),
    /// Begin a plugin of your own: a project that builds, tests and runs as it is.
    New {
        /// What it shall be.
        kind: NewKind,
        /// Letters, digits and `-`; the plugin's name in the configuration.
        name: new::Name,
        /// Where to, a new or empty folder. Default: ./NAME
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
    },
    /// Record a conversation with a real camera, to be replayed at a desk.
    Record(record::RecordArguments),
    /// Run the conformance suite of a plugin's world, or replay a recorded conversation.
    Test(test::TestArguments),
}

/// What can be begun.
#[derive(Clone, Copy, ValueEnum)]
pub enum NewKind {
    /// Speaks a camera's protocol.
    Adapter,
    /// Answers who may do what.
    Policy,
}

impl From<NewKind> for Kind {
    fn from(kind: NewKind) -> Self {
        match kind {
            NewKind::Adapter => Self::Adapter,
            NewKind::Policy => Self::Policy,
        }
    }
}

/// Runs a plugin command.
pub fn run(command: &PluginCommand) -> Result<()> {
    match command {
        PluginCommand::List { config, json } => list::run(config, *json),
        PluginCommand::Inspect { file } => inspect::run(file),
        PluginCommand::Approve(arguments) => approve::run(arguments),
        PluginCommand::New { kind, name, out } => new::run((*kind).into(), name, out.as_deref()),
        PluginCommand::Record(arguments) => record::run(arguments),
        PluginCommand::Test(arguments) => test::run(arguments),
    }
}
