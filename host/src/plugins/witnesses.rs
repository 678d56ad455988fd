//! Sessions that speak for an adapter. One camera that makes an adapter stumble again and again
//! must not take the adapter from the courts where it works.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Since when sessions of one version of an adapter have been bringing pictures.
#[derive(Debug, Clone, Default)]
pub struct Witnesses(Arc<Mutex<Vec<(u64, Instant)>>>);

/// One session that brings pictures, until it is dropped.
#[derive(Debug)]
pub struct Witness {
    all: Witnesses,
    number: u64,
}

impl Witnesses {
    /// A session that brings pictures from `now` on.
    pub fn add(&self, now: Instant) -> Witness {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let number = all.last().map_or(0, |(number, _)| number + 1);
        all.push((number, now));
        Witness {
            all: self.clone(),
            number,
        }
    }

    /// Whether one of them has done so for longer than `time` at `now`.
    pub fn any_for(&self, time: Duration, now: Instant) -> bool {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.iter()
            .any(|(_, since)| now.saturating_duration_since(*since) > time)
    }
}

impl Drop for Witness {
    fn drop(&mut self) {
        let mut all = self.all.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|(number, _)| *number != self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_who_have_worked_for_long_speak() {
        let witnesses = Witnesses::default();
        let start = Instant::now();
        let minute = Duration::from_mins(1);
        let first = witnesses.add(start);
        let second = witnesses.add(start + minute);
        assert!(!witnesses.any_for(minute, start + minute));
        assert!(witnesses.any_for(minute, start + minute + minute / 2));
        drop(first);
        assert!(!witnesses.any_for(minute, start + minute + minute / 2));
        drop(second);
        assert!(!witnesses.any_for(minute, start + 10 * minute));
    }
}
