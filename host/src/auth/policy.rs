//! The decision: the policy in force, and what becomes of its answer.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use arc_swap::{ArcSwap, ArcSwapOption};
use jiff::Timestamp;
use tokio::sync::watch;

use super::action::{Action, Resource};
use super::appointment::Appointment;
use super::limits::Limits;
use super::principal::Principal;
use super::shadow::Shadow;

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

/// A question that outlives the request which it came from.
#[derive(Clone, Debug)]
pub struct KeptQuestion {
    principal: Principal,
    action: Action,
    resource: Resource,
    address: Option<IpAddr>,
    now: Timestamp,
}

impl KeptQuestion {
    /// A copy.
    pub fn of(question: &Question<'_>) -> Self {
        Self {
            principal: question.principal.clone(),
            action: question.action,
            resource: question.resource.clone(),
            address: question.address,
            now: question.now,
        }
    }

    /// The question.
    pub fn question(&self) -> Question<'_> {
        Question {
            principal: &self.principal,
            action: self.action,
            resource: &self.resource,
            address: self.address,
            now: self.now,
        }
    }
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

impl fmt::Display for Decision {
    /// `allowed`, with its conditions, or `denied`, with its code.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.allow {
            true if self.limits == Limits::default() => f.write_str("yes"),
            true => write!(f, "yes {}", self.limits),
            false => write!(f, "no ({})", self.code),
        }
    }
}

impl Decision {
    /// What an answer comes to: one that sets a condition which the host does not understand
    /// has denied.
    pub fn of(answer: Answer) -> Self {
        let pairs = answer.obligations.iter();
        let limits = match Limits::of(pairs.map(|(n, v)| (n.as_str(), v.as_str()))) {
            Ok(limits) if answer.allow => limits,
            Err(reason) if answer.allow => return Self::denied("unknown_obligation", reason),
            // Conditions of a denial mean nothing.
            Ok(_) | Err(_) => Limits::default(),
        };
        Self {
            allow: answer.allow,
            code: answer.code,
            reason: answer.reason,
            limits,
        }
    }

    /// As JSON, for programs. The reason is left out: it may name whom it is about.
    pub fn json(&self) -> serde_json::Value {
        serde_json::json!({
            "allow": self.allow,
            "code": self.code,
            "obligations": self.limits.json(),
        })
    }

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
    shadow: ArcSwapOption<Shadow>,
    changed: watch::Sender<()>,
    pub(super) appointment: Appointment,
}

impl PolicyInForce {
    /// No policy: everything is denied, for this reason.
    pub fn none(reason: impl Into<String>) -> Self {
        Self {
            standing: ArcSwap::from_pointee(Err(reason.into())),
            shadow: ArcSwapOption::empty(),
            changed: watch::Sender::new(()),
            appointment: Appointment::default(),
        }
    }

    /// Puts a policy in force.
    pub fn replace(&self, policy: Arc<dyn Policy>) {
        self.standing.store(Arc::new(Ok(policy)));
        self.changed.send_replace(());
    }

    /// Sets a candidate beside the policy in force, or none. Returns the one that was there.
    pub fn replace_shadow(&self, shadow: Option<Arc<Shadow>>) -> Option<Arc<Shadow>> {
        self.shadow.swap(shadow)
    }

    /// The candidate, where there is one.
    pub fn shadow(&self) -> Option<Arc<Shadow>> {
        self.shadow.load_full()
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
    /// understand has denied. A candidate gets the question afterwards, and nobody waits for it.
    pub fn decide(&self, question: &Question<'_>) -> Decision {
        let decision = self.decide_alone(question);
        if let Some(shadow) = self.shadow.load().as_ref() {
            shadow.offer(question, &decision);
        }
        decision
    }

    fn decide_alone(&self, question: &Question<'_>) -> Decision {
        let standing = self.standing.load();
        let answer = match standing.as_ref() {
            Ok(policy) => policy.decide(question),
            Err(_) => return Decision::denied("policy_missing", "no policy is in force"),
        };
        // Why it failed is for the log of the host and its list of plugins, not for callers.
        match answer {
            Ok(answer) => Decision::of(answer),
            Err(_) => Decision::denied("policy_failed", "the policy did not answer"),
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
