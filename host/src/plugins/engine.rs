//! The one wasmtime engine, and the thread that advances its epochs.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use wasmtime::{Config, Engine};

/// How often a running guest is looked at. Deadlines are checked on this beat.
const TICK: Duration = Duration::from_millis(10);

/// A wasmtime engine with the host's settings. Cloning is cheap; the ticker ends with the
/// last clone.
#[derive(Clone)]
pub struct PluginEngine {
    engine: Engine,
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
    /// An engine with its ticker running.
    pub fn new() -> wasmtime::Result<Self> {
        let mut config = Config::new();
        config.epoch_interruption(true);
        config.concurrency_support(false);
        config.wasm_component_model(true);
        let engine = Engine::new(&config)?;
        let end = Arc::new(AtomicBool::new(false));
        let ticker_engine = engine.weak();
        let ticker_end = Arc::clone(&end);
        std::thread::Builder::new()
            .name("plugin-ticker".into())
            .spawn(move || {
                // `sleep` and not an interval that catches up: missed beats are skipped.
                while !ticker_end.load(Ordering::Relaxed) {
                    std::thread::sleep(TICK);
                    match ticker_engine.upgrade() {
                        Some(engine) => engine.increment_epoch(),
                        None => break,
                    }
                }
            })?;
        Ok(Self {
            engine,
            _ticker: Arc::new(Ticker { end }),
        })
    }

    pub(super) fn wasmtime(&self) -> &Engine {
        &self.engine
    }
}
