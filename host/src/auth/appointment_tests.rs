//! What is told of policies that come, go, and are refused.

use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::super::action::{Action, Resource};
use super::super::plugin_policy::Given;
use super::super::policy::Question;
use super::super::principal::Principal;
use super::super::test_plugins::registry;
use super::*;

fn policy(name: &str) -> PluginPolicy {
    PluginPolicy::new(registry().policy(name).unwrap(), &Given::none()).unwrap()
}

fn set(force: &PolicyInForce, name: &str) {
    let order = force.order_candidate();
    force.set_candidate(order, policy(name)).unwrap();
}

fn state(force: &PolicyInForce, name: &str) -> (PluginState, Option<String>) {
    let mut list = registry().list().into_iter();
    let info = force.view(list.find(|info| info.name == name).unwrap());
    (info.state, info.reason)
}

fn ask(force: &PolicyInForce, role: &str) {
    let principal = Principal {
        id: "1".to_owned(),
        role: role.to_owned(),
        ..Principal::default()
    };
    force.decide(&Question {
        principal: &principal,
        action: Action::SystemCleanup,
        resource: &Resource::host(),
        address: None,
        now: Timestamp::UNIX_EPOCH,
    });
}

fn until(force: &PolicyInForce, name: &str, asked: u64) -> Comparison {
    let begun = Instant::now();
    loop {
        let found = force.comparison(name);
        if found.seen.asked >= asked {
            return found;
        }
        assert!(begun.elapsed() < Duration::from_secs(20), "{found:?}");
        std::thread::yield_now();
    }
}

#[test]
fn a_candidate_is_compared_until_it_goes() {
    let told: Arc<Mutex<Vec<(String, PluginState)>>> = Arc::default();
    let force = PolicyInForce::none("not yet");
    let news = Arc::clone(&told);
    force.on_news(Box::new(move |info| {
        news.lock().unwrap().push((info.name.clone(), info.state));
    }));
    assert!(force.appoint(Arc::new(policy("club-roles"))));
    set(&force, "cedar");
    assert_eq!(state(&force, "cedar").0, PluginState::Shadow);
    assert_eq!(state(&force, "club-roles").0, PluginState::Active);
    ask(&force, "SUPER_ADMIN");
    ask(&force, "PLAYER");
    let found = until(&force, "cedar", 2);
    assert_eq!(found.shadow_of.as_deref(), Some("club-roles"));
    assert_eq!(
        (found.seen.differing, found.seen.failed),
        (1, 0),
        "{found:?}"
    );
    let difference = &found.seen.differences[0];
    assert_eq!(difference.active.code, "role_not_allowed");
    assert_eq!(difference.shadow.code, "not_permitted");
    // The same again goes on, another one begins anew.
    set(&force, "cedar");
    assert_eq!(force.comparison("cedar").seen.asked, 2);
    assert!(!force.appoint(Arc::new(policy("club-roles"))));
    assert_eq!(force.comparison("cedar").seen.asked, 2);
    assert_eq!(force.comparison("club-roles").shadow_of, None);
    force.dismiss_candidate();
    assert_eq!(state(&force, "cedar").0, PluginState::Active);
    ask(&force, "PLAYER");
    assert_eq!(force.comparison("cedar").seen.asked, 0);
    let told = told.lock().unwrap();
    let expected = [
        ("club-roles", PluginState::Active),
        ("cedar", PluginState::Shadow),
        ("cedar", PluginState::Active),
    ];
    assert_eq!(
        *told,
        expected.map(|(name, state)| (name.to_owned(), state))
    );
}

#[test]
fn the_candidate_of_another_policy_is_forgotten() {
    let force = PolicyInForce::none("not yet");
    force.appoint(Arc::new(policy("club-roles")));
    set(&force, "cedar");
    ask(&force, "PLAYER");
    until(&force, "cedar", 1);
    force.appoint(Arc::new(policy("cedar")));
    assert_eq!(force.comparison("cedar").shadow_of, None);
    assert_eq!(state(&force, "cedar").0, PluginState::Active);
}

#[test]
fn a_candidate_that_comes_too_late_is_not_set() {
    let force = PolicyInForce::none("not yet");
    force.appoint(Arc::new(policy("club-roles")));
    let order = force.order_candidate();
    assert!(force.is_wanted(order));
    force.order_candidate();
    force.set_candidate(order, policy("cedar")).unwrap();
    assert!(!force.is_wanted(order));
    assert_eq!(force.comparison("cedar").shadow_of, None);
}

#[tokio::test]
async fn candidates_are_loaded_one_after_the_other_and_nobody_waits() {
    let force = PolicyInForce::none("not yet");
    let (told, mut order) = tokio::sync::mpsc::unbounded_channel();
    let (open, gate) = std::sync::mpsc::channel::<()>();
    let first = told.clone();
    force.load_candidate(move || {
        gate.recv().unwrap();
        first.send(1).unwrap();
    });
    force.load_candidate(move || told.send(2).unwrap());
    assert!(order.try_recv().is_err(), "neither is through");
    open.send(()).unwrap();
    assert_eq!(order.recv().await, Some(1));
    assert_eq!(order.recv().await, Some(2));
}

#[test]
fn what_was_refused_says_why_until_something_is_good() {
    let force = PolicyInForce::none("not yet");
    let refusal = |reason: &str| PolicyError::Settings(reason.to_owned());
    force.refuse("cedar", &refusal("rules.cedar:3:1: no"));
    let (now, reason) = state(&force, "cedar");
    assert_eq!(now, PluginState::Rejected);
    assert_eq!(reason.as_deref(), Some("rules.cedar:3:1: no"));
    // The one in force with other settings is in force all the same.
    force.appoint(Arc::new(policy("cedar")));
    assert_eq!(state(&force, "cedar"), (PluginState::Active, None));
    force.refuse("cedar", &refusal("no"));
    assert_eq!(state(&force, "cedar").0, PluginState::Active);
    assert_eq!(state(&force, "cedar").1.as_deref(), Some("no"));
    assert_eq!(state(&force, "club-roles"), (PluginState::Active, None));
}
