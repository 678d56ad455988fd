//! The one door that every request goes through: first who, then whether.

use arc_swap::ArcSwap;
use thiserror::Error;
use tracing::{info, warn};

use super::action::{Action, Resource};
use super::policy;
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
    pub code: &'static str,
    /// For people.
    pub reason: String,
}

/// Checks tokens and tickets and asks the policy.
pub struct Door {
    verifier: ArcSwap<TokenVerifier>,
    tickets: TicketMint,
}

impl Door {
    /// A door with a fresh ticket key.
    pub fn new(verifier: TokenVerifier) -> Self {
        Self {
            verifier: ArcSwap::from_pointee(verifier),
            tickets: TicketMint::new(),
        }
    }

    /// Takes another verifier, after a change of the configuration.
    pub fn replace(&self, verifier: TokenVerifier) {
        self.verifier.store(verifier.into());
    }

    /// Who is asking, by token only.
    pub fn by_token(&self, presented: &Presented) -> Result<Principal, Unauthenticated> {
        let token = presented.bearer.as_deref().ok_or_else(|| {
            Unauthenticated("a token is needed: Authorization: Bearer <token>".into())
        })?;
        self.verifier
            .load()
            .verify(token)
            .map_err(|reason| Unauthenticated(reason.into()))
    }

    /// Who is asking, by token or by a ticket for this session and purpose.
    pub fn by_ticket_or_token(
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
        self.by_token(presented)
    }

    /// Whether they may. Denials are logged with their code, never with what was presented.
    pub fn ask(
        &self,
        principal: &Principal,
        action: Action,
        resource: &Resource,
    ) -> Result<(), Denied> {
        let decision = policy::decide(principal, action, resource);
        if !decision.allow {
            warn!(
                user = principal.id,
                role = principal.role,
                action = action.name(),
                kind = resource.kind,
                id = resource.id,
                code = decision.code,
                "denied"
            );
            return Err(Denied {
                code: decision.code,
                reason: decision.reason,
            });
        }
        if action.changes() {
            let (user, action, id) = (&principal.id, action.name(), &resource.id);
            info!(target: "padelvar::audit", user, action, id, "allowed");
        }
        Ok(())
    }

    /// Whether they may, asked only to shape an answer: nothing is logged.
    pub fn would_allow(&self, principal: &Principal, action: Action, resource: &Resource) -> bool {
        policy::decide(principal, action, resource).allow
    }

    /// A ticket for a purpose, where the policy allows that purpose.
    pub fn ticket(
        &self,
        principal: &Principal,
        resource: &Resource,
        session: &str,
        purpose: Purpose,
    ) -> Option<String> {
        let action = match purpose {
            Purpose::Preview => Action::PreviewView,
            Purpose::Download => Action::FileDownload,
        };
        self.would_allow(principal, action, resource)
            .then(|| self.tickets.issue(principal, session, purpose))
            .flatten()
    }
}
