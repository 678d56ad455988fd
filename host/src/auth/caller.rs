//! A user in the middle of a request.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::principal::Principal;

/// Whether the policy was asked in the course of a request. Clones are the same mark.
#[derive(Clone, Debug, Default)]
pub struct Asked(Arc<AtomicBool>);

impl Asked {
    /// Whether it was.
    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Marks what the configuration opened to all.
    pub fn open(&self) {
        self.set();
    }

    pub(super) fn set(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Who asks, and from where.
#[derive(Clone, Debug, Default)]
pub struct Caller {
    /// Who.
    pub principal: Principal,
    /// The client's address, where it is known.
    pub address: Option<IpAddr>,
    /// The request's id, for the audit.
    pub request_id: Option<String>,
    /// Set when the policy is asked.
    pub asked: Asked,
}

impl Caller {
    /// A user of whom nothing else is known.
    pub fn of(principal: Principal) -> Self {
        Self {
            principal,
            ..Self::default()
        }
    }

    /// The user's id.
    pub fn id(&self) -> &str {
        &self.principal.id
    }
}
