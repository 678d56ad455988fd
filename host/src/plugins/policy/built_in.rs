//! The policies inside the binary. They are compiled when they are first asked for: a large
//! one takes seconds, and mostly only one is in force.

use std::sync::{Arc, OnceLock};

use super::super::builtin::{PLUGINS_VERSION, POLICIES};
use super::super::cache::Cache;
use super::super::engine::PluginEngine;
use super::super::info::{PluginInfo, PluginState};
use super::super::loader::{LoadError, Origin, digest_of};
use super::super::outline::Kind;
use super::plugin::PolicyPlugin;

/// The policy of the binary that has this name, loaded for whoever has no registry; none where
/// there is none of that name.
pub fn built_in_policy(
    engine: &PluginEngine,
    cache: &Cache,
    name: &str,
) -> Option<Result<PolicyPlugin, LoadError>> {
    let (name, wasm) = POLICIES.iter().find(|(built_in, _)| *built_in == name)?;
    let origin = Origin::BuiltIn;
    Some(PolicyPlugin::load(engine, cache, name, origin, wasm))
}

/// One policy of the binary.
pub struct BuiltInPolicy {
    name: &'static str,
    wasm: &'static [u8],
    digest: OnceLock<String>,
    loaded: OnceLock<Result<Arc<PolicyPlugin>, String>>,
}

impl BuiltInPolicy {
    /// All of them.
    pub fn all() -> Vec<Self> {
        let policies = POLICIES.iter();
        policies
            .map(|(name, wasm)| Self {
                name,
                wasm,
                digest: OnceLock::new(),
                loaded: OnceLock::new(),
            })
            .collect()
    }

    /// Its name.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The policy; compiles it, or takes it out of the cache, the first time. None where that
    /// fails: see [`rejection`](Self::rejection).
    pub fn load(&self, engine: &PluginEngine, cache: &Cache) -> Option<Arc<PolicyPlugin>> {
        let loaded = self.loaded.get_or_init(|| {
            PolicyPlugin::load(engine, cache, self.name, Origin::BuiltIn, self.wasm)
                .map(Arc::new)
                .map_err(|error| error.to_string())
        });
        loaded.as_ref().ok().cloned()
    }

    /// Why it did not load, where it was tried and did not.
    pub fn rejection(&self) -> Option<&str> {
        self.loaded.get()?.as_ref().err().map(String::as_str)
    }

    /// Its line in a list, without loading it for that.
    pub fn info(&self) -> PluginInfo {
        if let Some(Ok(policy)) = self.loaded.get() {
            return PluginInfo::of_policy(policy);
        }
        let (state, version) = match self.rejection() {
            Some(_) => (PluginState::Rejected, ""),
            None => (PluginState::Active, PLUGINS_VERSION),
        };
        PluginInfo {
            version: version.to_owned(),
            digest: self.digest.get_or_init(|| digest_of(self.wasm)).clone(),
            reason: self.rejection().map(str::to_owned),
            built_in: true,
            ..PluginInfo::idle(self.name, Some(Kind::Policy), state)
        }
    }
}
