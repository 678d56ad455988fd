//! One client's place in the events. Knows nothing of HTTP.

use std::collections::VecDeque;
use std::sync::Arc;

use serde_json::{Value, json};
use tokio::sync::watch;

use crate::session::Session;
use crate::session::events::{Bus, Event, FellBehind, Happened};

/// After so many events that the client may not view it is told an id all the same, so that its
/// place stays within the ring.
const TELL_PLACE_AFTER: u64 = 100;

/// What a client may see, as it sees it; none of what it may not.
pub trait View {
    /// A session as it is.
    fn session(&self, session: &Session) -> Option<Value>;
    /// A session's recording as it is, if there is one.
    fn recording(&self, session: &Session) -> Option<Value>;
    /// Something that happened.
    fn happened(&self, happened: &Happened) -> Option<Value>;
}

/// Something for the client.
#[derive(Debug, PartialEq)]
pub enum Told {
    /// An event; what there was before has no id.
    Event {
        /// Its kind.
        kind: &'static str,
        /// What to come back with after it.
        id: Option<String>,
        /// Its data.
        object: Value,
    },
    /// What to come back with from now on.
    Place {
        /// The id.
        id: String,
    },
}

/// What is told before the events that happen from now on.
enum Opening {
    /// The client's id is good for nothing.
    Reset,
    /// The events up to this number.
    Replay(u64),
    /// A session as it is.
    Session(Arc<Session>),
    /// Its recording as it is.
    Recording(Arc<Session>),
    /// An id to come back with.
    Place,
}

/// One client's place in the events.
pub struct Listener {
    bus: Arc<Bus>,
    newest: watch::Receiver<u64>,
    opening: VecDeque<Opening>,
    /// Number of the last event that was looked at.
    position: u64,
    /// The newest number that the client knows the id of.
    told: u64,
}

impl Listener {
    /// For a client that comes back with this id, or for a new one. `active` lists the sessions
    /// that go on.
    pub fn new(
        bus: &Arc<Bus>,
        last_id: Option<&str>,
        active: impl FnOnce() -> Vec<Arc<Session>>,
    ) -> Self {
        let newest = bus.newest();
        let known = last_id.map(|id| bus.position(id));
        let mut opening = VecDeque::new();
        let position = match known {
            Some(Some(position)) => position,
            Some(None) => {
                opening.extend([Opening::Reset, Opening::Replay(newest)]);
                bus.before_oldest()
            }
            None => newest,
        };
        if !matches!(known, Some(Some(_))) {
            // Listed after the place was taken: what changes meanwhile is told again.
            for session in active() {
                opening.push_back(Opening::Session(Arc::clone(&session)));
                opening.push_back(Opening::Recording(session));
            }
        }
        opening.push_back(Opening::Place);
        Self {
            newest: bus.watch(),
            bus: Arc::clone(bus),
            opening,
            position,
            told: position,
        }
    }

    /// The next thing for the client; none when the stream is to end:
    /// what comes next is not kept any more. Safe to drop and call again.
    pub async fn next(&mut self, view: &impl View) -> Option<Told> {
        loop {
            match self.step(view) {
                Ok(Some(told)) => return Some(told),
                Err(FellBehind) => return None,
                Ok(None) => {}
            }
            if !self.opening.is_empty() || self.position < self.bus.newest() {
                // Many questions to a slow policy must not hold up a thread of the API.
                tokio::task::yield_now().await;
                continue;
            }
            let position = self.position;
            let newer = self.newest.wait_for(|newest| *newest > position).await;
            if newer.is_err() {
                return None;
            }
        }
    }

    /// One step onwards, and what it has the client told.
    fn step(&mut self, view: &impl View) -> Result<Option<Told>, FellBehind> {
        match self.opening.front() {
            Some(Opening::Replay(until)) if self.position < *until => self.happened(view),
            None => self.happened(view),
            Some(_) => {
                let opening = self.opening.pop_front();
                Ok(opening.and_then(|opening| self.opened(opening, view)))
            }
        }
    }

    fn opened(&mut self, opening: Opening, view: &impl View) -> Option<Told> {
        let (kind, object) = match opening {
            Opening::Reset => {
                let reason = "what came after the last event is not known any more";
                ("reset", json!({"reason": reason}))
            }
            Opening::Replay(_) => return None,
            Opening::Session(session) => ("session", view.session(&session)?),
            Opening::Recording(session) => ("recording", view.recording(&session)?),
            Opening::Place => return Some(self.place()),
        };
        Some(Told::Event {
            kind,
            id: None,
            object,
        })
    }

    /// The next event of the ring.
    fn happened(&mut self, view: &impl View) -> Result<Option<Told>, FellBehind> {
        let Some(Event { number, happened }) = self.bus.after(self.position)? else {
            return Ok(None);
        };
        self.position = number;
        if let Some(object) = view.happened(&happened) {
            self.told = number;
            return Ok(Some(Told::Event {
                kind: happened.kind(),
                id: Some(self.bus.id(number)),
                object,
            }));
        }
        let far = number - self.told >= TELL_PLACE_AFTER;
        Ok(far.then(|| self.place()))
    }

    fn place(&mut self) -> Told {
        self.told = self.position;
        let id = self.bus.id(self.position);
        Told::Place { id }
    }
}

#[cfg(test)]
#[path = "listener_tests.rs"]
mod tests;
