//! Candidates that answer, and candidates that do not.

use std::sync::Condvar;
use std::time::Duration;

use super::super::action::{Action, Resource};
use super::super::policy::Answer;
use super::super::principal::Principal;
use super::*;

/// Answers once it may; denies whoever is a player, and fails for whoever has no role.
struct Gate {
    open: Mutex<bool>,
    opened: Condvar,
}

impl Gate {
    fn new(open: bool) -> Arc<Self> {
        Arc::new(Self {
            open: Mutex::new(open),
            opened: Condvar::new(),
        })
    }

    fn open(&self) {
        *self.open.lock().unwrap() = true;
        self.opened.notify_all();
    }
}

impl Policy for Gate {
    fn decide(&self, question: &Question<'_>) -> Result<Answer, String> {
        let mut open = self.open.lock().unwrap();
        while !*open {
            open = self.opened.wait(open).unwrap();
        }
        match question.principal.role.as_str() {
            "" => Err("trapped".to_owned()),
            role => Ok(Answer {
                allow: role != "PLAYER",
                code: "candidate".to_owned(),
                ..Answer::default()
            }),
        }
    }
}

fn ask(shadow: &Shadow, role: &str, allow: bool) {
    let principal = Principal {
        role: role.to_owned(),
        ..Principal::default()
    };
    let question = Question {
        principal: &principal,
        action: Action::SystemCleanup,
        resource: &Resource::host(),
        address: None,
        now: Timestamp::UNIX_EPOCH,
    };
    let decided = Decision::of(Answer {
        allow,
        code: "active".to_owned(),
        ..Answer::default()
    });
    shadow.offer(&question, &decided);
}

fn until(shadow: &Shadow, asked: u64) -> Comparison {
    let begun = Instant::now();
    loop {
        let comparison = shadow.comparison();
        if comparison.seen.asked >= asked {
            return comparison;
        }
        assert!(begun.elapsed() < Duration::from_secs(20), "{comparison:?}");
        std::thread::yield_now();
    }
}

#[test]
fn what_differs_is_listed_and_what_fails_is_counted() {
    let shadow = Shadow::start("new", "old", Gate::new(true)).unwrap();
    ask(&shadow, "PLAYER", true);
    ask(&shadow, "SUPER_ADMIN", true);
    ask(&shadow, "", false);
    ask(&shadow, "PLAYER", false);
    let found = until(&shadow, 4);
    assert_eq!(found.shadow_of.as_deref(), Some("old"));
    let seen = found.seen;
    assert_eq!((seen.asked, seen.differing, seen.failed), (4, 2, 1));
    assert_eq!(found.dropped, 0);
    // Denied by both, with another code; and allowed by one only.
    let allowed: Vec<_> = seen
        .differences
        .iter()
        .map(|d| (d.active.allow, d.shadow.allow))
        .collect();
    assert_eq!(allowed, [(false, false), (true, false)]);
    shadow.end();
}

#[test]
fn nobody_waits_for_a_candidate_that_hangs() {
    let gate = Gate::new(false);
    let shadow = Shadow::start("new", "old", Arc::clone(&gate) as Arc<dyn Policy>).unwrap();
    let begun = Instant::now();
    let many = QUEUE as u64 + 500;
    for _ in 0..many {
        ask(&shadow, "PLAYER", true);
    }
    // Microseconds each; the limit is for a machine that does much else.
    assert!(begun.elapsed() < Duration::from_secs(5));
    let found = shadow.comparison();
    assert!((499..=500).contains(&found.dropped), "{found:?}");
    assert_eq!(found.seen.asked, 0);
    gate.open();
    let found = until(&shadow, many - found.dropped);
    assert_eq!(found.seen.differing, many - found.dropped);
    shadow.end();
}

#[test]
fn it_ends_without_answering_what_waits() {
    let gate = Gate::new(false);
    let shadow = Shadow::start("new", "old", Arc::clone(&gate) as Arc<dyn Policy>).unwrap();
    for _ in 0..QUEUE + 10 {
        ask(&shadow, "PLAYER", true);
    }
    let shared = Arc::clone(&shadow.shared);
    shadow.tell_to_end();
    gate.open();
    shadow.end();
    assert!(shared.ledger.seen().asked <= 1, "only the one it was at");
}
