//! A policy and its settings, as the command line names them.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, Result, anyhow, bail};

use crate::auth::{Given, PluginPolicy};
use crate::cli::host::cache_dir;
use crate::config::{self, process_environment};
use crate::plugins::{Cache, Kind, Origin, Outline, PluginEngine, PolicyPlugin, built_in_policy};

/// Longest file of a table or of settings, bytes: as in the configuration.
const MOST_TEXT_BYTES: u64 = 1 << 20;
/// Longest plugin that is read, bytes: as in `plugins.dir`.
const MOST_WASM_BYTES: u64 = 32 << 20;

/// What loads policies.
pub struct Loader {
    engine: PluginEngine,
    cache: Cache,
}

impl Loader {
    /// Compiled code is kept where the host of this configuration keeps its own. Without a
    /// configuration that can be read there is no such place, and all is compiled.
    pub fn new(config: &Path) -> Result<Self> {
        let engine = PluginEngine::new().map_err(|error| anyhow!("{error:#}"))?;
        let cache = match config::load(config, &process_environment()) {
            Ok(loaded) => Cache::open(&cache_dir(&loaded.config)),
            Err(_) => Cache::off(),
        };
        Ok(Self { engine, cache })
    }

    /// The policy of a file or a built-in name. A name that a built-in policy has is that policy;
    /// a file of that name is `./name`.
    pub fn plugin(&self, name: &str) -> Result<Arc<PolicyPlugin>> {
        if let Some(loaded) = built_in_policy(&self.engine, &self.cache, name) {
            return Ok(Arc::new(loaded?));
        }
        let path = Path::new(name);
        if !path.exists() {
            bail!(
                "there is no file {name}, and no built-in policy of that name\n  hint: a .wasm file, or club-roles or cedar"
            );
        }
        let wasm = read(path, MOST_WASM_BYTES)?;
        let refused = |error| anyhow!("{name} is not accepted: {error}");
        let kind = Outline::read(&wasm).and_then(|outline| outline.kind());
        if kind.map_err(refused)? == Kind::Adapter {
            bail!("{name} is an adapter, and this is about policies");
        }
        let stem = path.file_stem().and_then(|stem| stem.to_str());
        let (stem, origin) = (stem.unwrap_or("policy"), Origin::File(path.to_owned()));
        let loaded = PolicyPlugin::load(&self.engine, &self.cache, stem, origin, &wasm);
        loaded.map(Arc::new).map_err(refused)
    }
}

/// A policy with the settings of a file, or with none.
pub fn with_settings(plugin: Arc<PolicyPlugin>, settings: Option<&Path>) -> Result<PluginPolicy> {
    let given = match settings {
        Some(path) => of_file(path)?,
        None => Given::none(),
    };
    let name = plugin.name().to_owned();
    let made = PluginPolicy::new(plugin, &given);
    made.with_context(|| format!("the policy {name} does not take these settings"))
}

/// Settings as `[policy]` would hand them on: an object out of `.json` or `.toml`, the text of
/// any other file.
pub fn of_file(path: &Path) -> Result<Given> {
    let text = text(path)?;
    let place = path.display().to_string();
    let extension = path.extension().and_then(|extension| extension.to_str());
    let object = match extension {
        Some("json") => {
            serde_json::from_str(&text).with_context(|| format!("{place} is no JSON"))?
        }
        Some("toml") => config::json_of_toml(&text, &place)?,
        _ => return Ok(Given::text(text, place)),
    };
    if !serde_json::Value::is_object(&object) {
        bail!("{place} has to be an object, {{ … }}");
    }
    Ok(Given::json(object.to_string(), place))
}

/// The text of a small file.
pub fn text(path: &Path) -> Result<String> {
    let bytes = read(path, MOST_TEXT_BYTES)?;
    String::from_utf8(bytes).with_context(|| format!("{} is no text", path.display()))
}

fn read(path: &Path, most: u64) -> Result<Vec<u8>> {
    let failed = || format!("cannot read {}", path.display());
    let mut bytes = Vec::new();
    let file = File::open(path).with_context(failed)?;
    file.take(most + 1)
        .read_to_end(&mut bytes)
        .with_context(failed)?;
    if bytes.len() as u64 > most {
        bail!("{} is longer than {most} bytes", path.display());
    }
    Ok(bytes)
}
