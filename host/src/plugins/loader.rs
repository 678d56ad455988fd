//! From bytes to an adapter that can be used: hash, compile, check, introduce.

use std::path::PathBuf;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use sha2::{Digest, Sha256};
use thiserror::Error;
use wasmtime::component::InstancePre;

use super::bindings::exported::Description;
use super::cache::Cache;
use super::compile::compile;
use super::engine::PluginEngine;
use super::instance::Instance;
use super::introduction;
use super::limits::{CALL_CPU_US, SELF_CHECK_CPU_US};
use super::memory::{MemoryGauge, MemoryShare};
use super::outline::Kind;
use super::strikes;
use super::text::reason;
use super::trap::Trap;
use super::wasi::{self, World};
use super::witnesses::{Witness, Witnesses};
use crate::hex::lower as hex;

/// Where a plugin came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Inside the host's binary.
    BuiltIn,
    /// A file in `plugins.dir`.
    File(PathBuf),
}

/// Why a plugin is not used.
#[derive(Debug, Error)]
pub enum LoadError {
    /// Too large, unreadable, no file, or writable by others.
    #[error("{0}")]
    File(String),
    /// Not a component, or one that this host cannot compile.
    #[error("not a WebAssembly component that this host can load: {0}")]
    Component(String),
    /// Compiling it took too much, or failed.
    #[error("compiling it {0}")]
    Compile(String),
    /// There was no time to compile it.
    #[error("compiling it would hold up the host's start; a host that runs takes its time")]
    Late,
    /// It is not trusted as the configuration asks.
    #[error("not trusted: {0}")]
    Trust(String),
    /// It is no plugin, or two.
    #[error("neither an adapter nor a policy for this host: {0}")]
    NoKind(&'static str),
    /// It is made for a version of its world that this host does not have.
    #[error("{0}")]
    Version(String),
    /// Its exports have other types than its world's, or it imports what is not granted.
    #[error("not a usable {kind} for this host ({}): {reason}", kind.world())]
    World {
        /// What it looks like.
        kind: Kind,
        /// What does not fit.
        reason: String,
    },
    /// It has the name of another plugin whose place it may not take.
    #[error("{0}")]
    Name(String),
    /// Its self-check failed.
    #[error("its self-check failed: it {0}")]
    SelfCheck(Trap),
}

/// An adapter that was loaded and checked.
pub struct Adapter {
    name: String,
    digest: String,
    origin: Origin,
    description: Description,
    engine: PluginEngine,
    component: InstancePre<World>,
    calls: AtomicU64,
    traps: AtomicU64,
    memory: MemoryGauge,
    witnesses: Witnesses,
    on_failure: OnceLock<OnFailure>,
}

/// Is told why a version of a plugin failed, in a sentence. It must not wait.
pub(super) type OnFailure = Box<dyn Fn(&str) + Send + Sync>;

impl Adapter {
    /// Loads an adapter from the bytes of a component. Compiles, so not for a thread that
    /// answers requests.
    pub fn load(
        engine: &PluginEngine,
        cache: &Cache,
        name: &str,
        origin: Origin,
        wasm: &[u8],
    ) -> Result<Self, LoadError> {
        let digest = digest_of(wasm);
        let component = compile(engine, Kind::Adapter, cache, &origin, &digest, wasm)?;
        let component = wasi::linker(engine.wasmtime())
            .and_then(|linker| linker.instantiate_pre(&component))
            .and_then(|pre| super::bindings::CameraAdapterPre::new(pre.clone()).map(|_| pre))
            .map_err(|error| LoadError::world(Kind::Adapter, &error))?;
        let description = on_own_thread(|| {
            let (engine, seed) = (engine.wasmtime(), [0; 32]);
            Instance::new(engine, &component, seed, SELF_CHECK_CPU_US)?.describe()
        })
        .and_then(|description| introduction::check(&description).map(|()| description))
        .map_err(|trap| LoadError::SelfCheck(reason(&trap)))?;
        Ok(Self {
            name: name.to_owned(),
            digest,
            origin,
            description,
            engine: engine.clone(),
            component,
            calls: AtomicU64::new(0),
            traps: AtomicU64::new(0),
            memory: MemoryGauge::default(),
            witnesses: Witnesses::default(),
            on_failure: OnceLock::new(),
        })
    }

    /// The file's stem, or the built-in's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// SHA-256 of the component, lower case hexadecimal.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// Where it came from.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// What it said of itself.
    pub fn description(&self) -> &Description {
        &self.description
    }

    /// Calls and traps since it was loaded.
    pub fn counts(&self) -> (u64, u64) {
        (
            self.calls.load(Ordering::Relaxed),
            self.traps.load(Ordering::Relaxed),
        )
    }

    /// Linear memory of its live instances, bytes.
    pub fn memory_bytes(&self) -> u64 {
        self.memory.bytes()
    }

    /// Whether it knows a URL scheme (lower case).
    pub fn knows_scheme(&self, scheme: &str) -> bool {
        self.description.schemes.iter().any(|known| known == scheme)
    }

    pub(super) fn count_call(&self) {
        self.calls.fetch_add(1, Ordering::Relaxed);
    }

    /// Has failures told to somebody, once.
    pub(super) fn on_failure(&self, told: OnFailure) {
        // Set once, by the registry that loaded it.
        let _ = self.on_failure.set(told);
    }

    /// An instance trapped, was late, or did what it may not.
    pub(super) fn count_trap(&self) {
        self.traps.fetch_add(1, Ordering::Relaxed);
    }

    /// A session ended for what its instance did; `why` is a sentence without the secrets of the
    /// session's camera, since it is shown to others. That speaks against this version, unless
    /// there are sessions that it has served well for longer than failures are counted: then it
    /// is the camera that makes it stumble.
    pub fn accuse(&self, why: &str) {
        if self.witnesses.any_for(strikes::WITHIN, Instant::now()) {
            return;
        }
        if let Some(told) = self.on_failure.get() {
            told(&reason(why));
        }
    }

    /// A session brings pictures from now on.
    pub(super) fn witness(&self) -> Witness {
        self.witnesses.add(Instant::now())
    }

    pub(super) fn memory_share(&self) -> MemoryShare {
        self.memory.share()
    }

    /// What it says of itself in an instance of its own.
    pub fn describe_anew(&self, seed: [u8; 32]) -> Result<Description, Trap> {
        let (engine, component) = (self.engine.wasmtime(), &self.component);
        on_own_thread(|| Instance::new(engine, component, seed, SELF_CHECK_CPU_US)?.describe())
    }

    pub(super) fn instantiate(&self, seed: [u8; 32]) -> Result<Instance, Trap> {
        Instance::new(self.engine.wasmtime(), &self.component, seed, CALL_CPU_US)
    }
}

impl LoadError {
    /// Whether more of the file may make it good: somebody is still writing it.
    pub(super) fn may_be_unfinished(&self) -> bool {
        matches!(self, Self::Component(_) | Self::NoKind(_))
    }

    pub(super) fn world(kind: Kind, error: &wasmtime::Error) -> Self {
        let reason = root(error);
        Self::World { kind, reason }
    }
}

/// SHA-256 of a component, lower case hexadecimal.
pub fn digest_of(wasm: &[u8]) -> String {
    hex(&Sha256::digest(wasm))
}

/// Runs a guest on a thread of its own and waits for it: a synchronous WASI call would panic
/// on a tokio worker, and a guest may use a stack that the caller does not have.
pub(super) fn on_own_thread<T: Send>(
    run: impl FnOnce() -> Result<T, Trap> + Send,
) -> Result<T, Trap> {
    std::thread::scope(|scope| {
        std::thread::Builder::new()
            .name("plugin-check".into())
            .spawn_scoped(scope, run)
            .map_err(|error| format!("has no thread: {error}"))?
            .join()
            .unwrap_or_else(|_| Err("brought down the thread that checked it".into()))
    })
}

/// An error and its causes in one line.
pub(super) fn root(error: &wasmtime::Error) -> String {
    let causes: Vec<String> = error.chain().map(ToString::to_string).collect();
    reason(&causes.join(": "))
}
