//! Who is asking, and whether they may.

mod action;
mod caller;
mod claims;
mod client_address;
#[cfg(test)]
mod closed;
mod door;
mod failures;
mod jwks;
mod limits;
mod plugin_policy;
mod policy;
mod principal;
mod secret_key;
#[cfg(test)]
mod test_keys;
mod ticket;
mod token;
mod token_keys;
mod unauthenticated;

pub use action::{Action, Resource};
pub use caller::{Asked, Caller};
pub use client_address::client_address;
#[cfg(test)]
pub use closed::SuperAdminOnly;
pub use door::{AuditEntry, AuditSink, Denied, Door, Presented};
pub use jwks::{PublishedKeys, count_keys};
pub use limits::Limits;
pub use plugin_policy::{PluginPolicy, PolicyError};
pub use policy::{Answer, Decision, Policy, PolicyInForce, Question};
pub use principal::Principal;
pub use secret_key::{SecretKeyError, signing_key};
pub use ticket::{Purpose, Ticket, TicketMint};
pub use token::{TokenVerifier, Verified, mint};
pub use token_keys::TokenKeys;
pub use unauthenticated::Unauthenticated;
