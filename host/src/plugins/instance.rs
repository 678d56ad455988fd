//! One instance of an adapter: a store with its limits, and calls under a deadline.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use wasmtime::component::{InstancePre, ResourceAny};
use wasmtime::{Engine, Store, UpdateDeadline};

use super::bindings::exported::{Command, Description, Event};
use super::bindings::{CameraAdapter, CameraAdapterPre, types};
use super::limits::{ANSWER_BYTES, CALL_CPU_US, COMMANDS, HANDLES};
use super::trap::{Trap, explain};
use super::wasi::World;
use crate::clock::thread_cpu_us;

/// A live instance. After an error it is dead: drop it.
pub struct Instance {
    store: Store<World>,
    exports: CameraAdapter,
    /// Processor time of this thread at which the current call is ended, microseconds.
    deadline_us: Arc<AtomicI64>,
}

impl Instance {
    /// Makes an instance, and gives `cpu_us` of processor time to that and to the call that
    /// follows: [`describe`](Self::describe) or [`open`](Self::open). Calls must come from the
    /// thread that made it, since deadlines count that thread's processor time.
    pub fn new(
        engine: &Engine,
        component: &InstancePre<World>,
        seed: [u8; 32],
        cpu_us: i64,
    ) -> Result<Self, Trap> {
        let mut store = Store::new(engine, World::new(seed));
        store.limiter(|world| &mut world.limiter);
        store.set_hostcall_fuel(ANSWER_BYTES);
        store.set_max_component_handles(HANDLES);
        let deadline_us = Arc::new(AtomicI64::new(0));
        let deadline = Arc::clone(&deadline_us);
        store.set_epoch_deadline(1);
        store.epoch_deadline_callback(move |_| {
            if thread_cpu_us() < deadline.load(Ordering::Relaxed) {
                Ok(UpdateDeadline::Continue(1))
            } else {
                Err(wasmtime::Error::msg(
                    "took too long: the call's processor time is used up",
                ))
            }
        });
        deadline_us.store(thread_cpu_us() + cpu_us, Ordering::Relaxed);
        let exports = CameraAdapterPre::new(component.clone())
            .and_then(|pre| pre.instantiate(&mut store))
            .map_err(|error| explain(&error, &store.data().stderr.take()))?;
        Ok(Self {
            store,
            exports,
            deadline_us,
        })
    }

    /// The adapter's introduction.
    pub fn describe(&mut self) -> Result<Description, Trap> {
        self.store.set_epoch_deadline(1);
        self.exports
            .padelvar_adapter_adapter()
            .call_describe(&mut self.store)
            .map_err(|error| explain(&error, &self.store.data().stderr.take()))
    }

    /// Makes the session resource for a camera.
    pub fn open(&mut self, camera: &types::Camera) -> Result<ResourceAny, Trap> {
        self.store.set_epoch_deadline(1);
        self.exports
            .padelvar_adapter_adapter()
            .session()
            .call_constructor(&mut self.store, camera)
            .map_err(|error| explain(&error, &self.store.data().stderr.take()))
    }

    /// Hands over one event.
    pub fn handle(
        &mut self,
        session: ResourceAny,
        now_us: u64,
        event: &Event,
    ) -> Result<Vec<Command>, Trap> {
        self.arm(CALL_CPU_US);
        self.store.data().now.store(now_us, Ordering::Relaxed);
        let commands = self
            .exports
            .padelvar_adapter_adapter()
            .session()
            .call_handle(&mut self.store, session, now_us, event)
            .map_err(|error| explain(&error, &self.store.data().stderr.take()))?;
        if commands.len() > COMMANDS {
            return Err(format!(
                "answered {} commands at once, {COMMANDS} are allowed",
                commands.len()
            ));
        }
        Ok(commands)
    }

    /// Bytes of linear memory in use.
    pub fn memory_bytes(&self) -> usize {
        self.store.data().limiter.used()
    }

    fn arm(&mut self, cpu_us: i64) {
        self.deadline_us
            .store(thread_cpu_us() + cpu_us, Ordering::Relaxed);
        self.store.set_epoch_deadline(1);
    }
}
