use std::time::Duration;

use super::super::outline::Kind;
use super::*;

#[derive(Clone)]
struct Fake {
    digest: &'static str,
    policy: bool,
}

impl Version for Fake {
    fn digest(&self) -> &str {
        self.digest
    }

    fn is_policy(&self) -> bool {
        self.policy
    }

    fn info(&self) -> PluginInfo {
        PluginInfo {
            digest: self.digest.to_owned(),
            ..PluginInfo::idle("court", Some(Kind::Adapter), PluginState::Active)
        }
    }
}

const fn adapter(digest: &'static str) -> Fake {
    Fake {
        digest,
        policy: false,
    }
}

fn in_force(ledger: &Ledger<Fake>) -> Option<&str> {
    ledger.in_force().next().map(|(_, version)| version.digest)
}

fn states(ledger: &Ledger<Fake>) -> Vec<(PluginState, String)> {
    let lines = ledger.not_in_force("court").into_iter();
    lines.map(|line| (line.state, line.digest)).collect()
}

/// Five failures at once.
fn fail(ledger: &mut Ledger<Fake>, digest: &str) -> Option<String> {
    let now = Instant::now();
    for _ in 0..4 {
        assert_eq!(ledger.failed("court", digest, "panicked", now), None);
    }
    ledger.failed("court", digest, "panicked", now)
}

fn rejected(digest: &str) -> PluginInfo {
    PluginInfo {
        digest: digest.to_owned(),
        reason: Some("no good".to_owned()),
        ..PluginInfo::idle("court", None, PluginState::Rejected)
    }
}

#[test]
fn the_newest_good_version_is_in_force() {
    let mut ledger = Ledger::default();
    ledger.accept("court", adapter("a"));
    ledger.accept("court", adapter("b"));
    assert_eq!(in_force(&ledger), Some("b"));
    ledger.reject("court", rejected("c"));
    assert_eq!(in_force(&ledger), Some("b"), "what works stays");
    assert_eq!(states(&ledger), [(PluginState::Rejected, "c".into())]);
    assert_eq!(ledger.rejection("court").as_deref(), Some("no good"));
    ledger.unchanged("court");
    assert!(states(&ledger).is_empty());
    assert!(ledger.remove("court"));
    assert_eq!(in_force(&ledger), None);
    assert!(!ledger.remove("court"));
}

#[test]
fn what_fails_too_often_is_put_aside_until_the_file_changes() {
    let mut ledger = Ledger::default();
    ledger.accept("court", adapter("a"));
    ledger.accept("court", adapter("b"));
    let why = fail(&mut ledger, "b").unwrap();
    assert_eq!(why, "it failed 5 times within a minute; the last: panicked");
    assert_eq!(in_force(&ledger), Some("a"), "the older one comes back");
    assert_eq!(states(&ledger), [(PluginState::Quarantined, "b".into())]);
    let now = Instant::now();
    assert_eq!(ledger.failed("court", "b", "panicked", now), None, "told");
    fail(&mut ledger, "a").unwrap();
    assert_eq!(in_force(&ledger), None);
    let told = ledger.rejection("court").unwrap();
    assert!(told.contains("quarantined") && told.contains("panicked"));

    ledger.accept("court", adapter("c"));
    assert_eq!(in_force(&ledger), Some("c"));
    assert!(states(&ledger).is_empty(), "the others are forgotten");
    fail(&mut ledger, "c").unwrap();
    assert_eq!(in_force(&ledger), None, "there is no other that is good");
}

#[test]
fn an_administrator_gives_another_chance() {
    let mut ledger = Ledger::default();
    ledger.accept("court", adapter("a"));
    assert!(ledger.release("court").is_empty());
    assert!(ledger.release("nobody").is_empty());
    fail(&mut ledger, "a").unwrap();
    assert_eq!(ledger.release("court"), ["a"]);
    assert_eq!(in_force(&ledger), Some("a"));
    assert!(fail(&mut ledger, "a").is_some(), "counted from the start");
}

#[test]
fn failures_far_apart_are_no_reason() {
    let mut ledger = Ledger::default();
    ledger.accept("court", adapter("a"));
    let start = Instant::now();
    for minute in 0..20 {
        let now = start + Duration::from_secs(minute * 30);
        assert_eq!(ledger.failed("court", "a", "panicked", now), None);
    }
}

#[test]
fn a_policy_goes_only_where_another_comes_back() {
    let policy = |digest| Fake {
        digest,
        policy: true,
    };
    let mut ledger = Ledger::default();
    ledger.accept("court", policy("a"));
    assert_eq!(fail(&mut ledger, "a"), None);
    assert_eq!(in_force(&ledger), Some("a"));
    ledger.accept("court", policy("b"));
    fail(&mut ledger, "b").unwrap();
    assert_eq!(in_force(&ledger), Some("a"));
}

#[test]
fn what_is_not_believed_any_more_is_not_in_force() {
    let mut ledger = Ledger::default();
    ledger.accept("court", adapter("a"));
    ledger.revoke("court");
    ledger.reject("court", rejected("a"));
    assert_eq!(in_force(&ledger), None);
    assert_eq!(ledger.newest("court").map(|v| v.digest), None);
    assert_eq!(states(&ledger), [(PluginState::Rejected, "a".into())]);
}
