//! Which adapters may suit a camera, of those in force now.

use std::sync::Arc;

use crate::camera::CameraSpec;
use crate::plugins::{Adapter, Registry};

/// The adapters that may suit a camera.
pub struct Candidates {
    adapters: Vec<Arc<Adapter>>,
    /// The configuration named it: no other one is tried.
    pub named: bool,
    wanted: String,
    /// Why the file that the configuration names is not used.
    rejection: Option<String>,
}

impl Candidates {
    /// The adapter that the configuration names, or those that know the URL's scheme. Where the
    /// file of the one `in_use` was removed and nothing has taken its place, it is still one.
    pub fn choose(spec: &CameraSpec, registry: &Registry, in_use: Option<&Arc<Adapter>>) -> Self {
        let rejection = |name: &str| registry.rejection(name);
        let kept = in_use.filter(|adapter| {
            let name = adapter.name();
            registry.adapter(name).is_none() && rejection(name).is_none()
        });
        match &spec.adapter {
            Some(name) => Self {
                adapters: registry
                    .adapter(name)
                    .or_else(|| kept.filter(|adapter| adapter.name() == name).cloned())
                    .into_iter()
                    .collect(),
                named: true,
                wanted: format!("of the name `{name}`"),
                rejection: rejection(name),
            },
            None => Self {
                adapters: kept
                    .cloned()
                    .into_iter()
                    .chain(registry.for_scheme(&spec.scheme))
                    .collect(),
                named: false,
                wanted: format!("for {}://", spec.scheme),
                rejection: None,
            },
        }
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.adapters.len()
    }

    /// The one of this name, else the first one.
    pub fn preferring(&self, name: Option<&str>) -> Option<&Arc<Adapter>> {
        let mut adapters = self.adapters.iter();
        adapters
            .find(|adapter| Some(adapter.name()) == name)
            .or(self.adapters.first())
    }

    /// The one that is tried after this one.
    pub fn after(&self, name: &str) -> Option<&Arc<Adapter>> {
        let at = self
            .adapters
            .iter()
            .position(|adapter| adapter.name() == name);
        let next = at.map_or(0, |at| (at + 1) % self.adapters.len());
        self.adapters.get(next)
    }

    /// What a session shows before the first attempt.
    pub fn first_name<'a>(&'a self, spec: &'a CameraSpec) -> &'a str {
        let wanted = spec.adapter.as_ref().unwrap_or(&spec.scheme);
        self.adapters
            .first()
            .map_or(wanted.as_str(), |adapter| adapter.name())
    }

    /// What is told where there is none to try.
    pub fn none(&self) -> String {
        match &self.rejection {
            Some(why) => format!("no adapter {}: its file is rejected: {why}", self.wanted),
            None => format!("no adapter {}; see `padelvar plugin list`", self.wanted),
        }
    }
}
