//! A plugin from a file, or a built-in one by its name.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, Result, anyhow, bail};

use crate::plugins::{
    Adapter, Cache, Kind, LoadError, Origin, Outline, PluginEngine, PolicyPlugin,
    built_in_adapters, built_in_wasm,
};

/// A plugin that was loaded and checked.
pub enum Plugin {
    /// It speaks a camera's protocol.
    Adapter(Arc<Adapter>),
    /// It answers who may do what.
    Policy(Arc<PolicyPlugin>),
}

/// Loads a file; where there is none of that name, the built-in plugin.
pub fn plugin(engine: &PluginEngine, named: &Path) -> Result<Plugin> {
    let name = named.to_str().unwrap_or_default();
    let (kind, wasm, stem, origin) = match built_in_wasm(name) {
        Some((kind, wasm)) if !named.exists() => {
            (kind, wasm.to_vec(), name.to_owned(), Origin::BuiltIn)
        }
        _ => {
            let wasm =
                std::fs::read(named).with_context(|| format!("cannot read {}", named.display()))?;
            let kind = Outline::read(&wasm).and_then(|outline| outline.kind());
            let kind = kind.map_err(|error| refused(named, &error))?;
            let stem = named.file_stem().and_then(|stem| stem.to_str());
            let stem = stem.unwrap_or("plugin").to_owned();
            (kind, wasm, stem, Origin::File(named.to_owned()))
        }
    };
    let cache = Cache::off();
    let loaded = match kind {
        Kind::Adapter => Adapter::load(engine, &cache, &stem, origin, &wasm)
            .map(|adapter| Plugin::Adapter(Arc::new(adapter))),
        Kind::Policy => PolicyPlugin::load(engine, &cache, &stem, origin, &wasm)
            .map(|policy| Plugin::Policy(Arc::new(policy))),
    };
    loaded.map_err(|error| refused(named, &error))
}

/// Loads an adapter.
pub fn adapter(engine: &PluginEngine, named: &Path) -> Result<Arc<Adapter>> {
    match plugin(engine, named)? {
        Plugin::Adapter(adapter) => Ok(adapter),
        Plugin::Policy(_) => bail!("{} is a policy, and no adapter", named.display()),
    }
}

/// The built-in adapters that know a scheme, in the order in which a host would try them.
pub fn adapters_for(engine: &PluginEngine, scheme: &str) -> Result<Vec<Arc<Adapter>>> {
    let mut adapters = all_adapters(engine)?;
    adapters.retain(|adapter| adapter.knows_scheme(scheme));
    if adapters.is_empty() {
        bail!(
            "no built-in adapter knows {scheme}://\n  hint: name the adapter's file with --adapter"
        );
    }
    Ok(adapters)
}

/// All built-in adapters.
pub fn all_adapters(engine: &PluginEngine) -> Result<Vec<Arc<Adapter>>> {
    let names = built_in_adapters();
    names.map(|name| adapter(engine, Path::new(name))).collect()
}

/// An engine.
pub fn engine() -> Result<PluginEngine> {
    PluginEngine::new().map_err(|error| anyhow!("{error:#}"))
}

fn refused(named: &Path, error: &LoadError) -> anyhow::Error {
    anyhow!("{} is not accepted: {error}", named.display())
}
