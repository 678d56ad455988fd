//! What a candidate answered otherwise: counted, merged, bounded, and told to the log now and
//! then.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tracing::info;

use super::super::action::Action;
use super::super::policy::Decision;
use super::super::whose::Whose;

/// Differences that are kept, the newest: stops roles and codes without end from filling the
/// memory.
const MOST: usize = 1000;
/// Between two lines in the log.
const PAUSE: Duration = Duration::from_secs(1);
/// Longest role that is kept, characters: a token may have a long one.
const ROLE_CHARS: usize = 64;

/// One way in which the candidate differs.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// Who asked.
    pub role: String,
    /// What for.
    pub action: Action,
    /// On what.
    pub whose: Whose,
    /// What the policy in force decided. Its reason is left out: it may name somebody.
    pub active: Decision,
    /// What the candidate would have decided, without its reason.
    pub shadow: Decision,
    /// How often.
    pub count: u64,
    /// When for the first time.
    pub first_at: Timestamp,
    /// When for the last time.
    pub last_at: Timestamp,
}

/// Counts and differences.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// Questions that the candidate was asked.
    pub asked: u64,
    /// Those that it answered otherwise.
    pub differing: u64,
    /// Those that it did not answer.
    pub failed: u64,
    /// The newest ways of differing, the newest first.
    pub differences: Vec<Difference>,
}

/// Takes differences in.
pub struct Ledger {
    shadow: String,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    asked: u64,
    differing: u64,
    failed: u64,
    /// With the place of each in the order of their last times.
    differences: HashMap<Key, (u64, Difference)>,
    told: Option<Instant>,
    /// New ways of differing that the log was not told of.
    untold: u64,
}

/// What tells two differences apart: never who asked, or about which thing.
#[derive(PartialEq, Eq, Hash)]
struct Key {
    role: String,
    action: Action,
    whose: Whose,
    active: String,
    shadow: String,
}

impl Ledger {
    /// An empty one, for the candidate of this name.
    pub fn new(shadow: &str) -> Self {
        Self {
            shadow: shadow.to_owned(),
            kept: Mutex::default(),
        }
    }

    /// The candidate answered the same.
    pub fn same(&self) {
        self.kept().asked += 1;
    }

    /// The candidate did not answer.
    pub fn failed(&self) {
        let mut kept = self.kept();
        kept.asked += 1;
        kept.failed += 1;
    }

    /// The candidate answered otherwise, `at` that time and at `clock` of the monotonic clock.
    pub fn differs(
        &self,
        (role, action, whose): (&str, Action, Whose),
        active: &Decision,
        shadow: &Decision,
        at: Timestamp,
        clock: Instant,
    ) {
        let role = crate::plugins::one_line(role, ROLE_CHARS);
        let untold = self
            .kept()
            .add((&role, action, whose), active, shadow, at, clock);
        if let Some(untold) = untold {
            let (plugin, action) = (&self.shadow, action.name());
            info!(
                plugin, role, action, on = %whose, active = %active, shadow = %shadow, untold,
                "the shadow policy differs"
            );
        }
    }

    /// All of it until now.
    pub fn seen(&self) -> Seen {
        let kept = self.kept();
        let mut differences: Vec<&(u64, Difference)> = kept.differences.values().collect();
        differences.sort_unstable_by_key(|(number, _)| std::cmp::Reverse(*number));
        Seen {
            asked: kept.asked,
            differing: kept.differing,
            failed: kept.failed,
            differences: differences.into_iter().map(|(_, d)| d.clone()).collect(),
        }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        // Counts are whole at any time.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    /// How many new ones the log was not told of, where it is to be told of this one.
    fn add(
        &mut self,
        (role, action, whose): (&str, Action, Whose),
        active: &Decision,
        shadow: &Decision,
        at: Timestamp,
        clock: Instant,
    ) -> Option<u64> {
        self.asked += 1;
        self.differing += 1;
        let number = self.differing;
        let key = Key {
            role: role.to_owned(),
            action,
            whose,
            active: answer(active),
            shadow: answer(shadow),
        };
        if let Some((newest, known)) = self.differences.get_mut(&key) {
            *newest = number;
            known.count += 1;
            known.last_at = at;
            return None;
        }
        if self.differences.len() >= MOST {
            let oldest = self.differences.values().map(|(number, _)| *number).min();
            self.differences
                .retain(|_, (number, _)| Some(*number) != oldest);
        }
        let difference = Difference {
            role: role.to_owned(),
            action,
            whose,
            active: without_reason(active),
            shadow: without_reason(shadow),
            count: 1,
            first_at: at,
            last_at: at,
        };
        self.differences.insert(key, (number, difference));
        if self.told.is_some_and(|told| clock < told + PAUSE) {
            self.untold += 1;
            return None;
        }
        self.told = Some(clock);
        Some(std::mem::take(&mut self.untold))
    }
}

/// All of an answer that counts.
fn answer(decision: &Decision) -> String {
    format!("{decision} {}", decision.code)
}

fn without_reason(decision: &Decision) -> Decision {
    Decision {
        reason: String::new(),
        ..decision.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::limits::Limits;
    use super::*;

    fn whose() -> Whose {
        Whose::all(Action::SessionView).next().unwrap()
    }

    fn decision(allow: bool, code: &str) -> Decision {
        Decision {
            allow,
            code: code.to_owned(),
            reason: "Ana may not".to_owned(),
            limits: Limits::default(),
        }
    }

    #[test]
    fn the_same_difference_is_one_with_a_count() {
        let ledger = Ledger::new("new");
        let (yes, no) = (decision(true, "allowed"), decision(false, "closed"));
        let start = Instant::now();
        let at = |second| Timestamp::from_second(second).unwrap();
        let cell = |role| (role, Action::SessionView, whose());
        ledger.differs(cell("PLAYER"), &yes, &no, at(1), start);
        ledger.differs(cell("COACH"), &yes, &no, at(2), start);
        ledger.differs(cell("PLAYER"), &yes, &no, at(3), start);
        ledger.same();
        ledger.failed();
        let seen = ledger.seen();
        assert_eq!((seen.asked, seen.differing, seen.failed), (5, 3, 1));
        let [player, coach] = seen.differences.as_slice() else {
            panic!("{seen:?}")
        };
        assert_eq!((player.role.as_str(), player.count), ("PLAYER", 2));
        assert_eq!((player.first_at, player.last_at), (at(1), at(3)));
        assert_eq!((coach.role.as_str(), coach.count), ("COACH", 1));
        let kept = format!("{seen:?}");
        assert!(!kept.contains("Ana"), "{kept}");
    }

    #[test]
    fn the_newest_thousand_are_kept_and_the_log_is_told_once_a_second() {
        let mut kept = Kept::default();
        let (yes, no) = (decision(true, "allowed"), decision(false, "closed"));
        let start = Instant::now();
        let mut add = |role: &str, seconds: u64| {
            let cell = (role, Action::SessionView, whose());
            let clock = start + PAUSE * u32::try_from(seconds).unwrap();
            kept.add(cell, &yes, &no, Timestamp::UNIX_EPOCH, clock)
        };
        assert_eq!(add("first", 0), Some(0));
        for role in 1..=MOST {
            assert_eq!(add(&role.to_string(), 0), None);
        }
        assert_eq!(add("1", 1), None, "it is known");
        assert_eq!(add("last", 1), Some(MOST as u64));
        assert_eq!(kept.differences.len(), MOST);
        let roles: Vec<&str> = kept.differences.keys().map(|k| k.role.as_str()).collect();
        assert!(roles.contains(&"last") && roles.contains(&"1"));
        assert!(!roles.contains(&"first") && !roles.contains(&"2"));
    }

    #[test]
    fn long_roles_are_cut() {
        let ledger = Ledger::new("new");
        let (yes, no) = (decision(true, "allowed"), decision(false, "closed"));
        let role = "é\n".repeat(5000);
        let cell = (role.as_str(), Action::SessionView, whose());
        ledger.differs(cell, &yes, &no, Timestamp::UNIX_EPOCH, Instant::now());
        let seen = ledger.seen();
        assert!(seen.differences[0].role.chars().count() <= ROLE_CHARS);
        assert!(!seen.differences[0].role.contains('\n'));
    }
}
