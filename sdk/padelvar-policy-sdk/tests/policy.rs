//! A policy from its settings to its answers, with the harness as the host.

use padelvar_policy_sdk::testing::{Harness, cells, differences, expected, markdown, question};
use padelvar_policy_sdk::{Decision, Finding, Instance, Policy, Request, Settings, names};

/// Everything in one's own club, but only what is not named in the settings.
struct OwnClub {
    closed: Vec<String>,
}

impl Policy for OwnClub {
    fn configure(settings: &Settings) -> Result<Self, Vec<Finding>> {
        let object = settings.keys(&["closed"])?;
        let closed = object.get("closed").and_then(|value| value.as_array());
        let names = closed
            .into_iter()
            .flatten()
            .filter_map(|name| name.as_str());
        Ok(Self {
            closed: names.map(str::to_owned).collect(),
        })
    }

    fn decide(&self, request: &Request) -> Decision {
        if self.closed.contains(&request.action) {
            Decision::deny("closed", "nobody may do that")
        } else if request.in_own_club() {
            Decision::allow()
        } else {
            Decision::deny("not_your_club", "this belongs to another club")
        }
    }
}

padelvar_policy_sdk::policy! {
    title: "Everything in one's own club",
    version: "1.0.0",
    policy: OwnClub,
}

#[test]
fn it_introduces_itself() {
    assert_eq!(description().title, "Everything in one's own club");
    assert_eq!(description().version, "1.0.0");
}

#[test]
fn an_instance_without_settings_denies() {
    let mut instance = Instance::<OwnClub>::new();
    let mut request = question("PLAYER", "session.create");
    request.resource.club = request.principal.club.clone();
    assert_eq!(instance.decide(&request).code, "not_configured");
    instance
        .configure(&Settings::json("{}"))
        .expect("good settings");
    assert!(instance.decide(&request).allow);
    // Bad settings later leave nothing of the good ones.
    let error = instance.configure(&Settings::json(r#"{"closd": []}"#));
    assert_eq!(
        error.expect_err("a wrong key"),
        "unknown key `closd`: did you mean `closed`?"
    );
    assert!(!instance.decide(&request).allow);
}

#[test]
fn a_table_finds_every_difference() {
    let table = markdown(
        "| Action | PLAYER |
         |---|---|
         | `session.create` `session.view` | own club |",
    );
    let actions = ["session.create", "session.view"];
    let all = || cells(&["PLAYER"], &actions);
    assert_eq!(all().count(), 30);
    let open = Harness::<OwnClub>::new(&Settings::json("{}"));
    let none = differences(&open, all(), |cell| expected(&table, cell));
    assert!(none.is_empty(), "{none:#?}");
    let closed = Settings::json(r#"{"closed": ["session.view"]}"#);
    let closed = Harness::<OwnClub>::new(&closed);
    assert_eq!(
        differences(&closed, all(), |cell| expected(&table, cell)),
        [
            r#""PLAYER" "session.view" (own club, own) is denied (closed)"#,
            r#""PLAYER" "session.view" (own club, others') is denied (closed)"#,
            r#""PLAYER" "session.view" (own club, nobody's) is denied (closed)"#,
        ]
    );
}

#[test]
fn every_action_has_a_kind() {
    for action in names::action::ALL {
        let kind = names::kind::of(action);
        assert!(names::kind::ALL.contains(&kind), "{action} {kind}");
    }
}
