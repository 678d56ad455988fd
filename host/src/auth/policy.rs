//! The decision: the policy in force, and what becomes of its answer.

use std::net::IpAddr;
use std::sync::Arc;

use arc_swap::ArcSwap;
use jiff::Timestamp;
use tokio::sync::watch;

use super::action::{Action, Resource};
use super::limits::Limits;
use super::principal::Principal;

/// A question to a policy.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// Who asks.
    pub principal: &'a Principal,
    /// What they want to do.
    pub action: Action,
    /// On what.
    pub resource: &'a Resource,
    /// From where.
    pub address: Option<IpAddr>,
    /// When.
    pub now: Timestamp,
}

/// What a policy answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// Whether it may be done.
    pub allow: bool,
    /// Stable, for programs.
    pub code: String,
    /// For people.
    pub reason: String,
    /// Conditions, name and value.
    pub obligations: Vec<(String, String)>,
}

/// Something that answers. It is called on the threads that answer requests.
pub trait Policy: Send + Sync {
    /// The answer, or why there is none; it continues a sentence that begins with "it".
    fn decide(&self, question: &Question<'_>) -> Result<Answer, String>;
}

/// What the host makes of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    /// Whether it may be done.
    pub allow: bool,
    /// Stable, for programs.
    pub code: String,
    /// For people.
    pub reason: String,
    /// What the host keeps to.
    pub limits: Limits,
}

impl Decision {
    fn denied(code: &str, reason: impl Into<String>) -> Self {
        Self {
            allow: false,
            code: code.to_owned(),
            reason: reason.into(),
            limits: Limits::default(),
        }
    }
}

/// The policy in force, or why there is none.
type Standing = Result<Arc<dyn Policy>, String>;

/// The place of the policy in force. It is replaced in one step: questions under way finish
/// on the old one.
pub struct PolicyInForce {
    standing: ArcSwap<Standing>,
    changed: watch::Sender<()>,
}

impl PolicyInForce {
    /// No policy: everything is denied, for this reason.
    pub fn none(reason: impl Into<String>) -> Self {
        Self {
            standing: ArcSwap::from_pointee(Err(reason.into())),
            changed: watch::Sender::new(()),
        }
    }

    /// Puts a policy in force.
    pub fn replace(&self, policy: Arc<dyn Policy>) {
        self.standing.store(Arc::new(Ok(policy)));
        self.changed.send_replace(());
    }

    /// Tells when another policy is in force.
    pub fn watch(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }

    /// Why there is no policy, where there is none.
    pub fn missing(&self) -> Option<String> {
        self.standing.load().as_ref().as_ref().err().cloned()
    }

    /// Decides. A policy that is missing, fails, or sets a condition that the host does not
    /// understand has denied.
    pub fn decide(&self, question: &Question<'_>) -> Decision {
        let standing = self.standing.load();
        let answer = match standing.as_ref() {
            Ok(policy) => policy.decide(question),
            Err(_) => return Decision::denied("policy_missing", "no policy is in force"),
        };
        // Why it failed is for the log of the host and its list of plugins, not for callers.
        let Ok(answer) = answer else {
            return Decision::denied("policy_failed", "the policy did not answer");
        };
        let pairs = answer.obligations.iter();
        let limits = match Limits::of(pairs.map(|(n, v)| (n.as_str(), v.as_str()))) {
            Ok(limits) => limits,
            Err(_) if !answer.allow => Limits::default(),
            Err(reason) => return Decision::denied("unknown_obligation", reason),
        };
        Decision {
            allow: answer.allow,
            code: answer.code,
            reason: answer.reason,
            limits,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Says(Result<Answer, String>);

    impl Policy for Says {
        fn decide(&self, _question: &Question<'_>) -> Result<Answer, String> {
            self.0.clone()
        }
    }

    fn ask(force: &PolicyInForce) -> (bool, String) {
        let question = Question {
            principal: &Principal::default(),
            action: Action::SessionView,
            resource: &Resource::host(),
            address: None,
            now: Timestamp::UNIX_EPOCH,
        };
        let decision = force.decide(&question);
        (decision.allow, decision.code)
    }

    #[test]
    fn whatever_fails_denies() {
        let force = PolicyInForce::none("not loaded");
        assert_eq!(ask(&force), (false, "policy_missing".into()));
        let mut changes = force.watch();
        let answer = Answer {
            allow: true,
            code: "ok".into(),
            ..Answer::default()
        };
        force.replace(Arc::new(Says(Ok(answer.clone()))));
        assert!(changes.has_changed().unwrap());
        changes.mark_unchanged();
        assert_eq!(ask(&force), (true, "ok".into()));
        force.replace(Arc::new(Says(Err("trapped".into()))));
        assert_eq!(ask(&force), (false, "policy_failed".into()));
        let odd = Answer {
            obligations: vec![("sing".into(), "loud".into())],
            ..answer
        };
        force.replace(Arc::new(Says(Ok(odd.clone()))));
        assert_eq!(ask(&force), (false, "unknown_obligation".into()));
        let no = Answer {
            allow: false,
            code: "no".into(),
            ..odd
        };
        force.replace(Arc::new(Says(Ok(no))));
        assert_eq!(ask(&force), (false, "no".into()));
    }
}
