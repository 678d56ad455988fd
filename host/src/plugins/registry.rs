//! All plugins of this host: the built-in ones and the files of `plugins.dir`.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use serde::Serialize;
use tracing::{info, warn};

use super::builtin::ADAPTERS;
use super::cache::Cache;
use super::engine::PluginEngine;
use super::files::{read_trusted, wasm_files};
use super::loader::{Adapter, LoadError, Origin};

/// What became of a plugin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum PluginState {
    /// In use.
    Active,
    /// Not used; the reason says why.
    Rejected,
}

/// A line about a plugin, for people and answers.
#[derive(Debug, Clone, Serialize)]
pub struct PluginInfo {
    /// The file's stem, or the built-in's name.
    pub name: String,
    /// `adapter`.
    pub kind: &'static str,
    /// Its own version; empty when it was rejected.
    pub version: String,
    /// SHA-256 of the component; empty when it could not be read.
    pub digest: String,
    /// What became of it.
    pub state: PluginState,
    /// Why it was rejected.
    pub reason: Option<String>,
    /// Whether it is inside the binary.
    pub built_in: bool,
    /// Calls since it was loaded.
    pub calls: u64,
    /// Calls that ended in a trap.
    pub traps: u64,
}

/// The plugins that were found at start.
pub struct Registry {
    adapters: BTreeMap<String, Arc<Adapter>>,
    order: Vec<String>,
    rejected: Vec<PluginInfo>,
}

impl Registry {
    /// Loads the built-in adapters and every `*.wasm` directly in `dir` (which need not exist).
    /// A file of the same name takes the place of a built-in adapter; one that is not good is
    /// rejected with a reason, and what it would have replaced stays.
    pub fn load(engine: &PluginEngine, cache: &Cache, dir: &Path) -> Result<Self, LoadError> {
        let mut registry = Self {
            adapters: BTreeMap::new(),
            order: Vec::new(),
            rejected: Vec::new(),
        };
        for (name, wasm) in ADAPTERS {
            let adapter = Adapter::load(engine, cache, name, Origin::BuiltIn, wasm)?;
            registry.add(adapter);
        }
        for (name, path) in wasm_files(dir) {
            let loaded = read_trusted(dir, &path).and_then(|wasm| {
                Adapter::load(engine, cache, &name, Origin::File(path.clone()), &wasm)
            });
            match loaded {
                Ok(adapter) => {
                    info!(plugin = name, file = %path.display(), digest = adapter.digest(), "adapter loaded");
                    registry.add(adapter);
                }
                Err(error) => {
                    warn!(plugin = name, file = %path.display(), %error, "plugin rejected");
                    registry.rejected.push(PluginInfo {
                        name,
                        kind: "adapter",
                        version: String::new(),
                        digest: String::new(),
                        state: PluginState::Rejected,
                        reason: Some(error.to_string()),
                        built_in: false,
                        calls: 0,
                        traps: 0,
                    });
                }
            }
        }
        Ok(registry)
    }

    /// The adapter of this name.
    pub fn adapter(&self, name: &str) -> Option<Arc<Adapter>> {
        self.adapters.get(name).cloned()
    }

    /// Why the file of this name is not used, where there is one that is not.
    pub fn rejection(&self, name: &str) -> Option<&str> {
        let rejected = self.rejected.iter().find(|plugin| plugin.name == name)?;
        rejected.reason.as_deref()
    }

    /// The adapters to try for a URL scheme (lower case), in order.
    pub fn for_scheme(&self, scheme: &str) -> Vec<Arc<Adapter>> {
        self.order
            .iter()
            .filter_map(|name| self.adapters.get(name))
            .filter(|adapter| adapter.knows_scheme(scheme))
            .cloned()
            .collect()
    }

    /// One line a plugin: the active ones, then the rejected ones.
    pub fn list(&self) -> Vec<PluginInfo> {
        let active = self
            .order
            .iter()
            .filter_map(|name| self.adapters.get(name))
            .map(|adapter| {
                let (calls, traps) = adapter.counts();
                PluginInfo {
                    name: adapter.name().to_owned(),
                    kind: "adapter",
                    version: adapter.description().version.clone(),
                    digest: adapter.digest().to_owned(),
                    state: PluginState::Active,
                    reason: None,
                    built_in: *adapter.origin() == Origin::BuiltIn,
                    calls,
                    traps,
                }
            });
        active.chain(self.rejected.iter().cloned()).collect()
    }

    fn add(&mut self, adapter: Adapter) {
        let name = adapter.name().to_owned();
        if self
            .adapters
            .insert(name.clone(), Arc::new(adapter))
            .is_none()
        {
            self.order.push(name);
        }
    }
}
