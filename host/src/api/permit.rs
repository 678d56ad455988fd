//! What was allowed once and goes on: it is asked about again, and ends when the answer is no.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Semaphore, watch};
use tokio::time::{Instant, interval_at};
use tracing::info;

use crate::auth::{Action, Caller, Denied, Door, Resource};

/// How often the policy is asked about an open answer.
const EVERY: Duration = Duration::from_secs(30);
/// One question at a time: when the policy changes, every open answer asks, and one policy that
/// is slow to answer must not hold all threads that answer requests.
static ASKING: Semaphore = Semaphore::const_new(1);

/// A standing permission.
pub struct Permit {
    /// None where the configuration opened it to all.
    standing: Option<Standing>,
}

struct Standing {
    door: Arc<Door>,
    caller: Caller,
    action: Action,
    resource: Resource,
    policy: watch::Receiver<()>,
}

impl Permit {
    /// Asks the policy, for the first time.
    pub fn ask(
        door: &Arc<Door>,
        caller: Caller,
        action: Action,
        resource: Resource,
    ) -> Result<Self, Denied> {
        // Before the question, so that no change behind it goes unnoticed.
        let policy = door.watch_policy();
        door.ask(&caller, action, &resource)?;
        let standing = Some(Standing {
            door: Arc::clone(door),
            caller,
            action,
            resource,
            policy,
        });
        Ok(Self { standing })
    }

    /// For what the configuration opened to all: never revoked.
    pub fn open_to_all() -> Self {
        Self { standing: None }
    }

    /// Waits until the policy says no: it is asked every 30 s and when it changes.
    pub async fn revoked(self) {
        match self.standing {
            Some(standing) => standing.revoked().await,
            None => std::future::pending().await,
        }
    }
}

impl Standing {
    async fn revoked(mut self) {
        let mut every = interval_at(Instant::now() + EVERY, EVERY);
        loop {
            tokio::select! {
                Ok(()) = self.policy.changed() => {}
                _ = every.tick() => {}
            }
            let turn = ASKING.acquire().await;
            let allowed = self
                .door
                .would_allow(&self.caller, self.action, &self.resource);
            drop(turn);
            if !allowed {
                let (user, action) = (self.caller.id(), self.action.name());
                let (kind, id) = (self.resource.kind, &self.resource.id);
                info!(user, action, kind, id, "not allowed any more; it ends");
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::time::timeout;

    use super::*;
    use crate::auth::{Answer, Policy, Question, TokenKeys, TokenVerifier};
    use crate::config::Auth;

    /// Allows so many questions.
    struct Allows(AtomicUsize);

    impl Policy for Allows {
        fn decide(&self, _question: &Question<'_>) -> Result<Answer, String> {
            let left = self.0.load(Ordering::Relaxed);
            self.0.store(left.saturating_sub(1), Ordering::Relaxed);
            Ok(Answer {
                allow: left > 0,
                ..Answer::default()
            })
        }
    }

    fn allows(questions: usize) -> Arc<Allows> {
        Arc::new(Allows(AtomicUsize::new(questions)))
    }

    fn door(policy: Arc<Allows>) -> Arc<Door> {
        let verifier = TokenVerifier::new(&TokenKeys::Secret(vec![7; 32]), &Auth::default());
        let door = Door::new(verifier, Arc::new(|_| {}));
        door.replace_policy(policy);
        Arc::new(door)
    }

    fn ask(door: &Arc<Door>) -> Result<Permit, Denied> {
        Permit::ask(
            door,
            Caller::default(),
            Action::PreviewView,
            Resource::host(),
        )
    }

    #[tokio::test(start_paused = true)]
    async fn asked_again_every_thirty_seconds() {
        let door = door(allows(3));
        let begun = Instant::now();
        ask(&door).unwrap().revoked().await;
        // The question at the start, those after 30 and 60 s, and the one that is denied.
        assert_eq!(begun.elapsed(), 3 * EVERY);
        assert!(ask(&door).is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn asked_again_when_the_policy_changes() {
        let door = door(allows(10));
        let permit = ask(&door).unwrap();
        // A change before anybody waits for one counts as well.
        door.replace_policy(allows(0));
        timeout(Duration::from_secs(1), permit.revoked())
            .await
            .expect("at once");
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_open_to_all_stays_open() {
        let waiting = Permit::open_to_all().revoked();
        timeout(Duration::from_hours(10), waiting)
            .await
            .unwrap_err();
    }
}
