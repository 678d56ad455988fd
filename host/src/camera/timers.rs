//! An adapter's timers: numbers and moments, and which one rings next.

use std::collections::HashMap;

/// Timers that one adapter may have set: stops a guest from filling the host's memory.
const MOST: usize = 64;

/// Pure: the driver brings the clock.
#[derive(Debug, Default)]
pub struct Timers(HashMap<u32, u64>);

impl Timers {
    /// Sets or moves a timer to `at_us`; false when there are too many.
    pub fn set(&mut self, id: u32, at_us: u64) -> bool {
        if self.0.len() >= MOST && !self.0.contains_key(&id) {
            return false;
        }
        self.0.insert(id, at_us);
        true
    }

    /// Takes a timer back. Unknown ones are ignored.
    pub fn clear(&mut self, id: u32) {
        self.0.remove(&id);
    }

    /// When the next one rings.
    pub fn next_at(&self) -> Option<u64> {
        self.0.values().min().copied()
    }

    /// Takes the earliest timer that is due at `now_us`.
    pub fn take_due(&mut self, now_us: u64) -> Option<u32> {
        let (&id, _) = self
            .0
            .iter()
            .filter(|(_, at)| **at <= now_us)
            .min_by_key(|(id, at)| (**at, **id))?;
        self.0.remove(&id);
        Some(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_ring_in_order_and_once() {
        let mut timers = Timers::default();
        assert!(timers.set(1, 300) && timers.set(2, 100) && timers.set(1, 200));
        assert_eq!(timers.next_at(), Some(100));
        assert_eq!(timers.take_due(99), None);
        assert_eq!(timers.take_due(250), Some(2));
        assert_eq!(timers.take_due(250), Some(1));
        assert_eq!(timers.take_due(250), None);
    }

    #[test]
    fn they_are_bounded() {
        let mut timers = Timers::default();
        assert!((0..64).all(|id| timers.set(id, 1)));
        assert!(!timers.set(64, 1));
        assert!(timers.set(0, 2), "moving one is always possible");
    }
}
