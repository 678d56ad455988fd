//! The wasmtime engines, and the thread that advances their epochs.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use wasmtime::{Config, Engine};

use super::outline::Kind;

/// How often a running guest is looked at. Deadlines are checked on this beat.
const TICK: Duration = Duration::from_millis(10);

/// The engines of both kinds of plugins. Cloning is cheap; the ticker ends with the last clone.
#[derive(Clone)]
pub struct PluginEngine {
    adapters: Engine,
    policies: Engine,
    _ticker: Arc<Ticker>,
}

struct Ticker {
    end: Arc<AtomicBool>,
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.end.store(true, Ordering::Relaxed);
    }
}

impl PluginEngine {
    /// Engines with their ticker running.
    pub fn new() -> wasmtime::Result<Self> {
        let adapters = bare(Kind::Adapter)?;
        let policies = bare(Kind::Policy)?;
        let end = Arc::new(AtomicBool::new(false));
        let engines = [adapters.weak(), policies.weak()];
        let ticker_end = Arc::clone(&end);
        std::thread::Builder::new()
            .name("plugin-ticker".into())
            .spawn(move || {
                // `sleep` and not an interval that catches up: missed beats are skipped.
                while !ticker_end.load(Ordering::Relaxed) {
                    std::thread::sleep(TICK);
                    for engine in engines.iter().filter_map(wasmtime::EngineWeak::upgrade) {
                        engine.increment_epoch();
                    }
                }
            })?;
        Ok(Self {
            adapters,
            policies,
            _ticker: Arc::new(Ticker { end }),
        })
    }

    /// The engine of a kind.
    pub(super) fn of(&self, kind: Kind) -> &Engine {
        match kind {
            Kind::Adapter => &self.adapters,
            Kind::Policy => &self.policies,
        }
    }

    /// The engine of adapters.
    pub(super) fn wasmtime(&self) -> &Engine {
        &self.adapters
    }

    /// The engine of policies: as the other, and it counts what a guest computes.
    pub(super) fn counting(&self) -> &Engine {
        &self.policies
    }
}

/// An engine whose epochs nobody advances: enough to compile with.
pub(super) fn bare(kind: Kind) -> wasmtime::Result<Engine> {
    let mut config = Config::new();
    config.epoch_interruption(true);
    config.concurrency_support(false);
    config.wasm_component_model(true);
    if kind == Kind::Policy {
        // Counting costs every block of code a little, so adapters are spared: they move
        // megabytes, and have a thread whose processor time is their measure.
        config.consume_fuel(true);
        // Nobody reads them, and drawing one up is most of what a trap costs.
        config.wasm_backtrace_max_frames(None);
    }
    Engine::new(&config)
}
