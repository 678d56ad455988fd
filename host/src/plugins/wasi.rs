//! The empty WASI world of a guest: no files, no environment, no sockets. It is there because
//! standard libraries want it. Its clock answers the `now` of the current call and its random
//! numbers are seeded per session, so that a conversation can be replayed exactly.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use wasmtime::component::{Linker, Resource, ResourceTable};
use wasmtime_wasi::p2::DynPollable;
use wasmtime_wasi::random::Deterministic;
use wasmtime_wasi::{
    HostMonotonicClock, HostWallClock, WasiCtx, WasiCtxBuilder, WasiCtxView, WasiView,
};

use super::limits::{HANDLES, MemoryLimiter};
use super::stderr::Ring;

/// What a store carries.
pub struct World {
    wasi: WasiCtx,
    table: ResourceTable,
    pub limiter: MemoryLimiter,
    pub stderr: Ring,
    /// Microseconds: the `now` of the current call.
    pub now: Arc<AtomicU64>,
}

impl World {
    /// A world with nothing in it but its own random numbers.
    pub fn new(seed: [u8; 32]) -> Self {
        let stderr = Ring::default();
        let now = Arc::new(AtomicU64::new(0));
        let mut builder = WasiCtxBuilder::new();
        builder
            .stderr(stderr.clone())
            .stdout(stderr.clone())
            .secure_random(Deterministic::new(seed.to_vec()))
            .insecure_random(Deterministic::new(seed.to_vec()))
            .insecure_random_seed(u128::from_le_bytes(
                *seed.first_chunk().expect("a seed of 32 bytes has 16"),
            ))
            .max_random_size(64 << 10)
            .monotonic_clock(CallClock(Arc::clone(&now)))
            .wall_clock(CallClock(Arc::clone(&now)))
            .allow_tcp(false)
            .allow_udp(false)
            .allow_ip_name_lookup(false);
        let mut table = ResourceTable::new();
        table.set_max_capacity(HANDLES);
        Self {
            wasi: builder.build(),
            table,
            limiter: MemoryLimiter::default(),
            stderr,
            now,
        }
    }
}

impl WasiView for World {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.wasi,
            table: &mut self.table,
        }
    }
}

struct CallClock(Arc<AtomicU64>);

impl HostMonotonicClock for CallClock {
    fn resolution(&self) -> u64 {
        1_000
    }

    fn now(&self) -> u64 {
        self.0.load(Ordering::Relaxed).saturating_mul(1_000)
    }
}

impl HostWallClock for CallClock {
    fn resolution(&self) -> Duration {
        Duration::from_micros(1)
    }

    fn now(&self) -> Duration {
        Duration::from_micros(self.0.load(Ordering::Relaxed))
    }
}

/// A linker with the empty world. Waiting is taken out of it: a guest that sleeps would hold
/// its thread in a call that no deadline can end.
pub fn linker(engine: &wasmtime::Engine) -> wasmtime::Result<Linker<World>> {
    let mut linker = Linker::new(engine);
    wasmtime_wasi::p2::add_to_linker_sync(&mut linker)?;
    linker.allow_shadowing(true);
    let refuse = || wasmtime::Error::msg("tried to sleep; a plugin waits by a timer command");
    let mut clock = linker.instance("wasi:clocks/monotonic-clock@0.2.12")?;
    clock.func_wrap(
        "subscribe-duration",
        move |_, (_nanoseconds,): (u64,)| -> wasmtime::Result<(Resource<DynPollable>,)> {
            Err(refuse())
        },
    )?;
    clock.func_wrap(
        "subscribe-instant",
        move |_, (_instant,): (u64,)| -> wasmtime::Result<(Resource<DynPollable>,)> {
            Err(refuse())
        },
    )?;
    linker.allow_shadowing(false);
    Ok(linker)
}
