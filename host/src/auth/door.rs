//! The one door that every request goes through: first who, then whether.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use arc_swap::ArcSwap;
use jiff::Timestamp;
use thiserror::Error;
use tokio::sync::watch;
use tracing::{info, warn};

use super::action::{Action, Resource};
use super::caller::Caller;
use super::failures::{Failures, Verdict};
use super::limits::Limits;
use super::policy::{Decision, Policy, PolicyInForce, Question};
use super::principal::Principal;
use super::ticket::{Purpose, Ticket, TicketMint};
use super::token::{TokenVerifier, Verified};
use super::unauthenticated::Unauthenticated;
use crate::telemetry::metrics::metrics;

/// What a request brought along to prove who it is from, and where it came from.
#[derive(Clone, Default)]
pub struct Presented {
    /// Of the header `Authorization: Bearer`.
    pub bearer: Option<String>,
    /// Of the query, `ticket`; looked at only where a ticket is good.
    pub ticket: Option<String>,
    /// A token in the cookie; looked at only where a ticket is good.
    pub cookie: Option<String>,
    /// The client's address: failures are counted by it.
    pub address: Option<IpAddr>,
}

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
    failures: Mutex<Failures>,
    policy: Arc<PolicyInForce>,
    audit: AuditSink,
}

impl Door {
    /// A door with a fresh ticket key and no policy: until there is one, it is closed.
    pub fn new(verifier: TokenVerifier, audit: AuditSink) -> Self {
        Self {
            verifier: ArcSwap::from_pointee(verifier),
            tickets: TicketMint::new(),
            failures: Mutex::default(),
            policy: Arc::new(PolicyInForce::none("no policy was loaded yet")),
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

    /// The place of the policy in force.
    pub fn policy(&self) -> &Arc<PolicyInForce> {
        &self.policy
    }

    /// Why no policy is in force, where that is so.
    pub fn policy_missing(&self) -> Option<String> {
        self.policy.missing()
    }

    /// Tells when another policy is in force: open answers are asked about again.
    pub fn watch_policy(&self) -> watch::Receiver<()> {
        self.policy.watch()
    }

    /// Who is asking, by the token of the header only.
    pub async fn by_token(&self, presented: &Presented) -> Result<Verified, Unauthenticated> {
        self.verified(presented.bearer.as_deref(), presented.address)
            .await
    }

    /// Who is asking, by a token, a ticket for this session and purpose, or the cookie.
    pub async fn by_ticket_or_token(
        &self,
        presented: &Presented,
        session: &str,
        purpose: Purpose,
    ) -> Result<Principal, Unauthenticated> {
        let here = |ticket: &Ticket| ticket.session == session && ticket.purpose == purpose;
        Ok(self.by_any(presented, here).await?.0)
    }

    /// Who is asking to be told of events, by a token, the cookie, or a ticket for the preview of
    /// a session, which then is the only session that they are told of.
    pub async fn watcher(
        &self,
        presented: &Presented,
    ) -> Result<(Principal, Option<String>), Unauthenticated> {
        let here = |ticket: &Ticket| ticket.purpose == Purpose::Preview;
        self.by_any(presented, here).await
    }

    /// The token of the header decides alone where there is one. A ticket that is not good here
    /// gives way to the cookie: a page that stays open longer than its ticket goes on working.
    async fn by_any(
        &self,
        presented: &Presented,
        here: impl Fn(&Ticket) -> bool,
    ) -> Result<(Principal, Option<String>), Unauthenticated> {
        if presented.bearer.is_none() {
            let ticket = presented.ticket.as_deref();
            let good = ticket.and_then(|ticket| self.tickets.read(ticket));
            if let Some(ticket) = good.filter(here) {
                return Ok((ticket.principal, Some(ticket.session)));
            }
            if presented.cookie.is_none() && ticket.is_some() {
                let bad = Unauthenticated::Bad("the ticket is not good here, or any more");
                return Err(self.counted(bad, presented.address));
            }
        }
        let token = presented.bearer.as_deref().or(presented.cookie.as_deref());
        let verified = self.verified(token, presented.address).await?;
        Ok((verified.principal, None))
    }

    async fn verified(
        &self,
        token: Option<&str>,
        address: Option<IpAddr>,
    ) -> Result<Verified, Unauthenticated> {
        let found = match token {
            Some(token) => self.verifier.load_full().verify(token).await,
            None => Err(Unauthenticated::Missing),
        };
        found.map_err(|error| self.counted(error, address))
    }

    /// A failure as it is told: after too many of what is bad, only that.
    fn counted(&self, error: Unauthenticated, address: Option<IpAddr>) -> Unauthenticated {
        let (Unauthenticated::Bad(reason), Some(address)) = (error, address) else {
            return error;
        };
        // A count of failures is whole at any time.
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        match failures.add(address, Instant::now()) {
            Verdict::Tell => {
                info!(%address, reason, "not authenticated");
                error
            }
            Verdict::TooMany { retry_after, first } => {
                if first {
                    warn!(%address, "too many failed authentications; they are not told for a while");
                }
                Unauthenticated::TooMany { retry_after }
            }
        }
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
        let asked_at = Instant::now();
        let decision = self.policy.decide(&Question {
            principal: &caller.principal,
            action,
            resource,
            address: caller.address,
            now: Timestamp::now(),
        });
        metrics().decided(decision.allow, &decision.code, asked_at.elapsed());
        decision
    }
}

#[cfg(test)]
mod tests;
