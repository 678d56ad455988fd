//! `padelvar plugin …`

use std::path::PathBuf;

use anyhow::{Context as _, Result, anyhow};
use clap::Subcommand;

use super::host::load_plugins;
use crate::config::{self, process_environment};
use crate::plugins::{
    Adapter, Cache, Kind, LoadError, Origin, Outline, PluginEngine, PluginState, PolicyPlugin,
    digest_of,
};

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
                let (name, kind) = (plugin.name, plugin.kind);
                let reason = plugin.reason.unwrap_or_default();
                match plugin.state {
                    PluginState::Active | PluginState::Shadow => {
                        println!("{name:12} {kind:8} {:8} {place}", plugin.version);
                    }
                    PluginState::Rejected => println!("{name:12} {kind:8} rejected: {reason}"),
                    PluginState::Quarantined => {
                        println!("{name:12} {kind:8} quarantined: {reason}");
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
    println!("name:    {name}");
    println!("size:    {} bytes", wasm.len());
    println!("sha256:  {}", digest_of(&wasm));
    let refused = |error: LoadError| anyhow!("{} is not accepted: {error}", file.display());
    let outline = Outline::read(&wasm).map_err(refused)?;
    println!("imports: {}", lines(&outline.imports));
    println!("exports: {}", lines(&outline.exports));
    let kind = outline.kind().map_err(refused)?;
    println!("kind:    {kind}");
    println!("world:   {}", kind.world());
    let engine = PluginEngine::new().map_err(|error| anyhow!("{error:#}"))?;
    let origin = Origin::File(file.to_owned());
    match kind {
        Kind::Adapter => {
            let adapter = Adapter::load(&engine, &Cache::off(), name, origin, &wasm);
            let adapter = adapter.map_err(refused)?;
            let description = adapter.description();
            println!("title:   {}", description.title);
            println!("version: {}", description.version);
            println!("schemes: {}", description.schemes.join(", "));
            println!("options: {}", description.options.join(", "));
        }
        Kind::Policy => {
            let policy = PolicyPlugin::load(&engine, &Cache::off(), name, origin, &wasm);
            let policy = policy.map_err(refused)?;
            let description = policy.description();
            println!("title:   {}", description.title);
            println!("version: {}", description.version);
        }
    }
    println!("accepted");
    Ok(())
}

/// Names under each other, beside the column of keys.
fn lines(names: &[String]) -> String {
    names.join("\n         ")
}
