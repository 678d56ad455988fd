//! Instances: configured once, renewed, shared by many threads.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use super::super::ActivePolicy;
use super::super::limits::QUESTIONS;
use super::super::testing::{active, patiently, question};

/// How many questions the instance that answered was asked, by its own count.
fn asked(policy: &ActivePolicy) -> u32 {
    let answer = patiently(policy, "session.view").unwrap();
    let count = answer.reason.rsplit(' ').next().unwrap();
    count.parse().unwrap()
}

#[test]
fn the_question_arrives_whole_and_time_is_part_of_it() {
    let answer = active("good").decide(&question("session.view")).unwrap();
    assert_eq!(
        answer.reason,
        "7/PLAYER/1/1 session:sess_1_2 192.0.2.1 1800000000 1"
    );
    let mut early = question("session.view");
    early.context.unix_seconds = -5;
    early.context.client_address = None;
    early.principal.club = None;
    let answer = active("good").decide(&early).unwrap();
    assert_eq!(answer.reason, "7/PLAYER/-/1 session:sess_1_2 - 0 1");
}

#[test]
fn instances_are_renewed_after_a_thousand_questions() {
    let policy = active("slow");
    let mut fresh = 0;
    let mut slowest = Duration::ZERO;
    // A fresh one is made beside the questions: on a busy machine it may come later.
    for n in 1.. {
        let begun = Instant::now();
        let count = asked(&policy);
        slowest = slowest.max(begun.elapsed());
        assert!(count <= QUESTIONS || n > QUESTIONS);
        fresh += u32::from(count == 1);
        if fresh == 3 {
            println!("slowest of {n} answers: {slowest:?}");
            assert!(n > 2 * QUESTIONS, "{n}");
            return;
        }
        assert!(n < 100_000, "they are never renewed");
    }
}

#[test]
fn a_failure_renews_only_its_own_instance() {
    let policy = active("good");
    assert_eq!(asked(&policy), 1);
    assert_eq!(asked(&policy), 2);
    policy.decide(&question("do.panic")).unwrap_err();
    assert_eq!(asked(&policy), 1);
}

#[test]
fn many_threads_ask_at_once() {
    let policy = active("good");
    let good = AtomicU32::new(0);
    let users: Vec<String> = (0..16).map(|n| format!("user{n}")).collect();
    std::thread::scope(|scope| {
        for user in &users {
            let (policy, good) = (&policy, &good);
            scope.spawn(move || {
                for n in 0..300 {
                    let mut request = question("session.view");
                    request.principal.id.clone_from(user);
                    if n % 100 == 50 {
                        request.action = "do.panic".into();
                        policy.decide(&request).unwrap_err();
                        continue;
                    }
                    match policy.decide(&request) {
                        Ok(answer) => {
                            assert!(answer.reason.starts_with(&format!("{user}/")));
                            good.fetch_add(1, Ordering::Relaxed);
                        }
                        // There are fewer instances than threads here.
                        Err(trap) => assert!(trap.starts_with("is busy"), "{trap}"),
                    }
                }
            });
        }
    });
    assert!(good.into_inner() > 16 * 150);
}
