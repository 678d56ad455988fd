//! A misdeed a row: it denies in time, says why, and the next good question is answered.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::super::ActivePolicy;
use super::super::limits::{QUESTION_FUEL, QUESTION_WALL};
use super::super::testing::{
    active, load, patiently, plugin, question, text, wasm, with_self_check,
};
use crate::clock::thread_cpu_us;
use crate::plugins::LoadError;

/// A denial stands within this, however busy the machine is.
const WITHIN: Duration = Duration::from_millis(300);

#[test]
fn every_misdeed_denies_in_time() {
    let policy = active("good");
    let rows = [
        ("loop", "took too long"),
        ("allocate", "64 MiB are allowed"),
        ("fill", "took too long"),
        ("recurse", "recurs"),
        ("panic", "panicked: the misdeed was ordered"),
        ("panic-long", "aborted; it said: very very"),
        ("exit", "ended its own process"),
        ("abort", "aborted"),
        ("sleep", "tried to wait"),
        ("print-flood", "printed more than"),
        ("connect", "tried to reach the network"),
        ("resolve", "tried to reach the network"),
        ("bind", "tried to reach the network"),
        ("code-empty", "answered the code"),
        ("code-spaces", "answered the code"),
        ("code-lines", "answered the code"),
        ("code-upper", "answered the code"),
        ("code-long", "answered the code"),
        ("reason-huge", "answered more than the host takes"),
        ("many-obligations", "answered"),
        ("nine-obligations", "answered 9 obligations"),
        ("long-obligation", "answered an obligation"),
    ];
    for (misdeed, told) in rows {
        // A machine that is far too busy may hold a thread up for as long: the second time
        // counts then.
        let mut took = Duration::MAX;
        for _ in 0..3 {
            let begun = Instant::now();
            let trap = policy.decide(&question(&format!("do.{misdeed}")));
            took = begun.elapsed();
            let trap = trap.expect_err(misdeed);
            assert!(
                trap.contains(told) || trap.starts_with("is busy"),
                "{misdeed}: {trap}"
            );
            assert!(
                trap.chars().count() <= 301 && !trap.contains('\n'),
                "{misdeed}: {trap}"
            );
            let good = patiently(&policy, "session.view");
            assert!(good.is_ok_and(|answer| answer.allow), "after {misdeed}");
            if took < WITHIN && trap.contains(told) {
                break;
            }
        }
        assert!(took < WITHIN, "{misdeed} took {took:?}");
    }
}

#[test]
fn what_is_only_odd_is_answered() {
    let policy = active("good");
    for harmless in [
        "print",
        "read-stdin",
        "read-file",
        "write-file",
        "environment",
        "work",
    ] {
        let answer = patiently(&policy, &format!("do.{harmless}"));
        assert!(
            answer.as_ref().is_ok_and(|answer| answer.allow),
            "{harmless}: {answer:?}"
        );
    }
    let denied = policy.decide(&question("do.deny")).unwrap();
    assert_eq!((denied.allow, denied.code.as_str()), (false, "not_today"));
    let obliged = policy.decide(&question("do.oblige")).unwrap();
    assert_eq!(obliged.obligations.len(), 8);
    let long = policy.decide(&question("do.reason-lines")).unwrap().reason;
    assert!(long.starts_with("first [31msecond long"), "{long}");
    assert_eq!(long.chars().count(), 200);
}

#[test]
fn failures_and_memory_are_counted() {
    let plugin = Arc::new(load(&wasm()).unwrap());
    let policy = ActivePolicy::new(Arc::clone(&plugin), text("good")).unwrap();
    assert_eq!(plugin.counts(), (0, 0));
    assert_eq!(plugin.last_failure(), None);
    policy.decide(&question("session.view")).unwrap();
    policy.decide(&question("do.panic")).unwrap_err();
    patiently(&policy, "do.code-upper").unwrap_err();
    let (calls, failures) = plugin.counts();
    assert!(calls >= 3 && failures == calls - 1, "{calls} {failures}");
    let told = plugin.last_failure().unwrap();
    assert!(told.starts_with("answered the code \"OK\""), "{told}");
    assert!(plugin.memory_bytes() > 64 << 10);
    drop(policy);
    let patience = Instant::now() + Duration::from_secs(20);
    while plugin.memory_bytes() > 0 && Instant::now() < patience {
        std::thread::yield_now();
    }
    assert_eq!(plugin.memory_bytes(), 0, "instances go with the policy");
}

#[test]
fn it_introduces_itself() {
    let description = plugin().description().clone();
    assert_eq!(description.title, "A hostile policy for tests");
    for (misdeed, told) in [
        ("panic", "panicked: the misdeed was ordered"),
        ("escapes", "a title that is not one line"),
    ] {
        let error = load(&with_self_check(misdeed)).err();
        assert!(
            matches!(&error, Some(LoadError::SelfCheck(trap)) if trap.contains(told)),
            "{error:?}"
        );
    }
}

/// What `QUESTION_FUEL` is in processor time, on this machine. The bound is wide: machines
/// differ, and what is asked here is whether the order of magnitude is right.
#[test]
fn fuel_is_about_ten_milliseconds() {
    let shared = plugin();
    let mut least = i64::MAX;
    for _ in 0..5 {
        let mut instance = shared.configured(&text("good")).unwrap();
        let far = Instant::now() + QUESTION_WALL * 100;
        let before = thread_cpu_us();
        instance.decide(&question("do.loop"), far).unwrap_err();
        least = least.min(thread_cpu_us() - before);
        assert!(instance.fuel() < QUESTION_FUEL / 100);
    }
    println!("{QUESTION_FUEL} units of fuel took {least} us");
    assert!((1_000..60_000).contains(&least), "{least} us");
}
