//! `padelvar plugin …`

mod inspect;
mod list;

use std::path::PathBuf;

use anyhow::Result;
use clap::Subcommand;

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
}

/// Runs a plugin command.
pub fn run(command: &PluginCommand) -> Result<()> {
    match command {
        PluginCommand::List { config, json } => list::run(config, *json),
        PluginCommand::Inspect { file } => inspect::run(file),
    }
}
