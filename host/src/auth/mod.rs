//! Who is asking, and whether they may.

mod action;
mod caller;
mod client_address;
mod closed;
mod door;
mod failures;
mod limits;
mod policy;
mod principal;
mod secret_key;
mod ticket;
mod token;

pub use action::{Action, Resource};
pub use caller::{Asked, Caller};
pub use client_address::client_address;
pub use closed::SuperAdminOnly;
pub use door::{AuditEntry, AuditSink, Denied, Door, Presented, Unauthenticated};
pub use limits::Limits;
pub use policy::{Answer, Decision, Policy, PolicyInForce, Question};
pub use principal::Principal;
pub use secret_key::{SecretKeyError, signing_key};
pub use ticket::{Purpose, TicketMint};
pub use token::{TokenVerifier, mint};
