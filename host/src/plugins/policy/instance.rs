//! One instance of a policy: a store with its limits.

use std::sync::atomic::Ordering;
use std::time::Instant;

use wasmtime::{Engine, Store, UpdateDeadline};

use super::super::limits::HANDLES;
use super::super::memory::MemoryShare;
use super::super::trap::{Trap, explain};
use super::answer::check;
use super::bindings::{AccessPolicy, AccessPolicyPre};
use super::limits::{ANSWER_BYTES, LATE, PRINT_BYTES, QUESTION_FUEL, SETUP_FUEL, SETUP_WALL};
use super::types::{Decision, Description, Finding, Request, Settings};
use super::world::PolicyWorld;

/// A live instance. After an error it is dead: drop it.
pub struct Instance {
    store: Store<PolicyWorld>,
    exports: AccessPolicy,
    memory: MemoryShare,
    asked: u32,
}

impl Instance {
    /// Makes an instance, and gives it what it may use until the first question.
    pub fn new(
        engine: &Engine,
        policy: &AccessPolicyPre<PolicyWorld>,
        memory: MemoryShare,
    ) -> Result<Self, Trap> {
        let mut store = Store::new(engine, PolicyWorld::new());
        store.limiter(|world| &mut world.guest.limiter);
        store.set_hostcall_fuel(ANSWER_BYTES);
        store.set_max_component_handles(HANDLES);
        store.epoch_deadline_callback(|context| {
            if Instant::now() < context.data().deadline {
                Ok(UpdateDeadline::Continue(1))
            } else {
                Err(wasmtime::Error::msg(LATE))
            }
        });
        arm(&mut store, SETUP_FUEL, Instant::now() + SETUP_WALL)?;
        let exports = policy
            .instantiate(&mut store)
            .map_err(|error| told(&error, &store))?;
        let mut instance = Self {
            store,
            exports,
            memory,
            asked: 0,
        };
        instance.measure();
        Ok(instance)
    }

    /// The policy's introduction.
    pub fn describe(&mut self) -> Result<Description, Trap> {
        self.exports
            .padelvar_policy_policy()
            .call_describe(&mut self.store)
            .map_err(|error| told(&error, &self.store))
    }

    /// What is wrong with settings.
    pub fn validate(&mut self, settings: &Settings) -> Result<Vec<Finding>, Trap> {
        self.exports
            .padelvar_policy_policy()
            .call_validate_settings(&mut self.store, settings)
            .map_err(|error| told(&error, &self.store))
    }

    /// Gives it its settings.
    pub fn configure(&mut self, settings: &Settings) -> Result<(), Trap> {
        let configured = self
            .exports
            .padelvar_policy_policy()
            .call_configure(&mut self.store, settings)
            .map_err(|error| told(&error, &self.store))?;
        self.measure();
        configured.map_err(|reason| format!("refused its settings: {reason}"))
    }

    /// Asks one question.
    pub fn decide(&mut self, request: &Request, deadline: Instant) -> Result<Decision, Trap> {
        self.asked += 1;
        arm(&mut self.store, QUESTION_FUEL, deadline)?;
        let seconds = u64::try_from(request.context.unix_seconds).unwrap_or(0);
        let now_us = seconds.saturating_mul(1_000_000);
        self.store.data().guest.now.store(now_us, Ordering::Relaxed);
        let answer = self
            .exports
            .padelvar_policy_policy()
            .call_decide(&mut self.store, request)
            .map_err(|error| told(&error, &self.store));
        self.measure();
        answer.and_then(check)
    }

    /// Questions that it was asked.
    pub fn asked(&self) -> u32 {
        self.asked
    }

    fn measure(&mut self) {
        self.memory.set(self.store.data().guest.limiter.used());
    }

    /// Fuel that the last call left over.
    pub fn fuel(&self) -> u64 {
        // An error says that the engine does not count, and this one does.
        self.store.get_fuel().unwrap_or_default()
    }
}

/// Gives the calls that follow what they may use.
fn arm(store: &mut Store<PolicyWorld>, fuel: u64, deadline: Instant) -> Result<(), Trap> {
    store
        .set_fuel(fuel)
        .map_err(|error| format!("could not be limited: {error}"))?;
    // The deadline is looked at on every beat of the ticker that falls into the call.
    store.set_epoch_deadline(1);
    let world = store.data_mut();
    world.deadline = deadline;
    world.printable = PRINT_BYTES;
    Ok(())
}

fn told(error: &wasmtime::Error, store: &Store<PolicyWorld>) -> Trap {
    explain(error, &store.data().guest.stderr.take())
}
