//! How many watch.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::telemetry::metrics::{Held, metrics};

/// Who watches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    /// People, through the previews.
    Viewers,
    /// Programs, through the proxy listener.
    ProxyClients,
}

/// A session's counters.
#[derive(Debug, Default)]
pub(super) struct Counters {
    viewers: AtomicUsize,
    proxy_clients: AtomicUsize,
}

impl Counters {
    pub fn of(&self, audience: Audience) -> usize {
        self.counter(audience).load(Ordering::Relaxed)
    }

    pub fn count(self: &Arc<Self>, audience: Audience) -> Counted {
        self.counter(audience).fetch_add(1, Ordering::Relaxed);
        let gauge = match audience {
            Audience::Viewers => &metrics().preview_viewers,
            Audience::ProxyClients => &metrics().proxy_clients,
        };
        Counted {
            counters: Arc::clone(self),
            audience,
            _held: Held::one(gauge),
        }
    }

    fn counter(&self, audience: Audience) -> &AtomicUsize {
        match audience {
            Audience::Viewers => &self.viewers,
            Audience::ProxyClients => &self.proxy_clients,
        }
    }
}

/// One who watches, until it is dropped.
#[derive(Debug)]
pub struct Counted {
    counters: Arc<Counters>,
    audience: Audience,
    _held: Held,
}

impl Drop for Counted {
    fn drop(&mut self) {
        let counter = self.counters.counter(self.audience);
        counter.fetch_sub(1, Ordering::Relaxed);
    }
}
