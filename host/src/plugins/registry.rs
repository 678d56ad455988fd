//! All plugins of this host: the built-in ones and the files of `plugins.dir`, which may come,
//! change and go at any time.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use arc_swap::ArcSwap;
use tokio::sync::watch;
use tracing::{info, warn};

use super::builtin::{self, ADAPTERS};
use super::cache::Cache;
use super::compile_limits::START;
use super::engine::PluginEngine;
use super::files::read_trusted;
use super::folder::{Stamp, wasm_files};
use super::info::{PluginInfo, PluginState};
use super::ledger::{Loaded, Version};
use super::loader::{Adapter, LoadError, Origin, digest_of};
use super::outline::{Kind, Outline};
use super::policy::{BuiltInPolicy, PolicyPlugin};
use super::standing::Standing;
use super::trust::Trust;

/// The plugins. What is in force is looked up without waiting; [`refresh`](Self::refresh) reads
/// files and compiles.
pub struct Registry {
    engine: PluginEngine,
    cache: Cache,
    built_in_policies: Vec<BuiltInPolicy>,
    standing: Arc<Standing>,
    dir: ArcSwap<PathBuf>,
    trust: ArcSwap<Trust>,
    /// One look at a time.
    folder: Mutex<Folder>,
}

/// Why a file is not used, and what there is to know of it.
type Refusal = (LoadError, PluginInfo);

/// The folder as it was looked at last.
#[derive(Default)]
struct Folder {
    dir: PathBuf,
    seen: BTreeMap<String, Stamp>,
    /// What was gone by.
    trust: Option<Trust>,
    /// It could not be read, which was told.
    unreadable: bool,
}

impl Registry {
    /// Loads the built-in adapters and every `*.wasm` directly in `dir` (which need not exist)
    /// that `trust` believes. A file of the same name takes the place of a built-in adapter, and
    /// of a built-in policy where [`Trust::replaces_policies`]; one that is not good is rejected
    /// with a reason, and what it would have replaced stays. Built-in policies are compiled when
    /// they are first asked for.
    pub fn load(
        engine: &PluginEngine,
        cache: &Cache,
        trust: &Trust,
        dir: &Path,
    ) -> Result<Self, LoadError> {
        let mut adapters = BTreeMap::new();
        for (name, wasm) in ADAPTERS {
            let adapter = Adapter::load(engine, cache, name, Origin::BuiltIn, wasm)?;
            adapters.insert((*name).to_owned(), Arc::new(adapter));
        }
        let registry = Self {
            engine: engine.clone(),
            cache: cache.clone(),
            built_in_policies: BuiltInPolicy::all(),
            standing: Standing::new(adapters),
            dir: ArcSwap::from_pointee(dir.to_owned()),
            trust: ArcSwap::from_pointee(trust.clone()),
            folder: Mutex::default(),
        };
        // What does not load now has no version that would go on meanwhile: it is told at once.
        let hurried = registry.cache.until(Instant::now() + START);
        registry.look(&hurried, false);
        // Nobody listened yet.
        registry.standing.take_news();
        Ok(registry)
    }

    /// Looks at another folder from the next look on.
    pub fn set_dir(&self, dir: &Path) {
        self.dir.store(Arc::new(dir.to_owned()));
    }

    /// Ends what is being compiled: the host stops, and waits for nobody.
    pub fn stop(&self) {
        self.cache.compiler().stop();
    }

    /// Goes by another rule from the next look on.
    pub fn set_trust(&self, trust: Trust) {
        self.trust.store(Arc::new(trust));
    }

    /// The folder that is looked at.
    pub fn dir(&self) -> Arc<PathBuf> {
        self.dir.load_full()
    }

    /// Looks at the folder: loads what is new or another, and forgets what is gone. Reads files
    /// and compiles: not for a thread that answers requests. When to look again, where a file
    /// may not be finished yet.
    pub fn refresh(&self) -> Option<Duration> {
        self.look(&self.cache, true)
    }

    fn look(&self, cache: &Cache, patient: bool) -> Option<Duration> {
        let mut folder = self.folder.lock().unwrap_or_else(PoisonError::into_inner);
        let dir = self.dir();
        if folder.dir != *dir {
            (*dir).clone_into(&mut folder.dir);
            folder.seen.clear();
        }
        // Its lock may have changed.
        let trust = self.trust.load().refreshed();
        if folder.trust.as_ref() != Some(&trust) {
            if let Some(trouble) = trust.trouble() {
                warn!(reason = trouble, "no plugin's file is trusted");
            }
            folder.seen.clear();
            folder.trust = Some(trust.clone());
        }
        let files = match wasm_files(&dir) {
            Ok(files) => files,
            Err(error) => {
                if !std::mem::replace(&mut folder.unreadable, true) {
                    let folder = dir.display();
                    warn!(%folder, %error, "plugins.dir cannot be read; the plugins stay as they are");
                }
                return None;
            }
        };
        folder.unreadable = false;
        let there: BTreeSet<&String> = files.iter().map(|(name, _)| name).collect();
        folder.seen.retain(|name, _| there.contains(name));
        let known: Vec<String> = self.standing.ledger().names().cloned().collect();
        for name in known.iter().filter(|name| !there.contains(name)) {
            if self.standing.change(name, |ledger| ledger.remove(name)) {
                info!(plugin = name, "plugin removed: its file is gone");
            }
        }
        let mut again: Option<Duration> = None;
        for (name, path) in &files {
            // Gone since: the next look sees it.
            let Some(stamp) = Stamp::of(&dir, path) else {
                continue;
            };
            if folder.seen.get(name) == Some(&stamp) {
                continue;
            }
            match self.read(cache, &trust, &dir, name, path) {
                Err(refusal) if patient && refusal.0.may_be_unfinished() => {
                    if let Some(left) = stamp.unfinished_for(SystemTime::now()) {
                        again = Some(again.map_or(left, |sooner| sooner.min(left)));
                        continue;
                    }
                    self.take(name, path, self.read(cache, &trust, &dir, name, path));
                }
                Err(refusal) if matches!(refusal.0, LoadError::Late) => {
                    self.take(name, path, Err(refusal));
                    // Not seen: the next look takes its time.
                    continue;
                }
                read => self.take(name, path, read),
            }
            // Taken before the file was read: if it changes meanwhile, it is read again.
            folder.seen.insert(name.clone(), stamp);
        }
        again
    }

    /// What came of reading a file is known from now on.
    fn take(&self, name: &str, path: &Path, read: Result<Option<Loaded>, Box<Refusal>>) {
        let file = path.display();
        match read {
            Ok(None) => self.standing.change(name, |ledger| ledger.unchanged(name)),
            Ok(Some(plugin)) => {
                let digest = plugin.digest().to_owned();
                let kind = plugin.info().kind;
                self.standing.accept(name, plugin);
                info!(plugin = name, %file, digest, kind, "plugin in force");
            }
            Err(refusal) => {
                let (error, mut line) = *refusal;
                line.reason = Some(error.to_string());
                let known = self.standing.ledger().newest(name).is_some();
                let consequence = if known {
                    "; the version that works stays"
                } else {
                    ""
                };
                warn!(plugin = name, %file, %error, "plugin rejected{consequence}");
                self.standing
                    .change(name, |ledger| ledger.reject(name, line));
            }
        }
    }

    /// Reads a file and loads what is in it, unless that is the version that is known already
    /// (none then). The line of an error tells what there is to know of the file.
    fn read(
        &self,
        cache: &Cache,
        trust: &Trust,
        dir: &Path,
        name: &str,
        path: &Path,
    ) -> Result<Option<Loaded>, Box<Refusal>> {
        let mut line = PluginInfo::idle(name, None, PluginState::Rejected);
        let read = self.read_file(cache, trust, dir, name, path, &mut line);
        read.map_err(|error| Box::new((error, line)))
    }

    fn read_file(
        &self,
        cache: &Cache,
        trust: &Trust,
        dir: &Path,
        name: &str,
        path: &Path,
        line: &mut PluginInfo,
    ) -> Result<Option<Loaded>, LoadError> {
        let built_in = builtin::built_in(name);
        if built_in == Some(Kind::Policy) && !trust.replaces_policies() {
            return Err(LoadError::Name(format!(
                "a file never takes the place of the built-in policy `{name}` under trust = \
                 \"any\"; hint: give it another name, and set `plugin` in [policy] to that"
            )));
        }
        let wasm = read_trusted(dir, path)?;
        line.digest = digest_of(&wasm);
        let same = |newest: &Loaded| newest.digest() == line.digest;
        let known = self.standing.ledger().newest(name).is_some_and(same);
        if let Err(error) = trust.check(dir, path, name, &wasm, &line.digest) {
            // What is in force is this very file, which somebody has taken back.
            if known && matches!(error, LoadError::Trust(_)) {
                self.standing.change(name, |ledger| ledger.revoke(name));
            }
            return Err(error);
        }
        if known {
            return Ok(None);
        }
        let kind = Outline::read(&wasm)?.kind()?;
        line.kind = kind.name();
        if let Some(other) = built_in.filter(|other| *other != kind) {
            return Err(LoadError::Name(format!(
                "`{name}` is the name of a built-in {other}, and this is no {other}; hint: give \
                 it another name"
            )));
        }
        let (engine, origin) = (&self.engine, Origin::File(path.to_owned()));
        let loaded = match kind {
            Kind::Adapter => {
                let adapter = Adapter::load(engine, cache, name, origin, &wasm)?;
                Loaded::Adapter(Arc::new(adapter))
            }
            Kind::Policy => {
                let policy = PolicyPlugin::load(engine, cache, name, origin, &wasm)?;
                Loaded::Policy(Arc::new(policy))
            }
        };
        Ok(Some(loaded))
    }

    /// Rises whenever something else is in force, or is not used for another reason.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.standing.changes()
    }

    /// The lines that changed since this was asked last, the oldest first.
    pub fn take_news(&self) -> Vec<PluginInfo> {
        self.standing.take_news()
    }

    /// The policy of this name. A built-in one is compiled the first time, which may take
    /// seconds: not for a thread that answers requests. None where there is none or it does
    /// not load: see [`rejection`](Self::rejection).
    pub fn policy(&self, name: &str) -> Option<Arc<PolicyPlugin>> {
        if let Some(policy) = self.standing.shelf().policies.get(name) {
            return Some(Arc::clone(policy));
        }
        let mut built_in = self.built_in_policies.iter();
        built_in
            .find(|policy| policy.name() == name)?
            .load(&self.engine, &self.cache)
    }

    /// The digest of the policy of this name, without compiling it.
    pub fn policy_digest(&self, name: &str) -> Option<String> {
        if let Some(policy) = self.standing.shelf().policies.get(name) {
            return Some(policy.digest().to_owned());
        }
        let mut built_in = self.built_in_policies.iter();
        let policy = built_in.find(|policy| policy.name() == name)?;
        Some(policy.info().digest)
    }

    /// The adapter of this name.
    pub fn adapter(&self, name: &str) -> Option<Arc<Adapter>> {
        self.standing.shelf().adapters.get(name).cloned()
    }

    /// Why the plugin of this name is not used, where there is one that is not.
    pub fn rejection(&self, name: &str) -> Option<String> {
        let file = self.standing.ledger().rejection(name);
        file.or_else(|| {
            let mut built_in = self.built_in_policies.iter();
            let policy = built_in.find(|policy| policy.name() == name)?;
            policy.rejection().map(str::to_owned)
        })
    }

    /// The adapters to try for a URL scheme (lower case), in order: the names of the binary's
    /// first, then those of files.
    pub fn for_scheme(&self, scheme: &str) -> Vec<Arc<Adapter>> {
        let mut all = self.adapters();
        all.retain(|adapter| adapter.knows_scheme(scheme));
        all
    }

    fn adapters(&self) -> Vec<Arc<Adapter>> {
        let shelf = self.standing.shelf();
        let own = |name: &str| ADAPTERS.iter().position(|(built_in, _)| *built_in == name);
        let mut all: Vec<_> = shelf.adapters.values().cloned().collect();
        all.sort_by_key(|adapter| own(adapter.name()).unwrap_or(ADAPTERS.len()));
        all
    }

    /// A version that is newly in force brought no picture, although the one before it did: it
    /// is put aside until its file changes or an administrator releases it. Whether it was in
    /// use; then the version before it is back. Waits for nothing.
    pub fn fell_short(&self, adapter: &Adapter, why: &str) -> bool {
        let (plugin, digest) = (adapter.name(), adapter.digest());
        let why =
            format!("{why}, and the version before it did; hint: change the file or release it");
        let aside = self.standing.put_aside(plugin, digest, &why);
        if aside {
            warn!(plugin, digest, reason = why, "plugin rolled back");
        }
        aside
    }

    /// Gives versions of this name that were put aside another chance. Their digests; none where
    /// there is no plugin of the name.
    pub fn release(&self, name: &str) -> Option<Vec<String>> {
        self.list().iter().find(|line| line.name == name)?;
        let released = self.standing.change(name, |ledger| ledger.release(name));
        for digest in &released {
            info!(plugin = name, digest, "plugin released from quarantine");
        }
        Some(released)
    }

    /// One line a plugin: the adapters, the policies, then what is not in force.
    pub fn list(&self) -> Vec<PluginInfo> {
        let shelf = self.standing.shelf();
        let replaced = |policy: &&BuiltInPolicy| !shelf.policies.contains_key(policy.name());
        let own = self.built_in_policies.iter().filter(replaced);
        let mut lines: Vec<_> = self
            .adapters()
            .iter()
            .map(|it| PluginInfo::of_adapter(it))
            .collect();
        lines.extend(own.map(BuiltInPolicy::info));
        lines.extend(shelf.policies.values().map(|it| PluginInfo::of_policy(it)));
        let ledger = self.standing.ledger();
        lines.extend(ledger.names().flat_map(|name| ledger.not_in_force(name)));
        lines
    }
}

#[cfg(test)]
#[path = "registry_tests.rs"]
mod tests;
