//! A plugin in one line, for lists.

use serde::Serialize;

use super::loader::{Adapter, Origin};
use super::outline::Kind;
use super::policy::PolicyPlugin;

/// What became of a plugin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum PluginState {
    /// Good, and in use or ready for it.
    Active,
    /// Not used; the reason says why.
    Rejected,
    /// Not used any more, since it failed too often; the reason says how.
    Quarantined,
    /// A policy that is asked beside the one in force, and only compared.
    Shadow,
}

/// A line about a plugin, for people and answers.
#[derive(Debug, Clone, Serialize)]
pub struct PluginInfo {
    /// The file's stem, or the built-in's name.
    pub name: String,
    /// `adapter` or `policy`; `unknown` for a file that is neither.
    pub kind: &'static str,
    /// Its own version; empty when it was rejected.
    pub version: String,
    /// SHA-256 of the component; empty when it could not be read.
    pub digest: String,
    /// What became of it.
    pub state: PluginState,
    /// Why it was rejected or quarantined; or, for a policy, why its last failure was.
    pub reason: Option<String>,
    /// Whether it is inside the binary.
    pub built_in: bool,
    /// Calls since it was loaded.
    pub calls: u64,
    /// Calls that failed.
    pub traps: u64,
    /// Linear memory of its live instances, bytes.
    pub memory_bytes: u64,
}

impl PluginInfo {
    /// One that is not used, or was not used yet: nothing is counted.
    pub(super) fn idle(name: &str, kind: Option<Kind>, state: PluginState) -> Self {
        Self {
            name: name.to_owned(),
            kind: kind.map_or("unknown", Kind::name),
            version: String::new(),
            digest: String::new(),
            state,
            reason: None,
            built_in: false,
            calls: 0,
            traps: 0,
            memory_bytes: 0,
        }
    }

    pub(super) fn of_adapter(adapter: &Adapter) -> Self {
        let (calls, traps) = adapter.counts();
        Self {
            version: adapter.description().version.clone(),
            digest: adapter.digest().to_owned(),
            built_in: *adapter.origin() == Origin::BuiltIn,
            calls,
            traps,
            memory_bytes: adapter.memory_bytes(),
            ..Self::idle(adapter.name(), Some(Kind::Adapter), PluginState::Active)
        }
    }

    pub(super) fn of_policy(policy: &PolicyPlugin) -> Self {
        let (calls, traps) = policy.counts();
        let failure = policy.last_failure();
        Self {
            version: policy.description().version.clone(),
            digest: policy.digest().to_owned(),
            reason: failure.map(|trap| format!("its last failure: it {trap}")),
            built_in: *policy.origin() == Origin::BuiltIn,
            calls,
            traps,
            memory_bytes: policy.memory_bytes(),
            ..Self::idle(policy.name(), Some(Kind::Policy), PluginState::Active)
        }
    }
}
