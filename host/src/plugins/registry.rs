//! All plugins of this host: the built-in ones and the files of `plugins.dir`.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use tracing::{info, warn};

use super::builtin::{ADAPTERS, POLICIES};
use super::cache::Cache;
use super::engine::PluginEngine;
use super::files::{read_trusted, wasm_files};
use super::info::{PluginInfo, PluginState};
use super::loader::{Adapter, LoadError, Origin, digest_of};
use super::outline::{Kind, Outline};
use super::policy::{BuiltInPolicy, PolicyPlugin};

/// The plugins that were found at start.
pub struct Registry {
    engine: PluginEngine,
    cache: Cache,
    adapters: BTreeMap<String, Arc<Adapter>>,
    order: Vec<String>,
    built_in_policies: Vec<BuiltInPolicy>,
    file_policies: BTreeMap<String, Arc<PolicyPlugin>>,
    rejected: Vec<PluginInfo>,
}

/// What a file turned out to be.
enum Loaded {
    Adapter(Adapter),
    Policy(PolicyPlugin),
}

impl Registry {
    /// Loads the built-in adapters and every `*.wasm` directly in `dir` (which need not exist).
    /// A file of the same name takes the place of a built-in adapter, never of a built-in
    /// policy; one that is not good is rejected with a reason, and what it would have replaced
    /// stays. Built-in policies are compiled when they are first asked for.
    pub fn load(engine: &PluginEngine, cache: &Cache, dir: &Path) -> Result<Self, LoadError> {
        let mut registry = Self {
            engine: engine.clone(),
            cache: cache.clone(),
            adapters: BTreeMap::new(),
            order: Vec::new(),
            built_in_policies: BuiltInPolicy::all(),
            file_policies: BTreeMap::new(),
            rejected: Vec::new(),
        };
        for (name, wasm) in ADAPTERS {
            let adapter = Adapter::load(engine, cache, name, Origin::BuiltIn, wasm)?;
            registry.add(adapter);
        }
        for (name, path) in wasm_files(dir) {
            registry.add_file(dir, name, &path);
        }
        Ok(registry)
    }

    fn add_file(&mut self, dir: &Path, name: String, path: &Path) {
        let mut line = PluginInfo::idle(&name, None, PluginState::Rejected);
        match self.load_file(dir, &name, path, &mut line) {
            Ok(Loaded::Adapter(adapter)) => {
                info!(plugin = name, file = %path.display(), digest = adapter.digest(), "adapter loaded");
                self.add(adapter);
            }
            Ok(Loaded::Policy(policy)) => {
                info!(plugin = name, file = %path.display(), digest = policy.digest(), "policy loaded");
                self.file_policies.insert(name, Arc::new(policy));
            }
            Err(error) => {
                warn!(plugin = name, file = %path.display(), %error, "plugin rejected");
                line.reason = Some(error.to_string());
                self.rejected.push(line);
            }
        }
    }

    /// Loads a file; `line` learns what there is to know of it also when it is rejected.
    fn load_file(
        &self,
        dir: &Path,
        name: &str,
        path: &Path,
        line: &mut PluginInfo,
    ) -> Result<Loaded, LoadError> {
        if POLICIES.iter().any(|(built_in, _)| *built_in == name) {
            return Err(LoadError::Name(format!(
                "a file never takes the place of the built-in policy `{name}`; hint: give it \
                 another name, and set `plugin` in [policy] to that"
            )));
        }
        let wasm = read_trusted(dir, path)?;
        line.digest = digest_of(&wasm);
        let kind = Outline::read(&wasm)?.kind()?;
        line.kind = kind.name();
        let (engine, cache, origin) = (&self.engine, &self.cache, Origin::File(path.to_owned()));
        match kind {
            Kind::Adapter => Adapter::load(engine, cache, name, origin, &wasm).map(Loaded::Adapter),
            Kind::Policy if ADAPTERS.iter().any(|(built_in, _)| *built_in == name) => {
                Err(LoadError::Name(format!(
                    "`{name}` is the name of a built-in adapter, and this is a policy; hint: \
                     give it another name"
                )))
            }
            Kind::Policy => {
                PolicyPlugin::load(engine, cache, name, origin, &wasm).map(Loaded::Policy)
            }
        }
    }

    /// The policy of this name. A built-in one is compiled the first time, which may take
    /// seconds: not for a thread that answers requests. None where there is none or it does
    /// not load: see [`rejection`](Self::rejection).
    pub fn policy(&self, name: &str) -> Option<Arc<PolicyPlugin>> {
        if let Some(policy) = self.file_policies.get(name) {
            return Some(Arc::clone(policy));
        }
        let mut built_in = self.built_in_policies.iter();
        built_in
            .find(|policy| policy.name() == name)?
            .load(&self.engine, &self.cache)
    }

    /// The adapter of this name.
    pub fn adapter(&self, name: &str) -> Option<Arc<Adapter>> {
        self.adapters.get(name).cloned()
    }

    /// Why the plugin of this name is not used, where there is one that is not.
    pub fn rejection(&self, name: &str) -> Option<&str> {
        if let Some(rejected) = self.rejected.iter().find(|plugin| plugin.name == name) {
            return rejected.reason.as_deref();
        }
        let mut built_in = self.built_in_policies.iter();
        built_in.find(|policy| policy.name() == name)?.rejection()
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

    /// One line a plugin: the adapters, the policies, then the rejected files.
    pub fn list(&self) -> Vec<PluginInfo> {
        let adapters = self.order.iter();
        let adapters = adapters.filter_map(|name| self.adapters.get(name));
        let files = self.file_policies.values();
        adapters
            .map(|adapter| PluginInfo::of_adapter(adapter))
            .chain(self.built_in_policies.iter().map(BuiltInPolicy::info))
            .chain(files.map(|policy| PluginInfo::of_policy(policy)))
            .chain(self.rejected.iter().cloned())
            .collect()
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

#[cfg(test)]
#[path = "registry_tests.rs"]
mod tests;
