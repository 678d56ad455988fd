//! The policies that are shipped, held to the table that is shipped; and swaps of them.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use jiff::Timestamp;

use super::super::action::{Action, Resource};
use super::super::policy::{Decision, PolicyInForce};
use super::super::principal::Principal;
use super::super::test_plugins::registry;
use super::*;
use crate::config::PolicyTable;

const EXAMPLE: &str = include_str!("../../../examples/expectations.toml");
const RULES: &str = include_str!("../../../plugins/cedar/club-roles.cedar");

fn configured(plugin: &str, settings: PolicySettings, table: Option<&str>) -> config::Policy {
    config::Policy {
        plugin: plugin.to_owned(),
        settings,
        shadow: None,
        shadow_settings: None,
        table: table.map(|text| PolicyTable {
            path: PathBuf::from("expectations.toml"),
            text: text.to_owned(),
        }),
    }
}

fn rules(text: &str) -> PolicySettings {
    PolicySettings::File {
        path: PathBuf::from("rules.cedar"),
        text: text.to_owned(),
    }
}

fn json(value: serde_json::Value) -> PolicySettings {
    PolicySettings::Inline(value)
}

fn made(policy: &config::Policy) -> Result<PluginPolicy, String> {
    PluginPolicy::of(registry(), policy).map_err(|error| error.to_string())
}

#[test]
fn both_policies_meet_the_example() {
    for (plugin, settings) in [
        ("club-roles", json(serde_json::json!({}))),
        ("cedar", json(serde_json::json!({}))),
        ("cedar", rules(RULES)),
    ] {
        let made = made(&configured(plugin, settings, Some(EXAMPLE)));
        assert!(made.is_ok(), "{plugin}: {:?}", made.err());
    }
}

#[test]
fn rules_that_do_not_meet_the_table_are_told_with_its_rows() {
    let text = format!(
        "{RULES}\npermit (principal in Role::\"PLAYER\", action == Action::\"file.delete\", resource);"
    );
    assert!(made(&configured("cedar", rules(&text), None)).is_ok());
    let told = made(&configured("cedar", rules(&text), Some(EXAMPLE)));
    let told = told.err().expect("it does not meet the table");
    let head = "the policy cedar does not meet expectations.toml: 9 of ";
    assert!(told.starts_with(head), "{told}");
    let row =
        ": no: PLAYER, file.delete, somebody else's file in another club: expected no, got yes";
    assert!(told.contains(row), "{told}");
    let told = made(&configured("cedar", rules(&text), Some("[matrix]\nx = 1")));
    let told = told.err().expect("the table is no table");
    assert!(told.contains("expectations.toml:1:1"), "{told}");
    // Rows without end are not told.
    let all = "permit (principal, action, resource);";
    let told = made(&configured("cedar", rules(all), Some(EXAMPLE)));
    let told = told.err().expect("it does not meet the table");
    assert!(told.contains(" more; `padelvar policy test`"), "{told}");
    assert!(told.lines().count() < TOLD + 5, "{told}");
}

#[test]
fn a_candidate_takes_the_settings_it_understands() {
    let limits = serde_json::json!({ "max_concurrent": { "PLAYER": 1 } });
    let shadow = |settings: PolicySettings, name: &str| {
        let policy = configured("club-roles", settings, None);
        PluginPolicy::shadow_of(registry(), name, &policy).map(|(_, warning)| warning)
    };
    let warning = shadow(json(serde_json::json!({})), "cedar").unwrap();
    assert_eq!(warning, None);
    let warning = shadow(json(limits), "cedar").unwrap().unwrap();
    assert!(warning.contains("max_concurrent"), "{warning}");
    let warning = shadow(rules(RULES), "club-roles").unwrap();
    assert!(warning.is_some());
    // Its own are not given up for none.
    let own = config::Policy {
        shadow_settings: Some(rules("permit(principal, action, resource);")),
        ..configured("cedar", rules(RULES), None)
    };
    let (candidate, warning) = PluginPolicy::shadow_of(registry(), "cedar", &own).unwrap();
    assert!(warning.is_none() && !candidate.is_same_as(&made(&own).unwrap()));
    let wrong = PluginPolicy::shadow_of(registry(), "club-roles", &own);
    assert!(matches!(wrong, Err(PolicyError::Settings(_))));
    assert!(matches!(
        shadow(json(serde_json::json!({})), "nothing"),
        Err(PolicyError::Unknown { .. })
    ));
}

/// Hundreds of swaps while questions come from all sides: each is answered as one of the two
/// policies answers it, and by nothing between them.
#[test]
fn no_question_meets_half_a_policy() {
    const SWAPS: usize = 300;
    let limits = serde_json::json!({ "max_concurrent": { "PLAYER": 1 } });
    let roles = configured("club-roles", json(limits), None);
    let cedar = configured("cedar", rules(RULES), None);
    let force = PolicyInForce::none("not yet");
    force.appoint(Arc::new(made(&roles).unwrap()));
    let (stop, asked) = (AtomicBool::new(false), AtomicU64::new(0));
    let seen = std::thread::scope(|scope| {
        let askers: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    let mut seen = [0_u64; 2];
                    while !stop.load(Ordering::Relaxed) {
                        for (index, answers) in both(&force).into_iter().enumerate() {
                            seen[index] += answers;
                        }
                        asked.fetch_add(2, Ordering::Relaxed);
                    }
                    seen
                })
            })
            .collect();
        let pair = [&cedar, &roles].map(|policy| (policy, Arc::new(made(policy).unwrap())));
        for swap in 0..SWAPS {
            let (policy, ready) = &pair[swap % 2];
            // Some are made anew, as a change of the configuration does it.
            let next = match swap % 10 {
                0 | 5 => Arc::new(made(policy).unwrap()),
                _ => Arc::clone(ready),
            };
            assert!(force.appoint(next));
        }
        // Whoever was not asked yet has to be.
        while asked.load(Ordering::Relaxed) < 1000 {
            std::thread::sleep(Duration::from_millis(1));
        }
        stop.store(true, Ordering::Relaxed);
        let seen = askers.into_iter().map(|asker| asker.join().unwrap());
        seen.fold([0, 0], |sum, seen| [sum[0] + seen[0], sum[1] + seen[1]])
    });
    assert!(seen[0] > 0 && seen[1] > 0, "both were asked: {seen:?}");
    // The same one again is no change.
    assert!(!force.appoint(Arc::new(made(&roles).unwrap())));
}

/// Asks what is allowed and what is denied, and tells by which of the two policies each was
/// answered.
fn both(force: &PolicyInForce) -> [u64; 2] {
    let principal = Principal {
        id: "17".to_owned(),
        role: "PLAYER".to_owned(),
        club: Some("7".to_owned()),
        ..Principal::default()
    };
    let ask = |owner: &str| {
        let resource = Resource {
            kind: "session",
            id: "sess_1_1".to_owned(),
            club: Some("7".to_owned()),
            owner: Some(owner.to_owned()),
            terrain: Some("1".to_owned()),
        };
        force.decide(&Question {
            principal: &principal,
            action: Action::RecordingStart,
            resource: &resource,
            address: None,
            now: Timestamp::UNIX_EPOCH,
        })
    };
    let mut by = [0, 0];
    for decision in [ask("17"), ask("18")] {
        let Decision {
            allow,
            code,
            limits,
            ..
        } = &decision;
        let index = match (allow, code.as_str(), limits.max_concurrent) {
            (true, _, Some(1)) | (false, "not_your_session", None) => 0,
            (true, _, None) | (false, "not_permitted", None) => 1,
            _ => panic!("neither of them answers so: {decision:?}"),
        };
        by[index] += 1;
    }
    by
}
