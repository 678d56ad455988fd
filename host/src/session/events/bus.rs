//! Where events are published and read.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use super::ring::{Gone, Ring};
use super::{Event, Happened};
use crate::plugins::PluginInfo;

/// Events that are kept for listeners that come back.
const KEPT: usize = 1000;
/// What they may hold together, bytes: stops a camera that comes and goes, and so makes lists
/// of gaps that each recording's event has a copy of.
const KEPT_BYTES: usize = 8 << 20;

/// The events of this run of the host.
pub struct Bus {
    /// Stands before every id: the events of another run are not taken for this one's.
    run: String,
    ring: Mutex<Ring<Arc<Happened>>>,
    /// Number of the newest event.
    newest: watch::Sender<u64>,
}

/// The events that come next are not kept any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FellBehind;

impl Default for Bus {
    fn default() -> Self {
        Self::new()
    }
}

impl Bus {
    /// A bus without events.
    pub fn new() -> Self {
        let mut random = [0; 6];
        // Without randomness the clock tells runs apart.
        if rustix::rand::getrandom(&mut random, rustix::rand::GetRandomFlags::empty()).is_err() {
            random.copy_from_slice(&crate::clock::now_us().to_be_bytes()[2..]);
        }
        Self {
            run: crate::hex::lower(&random),
            ring: Mutex::new(Ring::new(KEPT, KEPT_BYTES)),
            newest: watch::Sender::new(0),
        }
    }

    /// Publishes. Waits for nobody.
    pub fn publish(&self, happened: Happened) {
        let bytes = happened.bytes();
        let mut ring = self.ring();
        let number = ring.push(Arc::new(happened), bytes);
        // Under the lock, so that the number never falls.
        self.newest.send_replace(number);
    }

    /// A plugin is not what it was.
    pub fn plugin(&self, info: &PluginInfo) {
        if let Ok(object) = serde_json::to_value(info) {
            let name = info.name.clone();
            self.publish(Happened::Plugin { name, object });
        }
    }

    /// The event after the one with this number; none while there is none.
    pub fn after(&self, number: u64) -> Result<Option<Event>, FellBehind> {
        let next = self.ring().after(number).map_err(|Gone| FellBehind)?;
        Ok(next.map(|(number, happened)| Event { number, happened }))
    }

    /// Number of the newest event; 0 before the first one.
    pub fn newest(&self) -> u64 {
        self.ring().newest()
    }

    /// The number that all events that are kept come after.
    pub fn before_oldest(&self) -> u64 {
        self.ring().before_oldest()
    }

    /// The number of the newest event, followed.
    pub fn watch(&self) -> watch::Receiver<u64> {
        self.newest.subscribe()
    }

    /// An event's id, as listeners see it and bring it back.
    pub fn id(&self, number: u64) -> String {
        format!("{}-{number}", self.run)
    }

    /// The number of an id of this run, if all that came after it is still kept.
    pub fn position(&self, id: &str) -> Option<u64> {
        let number = id.strip_prefix(self.run.as_str())?.strip_prefix('-')?;
        let number: u64 = number.parse().ok()?;
        let ring = self.ring();
        (ring.before_oldest()..=ring.newest())
            .contains(&number)
            .then_some(number)
    }

    fn ring(&self) -> MutexGuard<'_, Ring<Arc<Happened>>> {
        self.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn happened() -> Happened {
        Happened::Plugin {
            name: "rtsp".into(),
            object: serde_json::json!({"name": "rtsp"}),
        }
    }

    #[test]
    fn ids_are_good_for_their_run_and_while_what_follows_is_kept() {
        let (bus, other) = (Bus::new(), Bus::new());
        bus.publish(happened());
        bus.publish(happened());
        assert_eq!(bus.position(&bus.id(0)), Some(0), "all is still there");
        assert_eq!(bus.position(&bus.id(2)), Some(2));
        assert_eq!(bus.position(&bus.id(3)), None, "there was none yet");
        assert_eq!(bus.position(&other.id(1)), None, "of another run");
        for odd in [
            "",
            "-",
            "-1",
            "1",
            "x-1",
            &format!("{}-", bus.run),
            &bus.run,
        ] {
            assert_eq!(bus.position(odd), None, "{odd}");
        }
        assert_eq!(
            bus.position(&format!("{}-{}", bus.run, "9".repeat(4000))),
            None
        );
        for _ in 0..KEPT {
            bus.publish(happened());
        }
        assert_eq!(bus.position(&bus.id(2)), Some(2));
        assert_eq!(bus.position(&bus.id(1)), None, "too old");
        assert_eq!(bus.after(1).err(), Some(FellBehind));
        assert_eq!(bus.after(2).unwrap().map(|event| event.number), Some(3));
    }

    #[tokio::test]
    async fn who_waits_is_woken() {
        let bus = Bus::new();
        let mut newest = bus.watch();
        bus.publish(happened());
        assert_eq!(*newest.wait_for(|newest| *newest > 0).await.unwrap(), 1);
        let event = bus.after(0).unwrap().unwrap();
        assert_eq!((event.number, event.happened.kind()), (1, "plugin"));
        assert!(bus.after(1).unwrap().is_none());
    }
}
