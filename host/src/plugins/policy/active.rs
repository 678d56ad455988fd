//! A policy with settings, answering questions.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use tokio::runtime::{Handle, RuntimeFlavor};

use super::super::loader::on_own_thread;
use super::super::trap::Trap;
use super::instance::Instance;
use super::limits::{QUESTION_WALL, QUESTIONS};
use super::plugin::PolicyPlugin;
use super::pool::{Fate, Pool};
use super::types::{Decision, Finding, Request, Settings};

/// A question that took longer is not asked on a thread of the API next time.
const SLOW: Duration = Duration::from_millis(2);
/// After one that was slow or failed, so many good ones are asked off the threads of the API.
const WARY: u32 = 100;
/// Instances a core, at most; at least two cores' worth.
const INSTANCES_A_CORE: usize = 2;

/// A policy that was given settings which it found good. Cheap to ask from many threads.
pub struct ActivePolicy {
    plugin: Arc<PolicyPlugin>,
    settings: Arc<Settings>,
    instances: Pool<Instance>,
    /// Questions that are still to be asked where they hold up nobody.
    wary: AtomicU32,
}

impl ActivePolicy {
    /// Validates the settings and configures a first instance. Waits for the policy, which has
    /// about a second for each: not for a thread that answers requests.
    ///
    /// # Errors
    ///
    /// What is wrong, at least one finding.
    pub fn new(plugin: Arc<PolicyPlugin>, settings: Settings) -> Result<Self, Vec<Finding>> {
        plugin.validate(&settings)?;
        let broken = |trap: &str| vec![plugin.broken("settings", trap)];
        let settings = Arc::new(settings);
        let first = on_own_thread(|| plugin.configured(&settings)).map_err(|trap| broken(&trap))?;
        let cores = std::thread::available_parallelism().map_or(2, |cores| cores.get().max(2));
        let (maker, given) = (Arc::clone(&plugin), Arc::clone(&settings));
        let make = move || maker.configured(&given);
        let instances = Pool::new(first, cores * INSTANCES_A_CORE, make)
            .map_err(|error| broken(&format!("has no thread: {error}")))?;
        Ok(Self {
            plugin,
            settings,
            instances,
            wary: AtomicU32::new(0),
        })
    }

    /// The policy.
    pub fn plugin(&self) -> &Arc<PolicyPlugin> {
        &self.plugin
    }

    /// Its settings.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Asks one question. It is answered on this thread, also on one of tokio's, mostly in
    /// microseconds and always within 250 ms.
    ///
    /// # Errors
    ///
    /// Why there is no answer, which is a denial: it looped, trapped, answered rubbish, or no
    /// instance was free. The text continues a sentence that begins with "it"; it is in the
    /// log and in [`PolicyPlugin::last_failure`] already, and not for callers of the API.
    pub fn decide(&self, request: &Request) -> Result<Decision, Trap> {
        let started = Instant::now();
        let deadline = started + QUESTION_WALL;
        self.plugin.count_call();
        let wary = self.wary.load(Ordering::Relaxed);
        let ready = if wary == 0 {
            self.instances.take()
        } else {
            None
        };
        let answer = match ready {
            Some(instance) => self.ask(instance, request, deadline),
            None => off_worker(|| {
                let instance = self.instances.wait(deadline)?;
                self.ask(instance, request, deadline)
            }),
        };
        if answer.is_err() || started.elapsed() > SLOW {
            self.wary.store(WARY, Ordering::Relaxed);
        } else if wary > 0 {
            // Two threads that lower it at once lower it by one: it is a habit, not a count.
            self.wary.store(wary - 1, Ordering::Relaxed);
        }
        answer.map_err(|trap| self.plugin.failed(&trap))
    }

    fn ask(
        &self,
        instance: Instance,
        request: &Request,
        deadline: Instant,
    ) -> Result<Decision, Trap> {
        // Whatever happens to the call, the pool learns of its end.
        let mut lent = Lent {
            pool: &self.instances,
            instance: Some(instance),
            fate: Fate::Dead,
        };
        let Some(instance) = &mut lent.instance else {
            return Err("has no instance".to_owned());
        };
        let answer = instance.decide(request, deadline);
        lent.fate = match answer {
            Err(_) => Fate::Dead,
            Ok(_) if instance.asked() >= QUESTIONS => Fate::Old,
            Ok(_) => Fate::Good,
        };
        answer
    }
}

/// An instance in use.
struct Lent<'a> {
    pool: &'a Pool<Instance>,
    instance: Option<Instance>,
    fate: Fate,
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        if let Some(instance) = self.instance.take() {
            self.pool.put(instance, self.fate);
        }
    }
}

/// Runs what may take long where it holds up no other task: on a worker of tokio, the other
/// tasks move to another thread first.
fn off_worker<T>(run: impl FnOnce() -> T) -> T {
    match Handle::try_current().map(|handle| handle.runtime_flavor()) {
        Ok(RuntimeFlavor::MultiThread) => tokio::task::block_in_place(run),
        _ => run(),
    }
}
