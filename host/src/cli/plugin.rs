//! `padelvar plugin …`

use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};
use clap::Subcommand;

use super::host::load_plugins;
use crate::config::{self, process_environment};
use crate::plugins::{Adapter, Cache, Origin, PluginEngine, PluginState};

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
        PluginCommand::List { config, json } => {
            let config = config::load(config, &process_environment())?.config;
            let registry = tokio::runtime::Runtime::new()?.block_on(load_plugins(&config))?;
            if *json {
                println!("{}", serde_json::to_string(&registry.list())?);
                return Ok(());
            }
            for plugin in registry.list() {
                let place = if plugin.built_in { "built in" } else { "file" };
                match plugin.state {
                    PluginState::Active => {
                        println!(
                            "{:12} {:8} {:8} {place}",
                            plugin.name, plugin.kind, plugin.version
                        );
                    }
                    PluginState::Rejected => {
                        let reason = plugin.reason.unwrap_or_default();
                        println!("{:12} {:8} rejected: {reason}", plugin.name, plugin.kind);
                    }
                }
            }
            Ok(())
        }
        PluginCommand::Inspect { file } => inspect(file),
    }
}

fn inspect(file: &std::path::Path) -> Result<()> {
    let wasm = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    let name = file
        .file_stem()
        .and_then(|stem| stem.to_str())
        .unwrap_or("plugin");
    let engine = PluginEngine::new().map_err(|error| anyhow::anyhow!("{error:#}"))?;
    let origin = Origin::File(file.to_owned());
    match Adapter::load(&engine, &Cache::off(), name, origin, &wasm) {
        Ok(adapter) => {
            let description = adapter.description();
            println!("name:    {name}");
            println!("title:   {}", description.title);
            println!("version: {}", description.version);
            println!("world:   padelvar:adapter/camera-adapter@0.1.0");
            println!("schemes: {}", description.schemes.join(", "));
            println!("options: {}", description.options.join(", "));
            println!("size:    {} bytes", wasm.len());
            println!("sha256:  {}", adapter.digest());
            println!("accepted");
            Ok(())
        }
        Err(error) => bail!("{} is not accepted: {error}", file.display()),
    }
}
