//! Compiled code on disk, so that a start does not compile again.
//!
//! A file is named after the component's digest and the engine's compatibility hash, and holds
//! the SHA-256 of its content first: what is cut off or rotten is thrown away and made again.
//!
//! Loading compiled code is the one unsafe thing that the host does: whoever can write these
//! files owns the host. So the folder belongs to the host's user with mode 0700, and a folder
//! that others may write to is not used.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use tracing::warn;
use wasmtime::Engine;
use wasmtime::component::Component;

/// The folder, or nothing when it cannot be trusted.
#[derive(Debug, Clone)]
pub struct Cache {
    dir: Option<PathBuf>,
}

impl Cache {
    /// No cache: everything is compiled.
    pub fn off() -> Self {
        Self { dir: None }
    }

    /// A cache in `dir`, which is made when it is missing. A folder that cannot be made or
    /// that others may write to is left alone, with a warning.
    pub fn open(dir: &Path) -> Self {
        match prepare(dir) {
            Ok(()) => Self {
                dir: Some(dir.to_owned()),
            },
            Err(reason) => {
                warn!(folder = %dir.display(), reason, "compiled plugins are not cached");
                Self::off()
            }
        }
    }

    /// The component for these bytes, from the cache or compiled.
    pub fn component(
        &self,
        engine: &Engine,
        digest: &str,
        wasm: &[u8],
    ) -> wasmtime::Result<Component> {
        let Some(dir) = &self.dir else {
            return Component::from_binary(engine, wasm);
        };
        let mut hasher = DefaultHasher::new();
        engine.precompile_compatibility_hash().hash(&mut hasher);
        let path = dir.join(format!("{digest}-{:016x}.cwasm", hasher.finish()));
        if let Some(component) = load(engine, &path) {
            return Ok(component);
        }
        let component = Component::from_binary(engine, wasm)?;
        if let Err(error) = store(dir, &path, &component.serialize()?) {
            warn!(file = %path.display(), %error, "could not keep a compiled plugin");
        }
        Ok(component)
    }
}

fn prepare(dir: &Path) -> Result<(), String> {
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(dir)
        .map_err(|error| error.to_string())?;
    let metadata = std::fs::metadata(dir).map_err(|error| error.to_string())?;
    let own = metadata.uid() == rustix::process::geteuid().as_raw();
    if !own || metadata.permissions().mode() & 0o022 != 0 {
        return Err("the folder must belong to the host's user and be writable by it alone".into());
    }
    Ok(())
}

fn load(engine: &Engine, path: &Path) -> Option<Component> {
    let file = std::fs::read(path).ok()?;
    let (digest, code) = file.split_at_checked(32)?;
    if Sha256::digest(code).as_slice() != digest {
        warn!(file = %path.display(), "a compiled plugin is damaged and is made again");
        return None;
    }
    // SAFETY: the bytes were written by `store` below, by `Component::serialize`, into a folder
    // that only this user can write to (`prepare`), and are complete (the digest above).
    // wasmtime itself refuses code of another version or another configuration.
    #[expect(unsafe_code, reason = "the only way to load compiled code; see SAFETY")]
    let component = unsafe { Component::deserialize(engine, code) };
    component.ok()
}

fn store(dir: &Path, path: &Path, code: &[u8]) -> std::io::Result<()> {
    let temporary = dir.join(format!(
        "{}.{:?}.tmp",
        std::process::id(),
        std::thread::current().id()
    ));
    let mut file = std::fs::File::create(&temporary)?;
    file.write_all(&Sha256::digest(code))?;
    file.write_all(code)?;
    file.sync_all()?;
    std::fs::rename(&temporary, path)
}
