//! Which policy plugin is in force, which candidate stands beside it, and which one was refused.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use tokio::task::JoinHandle;

use super::plugin_policy::{PluginPolicy, PolicyError};
use super::policy::PolicyInForce;
use super::shadow::{Comparison, Shadow};
use crate::plugins::{PluginInfo, PluginState};

/// Told of a policy that is not what it was; it must not wait.
pub type PolicyNews = Box<dyn Fn(&PluginInfo) + Send + Sync>;

/// What is known beside the policy that is asked.
#[derive(Default)]
pub(super) struct Appointment {
    now: Mutex<Now>,
    /// One change at a time, in the order in which they were asked for.
    turn: tokio::sync::Mutex<()>,
    news: OnceLock<PolicyNews>,
    /// What is loading the candidate, until the next one awaits it.
    loading: Mutex<Option<JoinHandle<()>>>,
}

#[derive(Default)]
struct Now {
    active: Option<Arc<PluginPolicy>>,
    candidate: Option<Arc<PluginPolicy>>,
    /// Number of the newest order for a candidate: what an older one brings is not wanted any
    /// more.
    order: u64,
    refused: Option<Refused>,
}

/// A policy that was to be in force and is not.
struct Refused {
    name: String,
    reason: String,
}

impl PolicyInForce {
    /// Waits until no other change of the policy is under way. Changes are made by whoever
    /// holds it.
    pub async fn turn(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.appointment.turn.lock().await
    }

    /// Tells from now on when a policy is not what it was. Only the first one is taken.
    pub fn on_news(&self, news: PolicyNews) {
        let _ = self.appointment.news.set(news);
    }

    /// Puts a plugin in force, in one step. One that is in force already with the same settings
    /// stays. Returns whether it is another one now.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "whoever is appointed stays: the place takes a share of it"
    )]
    pub fn appoint(&self, policy: Arc<PluginPolicy>) -> bool {
        let mut now = self.now();
        now.refused = None;
        let same = |active: &Arc<PluginPolicy>| active.is_same_as(&policy);
        if now.active.as_ref().is_some_and(same) {
            return false;
        }
        now.active = Some(Arc::clone(&policy));
        drop(now);
        // What a candidate said beside another policy is worth nothing.
        self.dismiss_candidate();
        self.replace(Arc::clone(&policy) as Arc<dyn super::policy::Policy>);
        self.tell(&policy.plugin().info());
        true
    }

    /// Notes that a policy was to be put in force and was not good for it.
    pub fn refuse(&self, name: &str, error: &PolicyError) {
        self.now().refused = Some(Refused {
            name: name.to_owned(),
            reason: error.to_string(),
        });
    }

    /// Announces another candidate, or none: what was announced before is not wanted any more.
    pub fn order_candidate(&self) -> u64 {
        let mut now = self.now();
        now.order += 1;
        now.order
    }

    /// Loads a candidate while everything else goes on; the one before is awaited first. To be
    /// called in one's [`turn`](Self::turn).
    pub fn load_candidate(&self, load: impl FnOnce() + Send + 'static) {
        let loading = self.appointment.loading.lock();
        let mut loading = loading.unwrap_or_else(PoisonError::into_inner);
        let before = loading.take();
        *loading = Some(tokio::spawn(async move {
            if let Some(before) = before {
                // Had it panicked, it would have ended as well.
                let _ = before.await;
            }
            let _ = tokio::task::spawn_blocking(load).await;
        }));
    }

    /// Whether this order is the newest.
    pub fn is_wanted(&self, order: u64) -> bool {
        self.now().order == order
    }

    /// Sets the candidate of an order beside the policy in force, unless there is a newer order.
    /// One that stands there already, with the same settings, goes on. Waits for the one before:
    /// not for a thread that answers requests.
    ///
    /// # Errors
    ///
    /// Where there is no thread for it.
    pub fn set_candidate(&self, order: u64, candidate: PluginPolicy) -> std::io::Result<()> {
        let candidate = Arc::new(candidate);
        let now = self.now();
        let same = |standing: &Arc<PluginPolicy>| standing.is_same_as(&candidate);
        if now.order != order || now.candidate.as_ref().is_some_and(same) {
            return Ok(());
        }
        let active = now.active.as_ref();
        let active = active.map(|active| active.plugin().name().to_owned());
        drop(now);
        self.dismiss_candidate();
        let plugin = Arc::clone(candidate.plugin());
        let policy = Arc::clone(&candidate) as Arc<dyn super::policy::Policy>;
        let shadow = Shadow::start(plugin.name(), &active.unwrap_or_default(), policy)?;
        let mut now = self.now();
        if now.order != order {
            return Ok(());
        }
        now.candidate = Some(candidate);
        self.replace_shadow(Some(Arc::new(shadow)));
        drop(now);
        self.tell(&plugin.info());
        Ok(())
    }

    /// Ends the comparison, and forgets what it found.
    pub fn dismiss_candidate(&self) {
        let dismissed = self.now().candidate.take();
        if let Some(shadow) = self.replace_shadow(None) {
            shadow.end();
        }
        if let Some(dismissed) = dismissed {
            self.tell(&dismissed.plugin().info());
        }
    }

    /// A plugin as it is now: a candidate is `shadow`, one that was refused says why; where an
    /// older version of it is in force, that is the one that is told.
    pub fn view(&self, mut info: PluginInfo) -> PluginInfo {
        // What is rejected or quarantined has its own reason.
        if info.kind != "policy" || info.state != PluginState::Active {
            return info;
        }
        let now = self.now();
        let named = |policy: &&Arc<PluginPolicy>| policy.plugin().name() == info.name;
        let active = now.active.as_ref().filter(named);
        let is_candidate = now.candidate.as_ref().is_some_and(|it| named(&it));
        let refused = now.refused.as_ref().filter(|r| r.name == info.name);
        if let Some(refused) = refused {
            match active {
                Some(active) => info = active.plugin().info(),
                None => info.state = PluginState::Rejected,
            }
            info.reason = Some(refused.reason.clone());
        } else if is_candidate && active.is_none() {
            info.state = PluginState::Shadow;
        }
        info
    }

    /// What the candidate of this name saw; nothing, where it is none.
    pub fn comparison(&self, name: &str) -> Comparison {
        let shadow = self.shadow().filter(|shadow| shadow.name() == name);
        shadow.map(|shadow| shadow.comparison()).unwrap_or_default()
    }

    /// Tells of a plugin.
    pub fn tell(&self, info: &PluginInfo) {
        if let Some(news) = self.appointment.news.get() {
            news(&self.view(info.clone()));
        }
    }

    fn now(&self) -> MutexGuard<'_, Now> {
        let now = self.appointment.now.lock();
        now.unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
#[path = "appointment_tests.rs"]
mod tests;
