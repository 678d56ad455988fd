//! Who is asking, and whether they may.

mod action;
mod appointment;
mod caller;
mod changes;
mod claims;
mod client_address;
#[cfg(test)]
mod closed;
mod door;
mod expectations;
mod failures;
mod jwks;
mod limits;
mod plugin_policy;
mod policy;
mod principal;
mod secret_key;
mod shadow;
#[cfg(test)]
mod test_keys;
#[cfg(test)]
mod test_plugins;
mod ticket;
mod token;
mod token_keys;
mod unauthenticated;
mod whose;

pub use action::{Action, Resource};
pub use appointment::PolicyNews;
pub use caller::{Asked, Caller};
pub use changes::{Change, Changes, Differs};
pub use client_address::client_address;
#[cfg(test)]
pub use closed::SuperAdminOnly;
pub use door::{AuditEntry, AuditSink, Denied, Door, Presented};
pub use expectations::{Circumstances, Expectations, Report, Unmet};
pub use jwks::{PublishedKeys, count_keys};
pub use limits::Limits;
pub use plugin_policy::{Given, PluginPolicy, PolicyError};
pub use policy::{Answer, Decision, KeptQuestion, Policy, PolicyInForce, Question};
pub use principal::Principal;
pub use secret_key::{SecretKeyError, signing_key};
pub use shadow::{Comparison, Difference, Seen, Shadow};
pub use ticket::{Purpose, Ticket, TicketMint};
pub use token::{TokenVerifier, Verified, mint};
pub use token_keys::TokenKeys;
pub use unauthenticated::Unauthenticated;
pub use whose::{Standing, Whose};
