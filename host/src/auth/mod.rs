//! Who is asking, and whether they may.

mod action;
mod door;
mod policy;
mod principal;
mod secret_key;
mod ticket;
mod token;

pub use action::{Action, Resource};
pub use door::{Denied, Door, Presented, Unauthenticated};
pub use policy::Decision;
pub use principal::Principal;
pub use secret_key::{SecretKeyError, signing_key};
pub use ticket::{Purpose, TicketMint};
pub use token::{TokenVerifier, mint};
