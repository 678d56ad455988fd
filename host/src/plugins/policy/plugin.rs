//! From bytes to a policy that can be given settings.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use super::super::cache::Cache;
use super::super::compile::compile;
use super::super::engine::PluginEngine;
use super::super::info::PluginInfo;
use super::super::introduction;
use super::super::loader::{LoadError, OnFailure, Origin, digest_of, on_own_thread};
use super::super::memory::MemoryGauge;
use super::super::outline::Kind;
use super::super::text::reason;
use super::super::trap::Trap;
use super::answer::tidy;
use super::bindings::AccessPolicyPre;
use super::failures::Failures;
use super::instance::Instance;
use super::limits::is_hurried;
use super::types::{Description, Finding, Settings};
use super::world::{PolicyWorld, linker};

/// A policy that was loaded and checked. It has no settings yet.
pub struct PolicyPlugin {
    name: String,
    digest: String,
    origin: Origin,
    description: Description,
    engine: PluginEngine,
    component: AccessPolicyPre<PolicyWorld>,
    calls: AtomicU64,
    failures: Failures,
    memory: MemoryGauge,
    on_failure: OnceLock<OnFailure>,
}

impl PolicyPlugin {
    /// Loads a policy from the bytes of a component. Compiles, so not for a thread that
    /// answers requests.
    pub fn load(
        engine: &PluginEngine,
        cache: &Cache,
        name: &str,
        origin: Origin,
        wasm: &[u8],
    ) -> Result<Self, LoadError> {
        let digest = digest_of(wasm);
        let component = compile(engine, Kind::Policy, cache, &origin, &digest, wasm)?;
        let component = linker(engine.counting())
            .and_then(|linker| linker.instantiate_pre(&component))
            .and_then(AccessPolicyPre::new)
            .map_err(|error| LoadError::world(Kind::Policy, &error))?;
        let memory = MemoryGauge::default();
        let description = on_own_thread(|| {
            Instance::new(engine.counting(), &component, memory.share())?.describe()
        })
        .and_then(|description| {
            introduction::check_names(&description.title, &description.version)?;
            Ok(description)
        })
        .map_err(|trap| LoadError::SelfCheck(reason(&trap)))?;
        Ok(Self {
            name: name.to_owned(),
            digest,
            origin,
            description,
            engine: engine.clone(),
            component,
            calls: AtomicU64::new(0),
            failures: Failures::default(),
            memory,
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

    /// Questions since it was loaded, and how many of them failed.
    pub fn counts(&self) -> (u64, u64) {
        (self.calls.load(Ordering::Relaxed), self.failures.count())
    }

    /// Its line in a list.
    pub fn info(&self) -> PluginInfo {
        PluginInfo::of_policy(self)
    }

    /// Why the last question that failed did; it continues a sentence that begins with "it".
    pub fn last_failure(&self) -> Option<String> {
        self.failures.last()
    }

    /// Linear memory of its live instances, bytes.
    pub fn memory_bytes(&self) -> u64 {
        self.memory.bytes()
    }

    /// Whether settings are good. Waits for the policy, which has about a second: not for a
    /// thread that answers requests.
    ///
    /// # Errors
    ///
    /// What is wrong with them, at least one finding; also where the policy itself failed.
    pub fn validate(&self, settings: &Settings) -> Result<(), Vec<Finding>> {
        let findings = on_own_thread(|| self.instance()?.validate(settings));
        match findings.map(tidy) {
            Ok(findings) if findings.is_empty() => Ok(()),
            Ok(findings) => Err(findings),
            Err(trap) => Err(vec![self.broken("settings", &trap)]),
        }
    }

    /// An instance with settings, ready to be asked.
    pub(super) fn configured(&self, settings: &Settings) -> Result<Instance, Trap> {
        let mut instance = self.instance()?;
        instance.configure(settings)?;
        Ok(instance)
    }

    /// What is found where the policy fails at something that it should have judged.
    pub(super) fn broken(&self, what: &str, trap: &str) -> Finding {
        let (name, trap) = (&self.name, reason(trap));
        Finding {
            message: format!("the policy `{name}` failed at its {what}: it {trap}"),
            line: None,
            column: None,
        }
    }

    pub(super) fn count_call(&self) {
        self.calls.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a question that failed, tells the log, and cuts the reason.
    pub(super) fn failed(&self, trap: &str) -> Trap {
        let trap = reason(trap);
        self.failures.note(&self.name, &trap, Instant::now());
        if let Some(told) = self.on_failure.get().filter(|_| !is_hurried(&trap)) {
            told(&format!("it {trap}"));
        }
        trap
    }

    /// Has failures told to somebody, once.
    pub(in crate::plugins) fn on_failure(&self, told: OnFailure) {
        // Set once, by the registry that loaded it.
        let _ = self.on_failure.set(told);
    }

    pub(super) fn instance(&self) -> Result<Instance, Trap> {
        Instance::new(self.engine.counting(), &self.component, self.memory.share())
    }
}
