//! Where the pictures of one attempt end and those of the next one begin. Pure.
//!
//! Two attempts at one camera run beside each other. Their pictures are told apart by when the
//! camera took them and not by when they arrived: what both brought is shown once, what only the
//! earlier one brought before the change is not lost. Either one may be behind the other.

use std::collections::VecDeque;

use super::trace::{Alignment, Seen, Trace};

/// How long the pictures of one attempt wait for those of the other, microseconds.
const WAIT_US: i64 = 500_000;
/// Pictures that wait at most: stops an adapter that delivers without end before its turn.
const HELD: usize = 1000;

/// A picture that waits.
#[derive(Debug)]
struct Held<P> {
    seen: Seen,
    keyframe: bool,
    picture: P,
}

/// A picture of the earlier attempt that is not shown yet.
#[derive(Debug)]
struct Kept<P> {
    seen: Seen,
    since_us: i64,
    picture: P,
}

/// What becomes of the pictures.
#[derive(Debug)]
pub struct Verdict<P> {
    /// Those of the earlier attempt, to be shown first.
    pub old: Vec<P>,
    /// Set when the change is made: from here on only the later attempt counts.
    pub over: Option<Over<P>>,
}

/// The change from one attempt to the other.
#[derive(Debug)]
pub struct Over<P> {
    /// How the times of the later one lie among those of the earlier one.
    pub alignment: Alignment,
    /// The first pictures of the later one.
    pub new: Vec<P>,
}

/// The change from one attempt to another one, under way.
#[derive(Debug)]
pub struct Splice<P> {
    alignment: Option<Alignment>,
    /// Of the later attempt, beginning with a keyframe.
    held: VecDeque<Held<P>>,
    /// When the first of these came, or when they were begun anew.
    since_us: i64,
    /// Of the earlier attempt: the later one may bring them as well. They are the newest of its
    /// trace.
    kept: VecDeque<Kept<P>>,
    /// How long these are kept in any case, microseconds: a later attempt that brings another
    /// encoding, and that later, must come to its keyframe before this moment was shown.
    delay_us: i64,
    old_ended: bool,
    /// The later one need not begin with a keyframe.
    anywhere: bool,
    /// Readers need a keyframe, whatever they had before.
    afresh: bool,
}

impl<P> Splice<P> {
    /// Nothing has come from the later attempt.
    pub fn new() -> Self {
        Self {
            alignment: None,
            held: VecDeque::new(),
            since_us: 0,
            kept: VecDeque::new(),
            delay_us: 0,
            old_ended: false,
            anywhere: false,
            afresh: false,
        }
    }

    /// A camera that sends no keyframe for long: the change is made between any two pictures,
    /// if they are the same on both sides.
    pub fn begin_anywhere(&mut self) {
        self.anywhere = true;
    }

    /// The readers were told that the camera is gone: they begin with a keyframe.
    pub fn begin_afresh(&mut self) {
        self.afresh = true;
    }

    /// A picture of the earlier attempt, which is the newest in its trace.
    pub fn old(
        &mut self,
        traces: (&Trace, &Trace),
        seen: Seen,
        picture: P,
        now_us: i64,
    ) -> Verdict<P> {
        self.kept.push_back(Kept {
            seen,
            since_us: now_us,
            picture,
        });
        self.look(traces, now_us)
    }

    /// A picture of the later attempt.
    pub fn new_picture(
        &mut self,
        traces: (&Trace, &Trace),
        seen: Seen,
        keyframe: bool,
        picture: P,
        now_us: i64,
    ) -> Verdict<P> {
        if self.held.is_empty() {
            if !keyframe && !self.anywhere {
                return Verdict::nothing();
            }
            self.since_us = now_us;
        } else if self.held.len() >= HELD {
            self.held.clear();
        }
        self.held.push_back(Held {
            seen,
            keyframe,
            picture,
        });
        self.look(traces, now_us)
    }

    /// What came of the later attempt is of no use: it is another stream from here on.
    pub fn forget_new(&mut self) {
        self.held.clear();
        self.alignment = None;
    }

    /// Nothing more comes from the earlier attempt.
    pub fn old_ended(&mut self, traces: (&Trace, &Trace), now_us: i64) -> Verdict<P> {
        self.old_ended = true;
        self.look(traces, now_us)
    }

    /// The later attempt is not wanted any more: what waits of the earlier one.
    pub fn give_up(self) -> Vec<P> {
        self.kept.into_iter().map(|kept| kept.picture).collect()
    }

    /// Decides with what is known at this time. To be called now and then as well.
    pub fn look(&mut self, (old, new): (&Trace, &Trace), now_us: i64) -> Verdict<P> {
        if self.held.is_empty() {
            return self.release(now_us);
        }
        let waited = self.old_ended || now_us - self.since_us >= WAIT_US;
        let found = Alignment::find(old, new).or(self.alignment);
        let found = found.or_else(|| waited.then(|| Alignment::by_arrival(old, new)));
        let Some(alignment) = found else {
            return self.release(now_us);
        };
        self.alignment = Some(alignment);
        if self.afresh {
            return self.over(alignment, 0);
        }
        let shown: Vec<Seen> = old.without_newest(self.kept.len()).copied().collect();
        match self.doubled(alignment, &shown) {
            Some((doubled, true)) => {
                self.continued(alignment, &shown, doubled, waited.then_some(now_us))
            }
            Some((doubled, false)) => {
                // Another encoding of the same moments: only a keyframe behind them is a place
                // to begin.
                let mut behind = self.held.iter().skip(doubled);
                let Some(key) = behind.position(|held| held.keyframe) else {
                    self.delay_us = self.lateness(alignment, &shown, old.pace_us());
                    self.held.clear();
                    return self.release(now_us);
                };
                self.held.drain(..doubled + key);
                self.since_us = now_us;
                self.ahead(alignment, self.old_ended, now_us)
            }
            None => self.ahead(alignment, waited, now_us),
        }
    }

    /// How many of the held were shown already, and whether they are the same to the byte; none
    /// where the first one is ahead of all that was shown.
    fn doubled(&self, alignment: Alignment, shown: &[Seen]) -> Option<(usize, bool)> {
        let equal = |held: &Held<P>| {
            let mut shown = shown.iter().rev();
            shown.find(|seen| alignment.same(seen, &held.seen))
        };
        let mut last = self.held.iter().enumerate().rev();
        let last = last.find_map(|(at, held)| Some((at, held, equal(held)?)));
        if let Some((at, held, seen)) = last {
            return Some((at + 1, seen.hash == held.seen.hash));
        }
        let newest = shown.iter().max_by_key(|seen| seen.at_us())?;
        if alignment.by_bytes() {
            return None;
        }
        let older = |held: &Held<P>| !alignment.is_behind(&held.seen, newest);
        let older = self.held.iter().rposition(older)?;
        Some((older + 1, false))
    }

    /// For how long the earlier one's pictures must be kept so that the later one, which is
    /// behind, comes to its next keyframe in time.
    fn lateness(&self, alignment: Alignment, shown: &[Seen], pace_us: i64) -> i64 {
        let newest = shown.iter().map(Seen::at_us).max().unwrap_or_default();
        let last = self.held.back().map(|held| held.seen.at_us());
        let behind = last.map_or(0, |last| newest - last - alignment.shift_us);
        (behind + 2 * pace_us).clamp(0, WAIT_US)
    }

    /// The later attempt brought pictures that were shown already: it goes on behind the newest
    /// of them, once it has come so far. What the earlier one brings meanwhile is kept.
    fn continued(
        &mut self,
        alignment: Alignment,
        shown: &[Seen],
        doubled: usize,
        waited: Option<i64>,
    ) -> Verdict<P> {
        let last = self.held.get(doubled - 1);
        let caught_up = shown
            .last()
            .zip(last)
            .is_some_and(|(seen, held)| alignment.same(seen, &held.seen));
        let newest = shown.iter().max_by_key(|seen| seen.at_us());
        let passed = newest.is_some_and(|newest| {
            let mut behind = self.held.iter().skip(doubled);
            behind.any(|held| alignment.is_behind(&held.seen, newest))
        });
        if caught_up || passed || (self.old_ended && doubled < self.held.len()) {
            return self.over(alignment, doubled);
        }
        if let (Some(now_us), false) = (waited, self.old_ended) {
            // Too far behind: perhaps it is nearer at its next keyframe.
            self.held.clear();
            return self.release(now_us);
        }
        Verdict::nothing()
    }

    /// The later attempt begins with a picture that was not shown yet: everything before it is
    /// still to come from the earlier one.
    fn ahead(&mut self, alignment: Alignment, waited: bool, now_us: i64) -> Verdict<P> {
        let Some(first) = self.held.front() else {
            return self.release(now_us);
        };
        // In the midst of a group only what is equal to the byte can be gone on with.
        let same = |seen: &Seen, held: &Held<P>| {
            alignment.same(seen, &held.seen) && (first.keyframe || seen.hash == held.seen.hash)
        };
        let reached = self.kept.iter().position(|Kept { seen, .. }| {
            let past = first.keyframe && alignment.is_past(seen, &first.seen);
            past || self.held.iter().any(|held| same(seen, held))
        });
        let before = reached.unwrap_or(self.kept.len());
        if reached.is_none() && !waited {
            return self.release(now_us);
        }
        if reached.is_none() && !first.keyframe {
            self.held.clear();
            return self.release(now_us);
        }
        let rest = self.kept.split_off(before);
        let shown = std::mem::replace(&mut self.kept, rest);
        let mut verdict = self.over(alignment, 0);
        verdict.old = shown.into_iter().map(|kept| kept.picture).collect();
        verdict
    }

    /// Lets the pictures of the earlier attempt go on.
    fn release(&mut self, now_us: i64) -> Verdict<P> {
        let until_us = now_us - self.delay_us;
        let due = self.kept.partition_point(|kept| kept.since_us <= until_us);
        let old = self.kept.drain(..due);
        Verdict {
            old: old.map(|kept| kept.picture).collect(),
            over: None,
        }
    }

    /// The change is made; so many of the later one's were shown already.
    fn over(&mut self, alignment: Alignment, doubled: usize) -> Verdict<P> {
        self.kept.clear();
        let new = self.held.drain(..).skip(doubled);
        let new = new.map(|held| held.picture).collect();
        Verdict {
            old: Vec::new(),
            over: Some(Over { alignment, new }),
        }
    }
}

impl<P> Verdict<P> {
    fn nothing() -> Self {
        Self {
            old: Vec::new(),
            over: None,
        }
    }
}

#[cfg(test)]
#[path = "splice_tests.rs"]
mod tests;
