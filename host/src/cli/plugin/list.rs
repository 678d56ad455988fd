//! `padelvar plugin list`

use std::path::Path;

use anyhow::Result;

use crate::cli::host::load_plugins;
use crate::config::{self, process_environment};
use crate::plugins::PluginState;

/// Prints the plugins that a host with this configuration has.
pub fn run(config: &Path, json: bool) -> Result<()> {
    let config = config::load(config, &process_environment())?.config;
    let registry = tokio::runtime::Runtime::new()?.block_on(load_plugins(&config))?;
    let mut plugins = registry.list();
    for plugin in &mut plugins {
        let compared = plugin.kind == "policy" && plugin.state == PluginState::Active;
        if compared && config.policy.shadow.as_ref() == Some(&plugin.name) {
            plugin.state = PluginState::Shadow;
        }
    }
    if json {
        println!("{}", serde_json::to_string(&plugins)?);
        return Ok(());
    }
    for plugin in plugins {
        let place = if plugin.built_in { "built in" } else { "file" };
        let (name, kind) = (plugin.name, plugin.kind);
        let reason = plugin.reason.unwrap_or_default();
        match plugin.state {
            PluginState::Active => {
                println!("{name:12} {kind:8} {:8} {place}", plugin.version);
            }
            PluginState::Shadow => {
                println!("{name:12} {kind:8} {:8} {place}, shadow", plugin.version);
            }
            PluginState::Rejected => println!("{name:12} {kind:8} rejected: {reason}"),
            PluginState::Quarantined => {
                println!("{name:12} {kind:8} quarantined: {reason}");
            }
        }
    }
    Ok(())
}
