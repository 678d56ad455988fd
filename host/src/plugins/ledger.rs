//! What is known of the plugins that files brought: which versions are good, which one is in
//! force, which are not used and why. Pure: it is told what was loaded and what failed.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use super::info::{PluginInfo, PluginState};
use super::loader::Adapter;
use super::policy::PolicyPlugin;
use super::strikes::Strikes;

/// Good versions of a plugin that are kept: the one in force and the one that comes back when
/// that fails.
const VERSIONS: usize = 2;

/// A plugin that was loaded and checked.
#[derive(Clone)]
pub enum Loaded {
    /// An adapter.
    Adapter(Arc<Adapter>),
    /// A policy, without settings.
    Policy(Arc<PolicyPlugin>),
}

/// A version of a plugin, as far as the ledger knows it.
pub trait Version: Clone {
    /// SHA-256 of the component.
    fn digest(&self) -> &str;
    /// Whether it is a policy.
    fn is_policy(&self) -> bool;
    /// Its line in a list.
    fn info(&self) -> PluginInfo;
}

impl Version for Loaded {
    fn digest(&self) -> &str {
        match self {
            Self::Adapter(adapter) => adapter.digest(),
            Self::Policy(policy) => policy.digest(),
        }
    }

    fn is_policy(&self) -> bool {
        matches!(self, Self::Policy(_))
    }

    fn info(&self) -> PluginInfo {
        match self {
            Self::Adapter(adapter) => PluginInfo::of_adapter(adapter),
            Self::Policy(policy) => PluginInfo::of_policy(policy),
        }
    }
}

/// All plugins that files brought, by name.
pub struct Ledger<V = Loaded> {
    slots: BTreeMap<String, Slot<V>>,
    /// By digest.
    strikes: BTreeMap<String, Strikes>,
}

/// What one name stands for.
struct Slot<V> {
    /// Good versions, the newest first.
    versions: Vec<V>,
    /// Those of them that are not used any more, with the reason.
    quarantined: BTreeMap<String, String>,
    /// The file as it is now is not used.
    rejected: Option<PluginInfo>,
}

impl<V> Default for Ledger<V> {
    fn default() -> Self {
        Self {
            slots: BTreeMap::new(),
            strikes: BTreeMap::new(),
        }
    }
}

impl<V> Default for Slot<V> {
    fn default() -> Self {
        Self {
            versions: Vec::new(),
            quarantined: BTreeMap::new(),
            rejected: None,
        }
    }
}

impl<V: Version> Slot<V> {
    fn in_force(&self) -> Option<&V> {
        let mut versions = self.versions.iter();
        versions.find(|version| !self.quarantined.contains_key(version.digest()))
    }
}

impl<V: Version> Ledger<V> {
    /// The file of this name is a good plugin, which is in force from now on.
    pub fn accept(&mut self, name: &str, plugin: V) {
        let slot = self.slots.entry(name.to_owned()).or_default();
        slot.rejected = None;
        // What was put aside was so until the file changes.
        let quarantined = std::mem::take(&mut slot.quarantined);
        slot.versions.retain(|version| {
            version.digest() != plugin.digest() && !quarantined.contains_key(version.digest())
        });
        slot.versions.insert(0, plugin);
        slot.versions.truncate(VERSIONS);
        for digest in quarantined.keys() {
            self.strikes.remove(digest);
        }
    }

    /// The file of this name is not used; what is in force stays.
    pub fn reject(&mut self, name: &str, line: PluginInfo) {
        let slot = self.slots.entry(name.to_owned()).or_default();
        slot.rejected = Some(line);
    }

    /// The file of this name is the one that is in force, or was put aside, already.
    pub fn unchanged(&mut self, name: &str) {
        if let Some(slot) = self.slots.get_mut(name) {
            slot.rejected = None;
        }
    }

    /// There is no file of this name any more. Whether there was a good one.
    pub fn remove(&mut self, name: &str) -> bool {
        let slot = self.slots.remove(name);
        slot.is_some_and(|slot| !slot.versions.is_empty())
    }

    /// The versions that a file of this name brought are not believed any more.
    pub fn revoke(&mut self, name: &str) {
        if let Some(slot) = self.slots.get_mut(name) {
            slot.versions.clear();
            slot.quarantined.clear();
        }
    }

    /// A version failed. It is put aside when it has failed too often, but for a policy only
    /// where an older good one comes back: without one everything would be denied, also to the
    /// administrator who could help, and each failed question is a denial anyway. The reason
    /// that stands in its line from now on, where it is put aside.
    pub fn failed(&mut self, name: &str, digest: &str, why: &str, now: Instant) -> Option<String> {
        let strikes = self.strikes.entry(digest.to_owned()).or_default();
        if !strikes.count(now) {
            return None;
        }
        let why = format!("{}; the last: {why}", Strikes::SAID);
        self.put_aside(name, digest, why)
    }

    /// Puts a version aside for this reason, if it is known and in use.
    pub fn put_aside(&mut self, name: &str, digest: &str, why: String) -> Option<String> {
        let slot = self.slots.get_mut(name)?;
        let known = slot.versions.iter().find(|v| v.digest() == digest)?;
        let policy = known.is_policy();
        let mut others = slot.versions.iter();
        let other = others.any(|version| {
            version.digest() != digest && !slot.quarantined.contains_key(version.digest())
        });
        if slot.quarantined.contains_key(digest) || (policy && !other) {
            return None;
        }
        slot.quarantined.insert(digest.to_owned(), why.clone());
        Some(why)
    }

    /// Gives the versions of a name that were put aside another chance. Their digests.
    pub fn release(&mut self, name: &str) -> Vec<String> {
        let Some(slot) = self.slots.get_mut(name) else {
            return Vec::new();
        };
        let released: Vec<String> = std::mem::take(&mut slot.quarantined).into_keys().collect();
        for digest in &released {
            self.strikes.remove(digest);
        }
        released
    }

    /// The newest good version of this name's file, in use or put aside.
    pub fn newest(&self, name: &str) -> Option<&V> {
        self.slots.get(name)?.versions.first()
    }

    /// What is in force, by name.
    pub fn in_force(&self) -> impl Iterator<Item = (&String, &V)> {
        let slots = self.slots.iter();
        slots.filter_map(|(name, slot)| Some((name, slot.in_force()?)))
    }

    /// Why the plugin of this name is not used, where there is one that is not.
    pub fn rejection(&self, name: &str) -> Option<String> {
        let slot = self.slots.get(name)?;
        let rejected = slot.rejected.as_ref().and_then(|line| line.reason.clone());
        let quarantined = || {
            let newest = slot.versions.first()?;
            let why = slot.quarantined.get(newest.digest())?;
            Some(format!("it is quarantined: {why}"))
        };
        rejected.or_else(quarantined)
    }

    /// The lines of this name that are not in force: put aside, and rejected.
    pub fn not_in_force(&self, name: &str) -> Vec<PluginInfo> {
        let Some(slot) = self.slots.get(name) else {
            return Vec::new();
        };
        let aside = slot.versions.iter().filter_map(|version| {
            let why = slot.quarantined.get(version.digest())?;
            Some(PluginInfo {
                state: PluginState::Quarantined,
                reason: Some(why.clone()),
                ..version.info()
            })
        });
        aside.chain(slot.rejected.clone()).collect()
    }

    /// Every name.
    pub fn names(&self) -> impl Iterator<Item = &String> {
        self.slots.keys()
    }
}

#[cfg(test)]
#[path = "ledger_tests.rs"]
mod tests;
