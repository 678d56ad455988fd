//! What is in force, and what is told of changes. Looking something up never waits: a shelf is
//! put in its place in one step.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Instant;

use arc_swap::ArcSwap;
use tokio::sync::watch;
use tracing::error;

use super::info::{PluginInfo, PluginState};
use super::ledger::{Ledger, Loaded, Version};
use super::loader::Adapter;
use super::policy::PolicyPlugin;

/// Changes that nobody has taken: as many as listeners of events can still be told of.
const NEWS: usize = 1000;

/// The plugins that can be used now.
#[derive(Default)]
pub struct Shelf {
    /// By name.
    pub adapters: BTreeMap<String, Arc<Adapter>>,
    /// Those of files, by name; the binary's are compiled when they are first asked for.
    pub policies: BTreeMap<String, Arc<PolicyPlugin>>,
}

/// What is in force, and why the rest is not.
pub struct Standing {
    built_in: BTreeMap<String, Arc<Adapter>>,
    ledger: Mutex<Ledger>,
    shelf: ArcSwap<Shelf>,
    changes: watch::Sender<u64>,
    news: Mutex<VecDeque<PluginInfo>>,
}

impl Standing {
    /// The binary's adapters, and no files yet.
    pub fn new(built_in: BTreeMap<String, Arc<Adapter>>) -> Arc<Self> {
        let standing = Self {
            built_in,
            ledger: Mutex::default(),
            shelf: ArcSwap::default(),
            changes: watch::Sender::new(0),
            news: Mutex::default(),
        };
        standing.publish(&standing.ledger());
        Arc::new(standing)
    }

    /// What can be used now.
    pub fn shelf(&self) -> Arc<Shelf> {
        self.shelf.load_full()
    }

    /// Rises whenever something else is in force, or is not used for another reason.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// The lines that changed since this was asked last, the oldest first.
    pub fn take_news(&self) -> Vec<PluginInfo> {
        let mut news = self.news.lock().unwrap_or_else(PoisonError::into_inner);
        news.drain(..).collect()
    }

    /// What is known, to be looked at.
    pub fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A file of this name was found good.
    pub fn accept(self: &Arc<Self>, name: &str, plugin: Loaded) {
        let (standing, own, digest) = (
            Arc::downgrade(self),
            name.to_owned(),
            plugin.digest().to_owned(),
        );
        let told = Box::new(move |why: &str| failed(&standing, &own, &digest, why));
        match &plugin {
            Loaded::Adapter(adapter) => adapter.on_failure(told),
            Loaded::Policy(policy) => policy.on_failure(told),
        }
        self.change(name, |ledger| ledger.accept(name, plugin));
    }

    /// Changes what is known of a name, and tells everybody if that is news.
    pub fn change<T>(&self, name: &str, change: impl FnOnce(&mut Ledger) -> T) -> T {
        let mut ledger = self.ledger();
        let before = lines(&ledger, name);
        let done = change(&mut ledger);
        let now = lines(&ledger, name);
        if marks(&before).eq(marks(&now)) {
            return done;
        }
        self.publish(&ledger);
        drop(ledger);
        self.tell(if now.is_empty() {
            self.gone(name, before)
        } else {
            now
        });
        done
    }

    /// What is told where a file is gone: what comes back, or that nothing does.
    fn gone(&self, name: &str, before: Vec<PluginInfo>) -> Vec<PluginInfo> {
        if let Some(own) = self.built_in.get(name) {
            return vec![PluginInfo::of_adapter(own)];
        }
        let removed = before.into_iter().take(1).map(|line| PluginInfo {
            state: PluginState::Rejected,
            reason: Some("its file was removed".to_owned()),
            ..line
        });
        removed.collect()
    }

    /// Puts a version aside for this reason. Whether it was in use.
    pub fn put_aside(&self, name: &str, digest: &str, why: &str) -> bool {
        let aside = self.change(name, |ledger| {
            ledger.put_aside(name, digest, why.to_owned())
        });
        aside.is_some()
    }

    fn publish(&self, ledger: &Ledger) {
        let mut shelf = Shelf {
            adapters: self.built_in.clone(),
            policies: BTreeMap::new(),
        };
        for (name, plugin) in ledger.in_force() {
            match plugin {
                Loaded::Adapter(adapter) => {
                    shelf.adapters.insert(name.clone(), Arc::clone(adapter));
                }
                Loaded::Policy(policy) => {
                    shelf.policies.insert(name.clone(), Arc::clone(policy));
                }
            }
        }
        self.shelf.store(Arc::new(shelf));
    }

    fn tell(&self, lines: Vec<PluginInfo>) {
        let mut news = self.news.lock().unwrap_or_else(PoisonError::into_inner);
        for line in lines {
            if news.len() == NEWS {
                news.pop_front();
            }
            news.push_back(line);
        }
        drop(news);
        self.changes.send_modify(|number| *number += 1);
    }
}

/// All lines of a name: what is in force first.
fn lines(ledger: &Ledger, name: &str) -> Vec<PluginInfo> {
    let mut lines = ledger.not_in_force(name);
    let mut all = ledger.in_force();
    if let Some((_, plugin)) = all.find(|(own, _)| *own == name) {
        lines.insert(0, plugin.info());
    }
    lines
}

/// What makes two lines different news: not what is counted.
fn marks(lines: &[PluginInfo]) -> impl Iterator<Item = (PluginState, &str, Option<&str>)> {
    lines.iter().map(|line| {
        // An active policy's reason is its last failure, which is told by the log.
        let reason = line.reason.as_deref();
        let reason = reason.filter(|_| line.state != PluginState::Active);
        (line.state, line.digest.as_str(), reason)
    })
}

/// A version failed: it is counted, and put aside where it is one failure too many.
fn failed(standing: &Weak<Standing>, name: &str, digest: &str, why: &str) {
    let Some(standing) = standing.upgrade() else {
        return;
    };
    let now = Instant::now();
    let aside = standing.change(name, |ledger| ledger.failed(name, digest, why, now));
    if let Some(why) = aside {
        error!(plugin = name, digest, reason = why, "plugin quarantined");
    }
}
