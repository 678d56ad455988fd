//! The built-in plugins, for tests of what is done with policies.

use std::path::Path;
use std::sync::OnceLock;

use crate::plugins::{Cache, PluginEngine, Registry, Trust};

/// Loaded once a run.
pub fn registry() -> &'static Registry {
    static REGISTRY: OnceLock<Registry> = OnceLock::new();
    REGISTRY.get_or_init(|| {
        let engine = PluginEngine::new().unwrap();
        // This is `<target>/<profile>/deps/<this>`. Compiled code is kept between runs: without
        // optimisation it takes long to make.
        let this = std::env::current_exe().unwrap();
        let cache = Cache::open(&this.ancestors().nth(3).unwrap().join("test-plugins"));
        Registry::load(&engine, &cache, &Trust::any(), Path::new("no such folder")).unwrap()
    })
}
