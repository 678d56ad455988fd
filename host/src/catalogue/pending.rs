//! Changes that wait to be written. Pure.

use std::collections::VecDeque;

use super::change::Change;

/// Decisions that wait at most: stops a flood of requests from filling the memory while the
/// disk is full.
const MOST_DECISIONS: usize = 4_096;
/// Changes of any kind that wait at most, as above. Sessions and recordings count once each.
const MOST_CHANGES: usize = 16_384;

/// A queue whose entries are numbered from 1 in the order in which they came.
#[derive(Debug, Default)]
pub(super) struct Pending {
    queue: VecDeque<(u64, Change)>,
    decisions: usize,
    last: u64,
}

impl Pending {
    /// Takes a change and tells its number; none if there is no room for it. A newer state of a
    /// session or recording takes the place of the one that still waits.
    pub fn push(&mut self, change: Change) -> Option<u64> {
        let change = change.bounded();
        let older = self
            .queue
            .iter_mut()
            .rev()
            .find(|(_, older)| change.replaces(older));
        if let Some((_, older)) = older {
            *older = change;
            // Its place is the older one's; it counts as the newest all the same.
            self.last += 1;
            return Some(self.last);
        }
        let decision = matches!(change, Change::Audit(_));
        if self.queue.len() >= MOST_CHANGES || (decision && self.decisions >= MOST_DECISIONS) {
            return None;
        }
        self.decisions += usize::from(decision);
        self.last += 1;
        self.queue.push_back((self.last, change));
        Some(self.last)
    }

    /// Takes the oldest ones out.
    pub fn take(&mut self, most: usize) -> Vec<Change> {
        let count = most.min(self.queue.len());
        let taken: Vec<_> = self
            .queue
            .drain(..count)
            .map(|(_, change)| change)
            .collect();
        let is_decision = |change: &&Change| matches!(change, Change::Audit(_));
        self.decisions -= taken.iter().filter(is_decision).count();
        taken
    }

    /// The number of the newest change.
    pub fn last(&self) -> u64 {
        self.last
    }

    /// Up to which number everything is out of the queue.
    pub fn out_through(&self) -> u64 {
        self.queue
            .front()
            .map_or(self.last, |(number, _)| number - 1)
    }

    /// Changes that wait.
    pub fn len(&self) -> usize {
        self.queue.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::tests::{decision, recording, session};

    #[test]
    fn the_newest_state_takes_the_place_of_the_one_that_waits() {
        let mut pending = Pending::default();
        assert_eq!(pending.push(Change::Recording(recording(1))), Some(1));
        assert_eq!(pending.push(Change::Session(session(1))), Some(2));
        let mut newer = recording(1);
        newer.frames = 99;
        assert_eq!(pending.push(Change::Recording(newer.clone())), Some(3));
        assert_eq!((pending.len(), pending.out_through()), (2, 0));
        assert_eq!(pending.take(1), [Change::Recording(newer)]);
        assert_eq!(pending.out_through(), 1);
        pending.take(9);
        assert_eq!((pending.out_through(), pending.last()), (3, 3));
    }

    #[test]
    fn decisions_and_changes_are_bounded() {
        let mut pending = Pending::default();
        for _ in 0..MOST_DECISIONS {
            assert!(pending.push(Change::Audit(Box::new(decision(1)))).is_some());
        }
        assert_eq!(pending.push(Change::Audit(Box::new(decision(1)))), None);
        let removal = |n: usize| Change::FileRemoved {
            session_id: n.to_string(),
        };
        for n in pending.len()..MOST_CHANGES {
            assert!(pending.push(removal(n)).is_some());
        }
        assert_eq!(pending.push(removal(0)), None);
        pending.take(1);
        assert!(pending.push(Change::Audit(Box::new(decision(2)))).is_some());
    }

    #[test]
    fn what_callers_wrote_is_cut() {
        let mut huge = decision(1);
        huge.user = "é".repeat(1 << 20);
        let mut pending = Pending::default();
        pending.push(Change::Audit(Box::new(huge)));
        let taken = pending.take(1);
        let Change::Audit(kept) = &taken[0] else {
            panic!("{taken:?}");
        };
        assert_eq!(kept.user.chars().count(), 500);
    }
}
