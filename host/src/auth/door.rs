//! The one door that every request goes through: first who, then whether.

use std::sync::Arc;

use arc_swap::ArcSwap;
use jiff::Timestamp;
use thiserror::Error;
use tokio::sync::watch;
use tracing::{info, warn};

use super::action::{Action, Resource};
use super::caller::Caller;
use super::limits::Limits;
use super::policy::{Decision, Policy, PolicyInForce, Question};
use super::principal::Principal;
use super::ticket::{Purpose, TicketMint};
use super::token::TokenVerifier;

/// What a request brought along to prove who it is from.
#[derive(Clone, Debug, Default)]
pub struct Presented {
    /// Of the header `Authorization: Bearer`.
    pub bearer: Option<String>,
    /// Of the query, `ticket`; looked at only where a ticket is good.
    pub ticket: Option<String>,
}

/// Nobody, as far as we can tell.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct Unauthenticated(pub String);

/// Somebody, but no.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{reason}")]
pub struct Denied {
    /// Stable, for programs.
    pub code: String,
    /// For people.
    pub reason: String,
}

/// A decision about something that changes the host, for the audit.
#[derive(Clone, Debug)]
pub struct AuditEntry {
    /// When.
    pub at: Timestamp,
    /// Who, and from where.
    pub caller: Caller,
    /// What.
    pub action: Action,
    /// On what.
    pub resource: Resource,
    /// Allowed or not, and why.
    pub decision: Decision,
}

/// Takes audit entries; it must not wait.
pub type AuditSink = Arc<dyn Fn(AuditEntry) + Send + Sync>;

/// Checks tokens and tickets and asks the policy.
pub struct Door {
    verifier: ArcSwap<TokenVerifier>,
    tickets: TicketMint,
    policy: PolicyInForce,
    audit: AuditSink,
}

impl Door {
    /// A door with a fresh ticket key and no policy: until there is one, it is closed.
    pub fn new(verifier: TokenVerifier, audit: AuditSink) -> Self {
        Self {
            verifier: ArcSwap::from_pointee(verifier),
            tickets: TicketMint::new(),
            policy: PolicyInForce::none("no policy was loaded yet"),
            audit,
        }
    }

    /// Takes another verifier, after a change of the configuration.
    pub fn replace(&self, verifier: TokenVerifier) {
        self.verifier.store(verifier.into());
    }

    /// Puts another policy in force.
    pub fn replace_policy(&self, policy: Arc<dyn Policy>) {
        self.policy.replace(policy);
    }

    /// Why no policy is in force, where that is so.
    pub fn policy_missing(&self) -> Option<String> {
        self.policy.missing()
    }

    /// Tells when another policy is in force: open answers are asked about again.
    pub fn watch_policy(&self) -> watch::Receiver<()> {
        self.policy.watch()
    }

    /// Who is asking, by token only.
    pub async fn by_token(&self, presented: &Presented) -> Result<Principal, Unauthenticated> {
        let token = presented.bearer.as_deref().ok_or_else(|| {
            Unauthenticated("a token is needed: Authorization: Bearer <token>".into())
        })?;
        self.verifier
            .load()
            .verify(token)
            .map_err(|reason| Unauthenticated(reason.into()))
    }

    /// Who is asking, by token or by a ticket for this session and purpose.
    pub async fn by_ticket_or_token(
        &self,
        presented: &Presented,
        session: &str,
        purpose: Purpose,
    ) -> Result<Principal, Unauthenticated> {
        if let (None, Some(ticket)) = (&presented.bearer, &presented.ticket) {
            return self
                .tickets
                .redeem(ticket, session, purpose)
                .ok_or_else(|| Unauthenticated("the ticket is not good here, or any more".into()));
        }
        self.by_token(presented).await
    }

    /// Whether they may, and under which conditions. Denials are logged with their code, never
    /// with what was presented; what changes something is audited, allowed or not.
    pub fn ask(
        &self,
        caller: &Caller,
        action: Action,
        resource: &Resource,
    ) -> Result<Limits, Denied> {
        let decision = self.decide(caller, action, resource);
        let (user, role) = (&caller.principal.id, &caller.principal.role);
        let (action_name, kind, id) = (action.name(), resource.kind, &resource.id);
        if !decision.allow {
            let code = &decision.code;
            warn!(user, role, action = action_name, kind, id, code, "denied");
        }
        if action.changes() {
            let allowed = decision.allow;
            info!(target: "padelvar::audit", user, action = action_name, kind, id, allowed, code = decision.code, "decided");
            (self.audit)(AuditEntry {
                at: Timestamp::now(),
                caller: caller.clone(),
                action,
                resource: resource.clone(),
                decision: decision.clone(),
            });
        }
        if decision.allow {
            return Ok(decision.limits);
        }
        Err(Denied {
            code: decision.code,
            reason: decision.reason,
        })
    }

    /// Whether they may, asked only to shape an answer: nothing is logged.
    pub fn would_allow(&self, caller: &Caller, action: Action, resource: &Resource) -> bool {
        self.decide(caller, action, resource).allow
    }

    /// A ticket for a purpose, where the policy allows that purpose.
    pub fn ticket(
        &self,
        caller: &Caller,
        resource: &Resource,
        session: &str,
        purpose: Purpose,
    ) -> Option<String> {
        let action = match purpose {
            Purpose::Preview => Action::PreviewView,
            Purpose::Download => Action::FileDownload,
        };
        self.would_allow(caller, action, resource)
            .then(|| self.tickets.issue(&caller.principal, session, purpose))
            .flatten()
    }

    fn decide(&self, caller: &Caller, action: Action, resource: &Resource) -> Decision {
        caller.asked.set();
        self.policy.decide(&Question {
            principal: &caller.principal,
            action,
            resource,
            address: caller.address,
            now: Timestamp::now(),
        })
    }
}
