//! `plugin`.

use serde::Serialize;
use utoipa::ToSchema;

use super::{Success, words};
use crate::plugins::{PluginInfo, PluginState};

/// A plugin, in use or not.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Plugin)]
pub struct PluginView {
    /// The file's stem, or the built-in's name.
    name: String,
    /// What it is for; `unknown` where a file is neither.
    #[schema(schema_with = kinds)]
    kind: &'static str,
    /// Its own version; empty when it was rejected.
    version: String,
    /// SHA-256 of the component; empty when it could not be read.
    digest: String,
    /// What became of it.
    #[schema(schema_with = states)]
    state: PluginState,
    /// Why it is not active.
    #[schema(required)]
    reason: Option<String>,
    /// Whether it is inside the binary.
    built_in: bool,
    /// Calls since it was loaded.
    calls: u64,
    /// Calls that ended in a trap.
    traps: u64,
    /// Linear memory of its live instances.
    memory_bytes: u64,
}

fn kinds() -> utoipa::openapi::schema::Object {
    words(["adapter", "policy", "unknown"])
}

fn states() -> utoipa::openapi::schema::Object {
    words(["active", "rejected", "quarantined", "shadow"])
}

impl From<PluginInfo> for PluginView {
    fn from(plugin: PluginInfo) -> Self {
        Self {
            name: plugin.name,
            kind: plugin.kind,
            version: plugin.version,
            digest: plugin.digest,
            state: plugin.state,
            reason: plugin.reason,
            built_in: plugin.built_in,
            calls: plugin.calls,
            traps: plugin.traps,
            memory_bytes: plugin.memory_bytes,
        }
    }
}

/// Plugins.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PluginsAnswer {
    success: Success,
    /// The active ones, then the rejected ones.
    plugins: Vec<PluginView>,
}

impl FromIterator<PluginInfo> for PluginsAnswer {
    fn from_iter<I: IntoIterator<Item = PluginInfo>>(plugins: I) -> Self {
        Self {
            success: Success,
            plugins: plugins.into_iter().map(PluginView::from).collect(),
        }
    }
}

/// A plugin that was released from quarantine.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ReleaseAnswer {
    success: Success,
    /// Digests of the versions that get another chance; empty where none was quarantined.
    released: Vec<String>,
    /// The plugin now: what is in force first.
    plugins: Vec<PluginView>,
}

impl ReleaseAnswer {
    /// What was released, and the plugin's lines.
    pub fn new(released: Vec<String>, lines: impl IntoIterator<Item = PluginInfo>) -> Self {
        Self {
            success: Success,
            released,
            plugins: lines.into_iter().map(PluginView::from).collect(),
        }
    }
}
