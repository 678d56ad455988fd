//! The shipped rules against the policy `club-roles`: every cell.

use cedar::Cedar;
use club_roles::ClubRoles;
use padelvar_policy_sdk::testing::{Harness, cells, differences};
use padelvar_policy_sdk::{Settings, names};

const ROLES: [&str; 8] = [
    "SUPER_ADMIN",
    "CLUB_ADMIN",
    "PLAYER",
    "REFEREE",
    "",
    "player",
    "Super_Admin",
    "SUPER_ADMIN ",
];

#[test]
fn the_shipped_rules_are_the_table() {
    let settings = Settings::json("{}");
    let cedar = Harness::<Cedar>::new(&settings);
    let roles = Harness::<ClubRoles>::new(&settings);
    let mut actions = names::action::ALL.to_vec();
    actions.extend(["session.delete", "SESSION.VIEW", "session", ""]);
    let all = cells(&ROLES, &actions);
    let wrong = differences(&cedar, all, |cell| roles.allows(&cell.request()));
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn it_is_the_same_table_as_a_file_and_in_the_settings() {
    let json = serde_json(cedar::CLUB_ROLES);
    let shipped = Harness::<Cedar>::new(&Settings::json("{}"));
    // As some editors save it.
    let bom = Settings::file(format!(
        "\u{feff}{}",
        cedar::CLUB_ROLES.replace('\n', "\r\n")
    ));
    for settings in [Settings::file(cedar::CLUB_ROLES), Settings::json(json), bom] {
        let other = Harness::<Cedar>::new(&settings);
        let all = cells(&ROLES[1..4], &["session.view", "file.list"]);
        let wrong = differences(&other, all, |cell| shipped.allows(&cell.request()));
        assert!(wrong.is_empty(), "{wrong:#?}");
    }
}

/// The two rules that stand in the example as comments are good rules.
#[test]
fn the_examples_in_the_shipped_rules_are_good() {
    let head = cedar::CLUB_ROLES
        .find("// Two rules as examples")
        .expect("examples");
    let (rules, examples) = cedar::CLUB_ROLES.split_at(head);
    let lines = examples.lines().map(|line| match line.strip_prefix("// ") {
        Some(code) if !code.ends_with(['.', ':']) => code,
        _ => "",
    });
    let lines: Vec<&str> = lines.collect();
    let text = format!("{rules}{}", lines.join("\n"));
    assert_eq!(text.matches("\nforbid (").count(), 2, "{text}");
    let cedar = Harness::<Cedar>::new(&Settings::file(text));
    let mut request = padelvar_policy_sdk::testing::question("PLAYER", "session.create");
    request.resource.club = request.principal.club.clone();
    request.context.unix_seconds = 1_767_225_600;
    assert_eq!(cedar.ask(&request).code, "closed_at_night");
    request.context.unix_seconds += 12 * 3600;
    assert!(cedar.allows(&request));
    let mut request = padelvar_policy_sdk::testing::question("SUPER_ADMIN", "terrain.edit");
    assert_eq!(cedar.ask(&request).code, "not_from_here");
    request.context.client_address = Some("192.168.4.5".to_owned());
    assert!(cedar.allows(&request));
}

fn serde_json(policies: &str) -> String {
    use padelvar_policy_sdk::serde_json::json;
    json!({ "policies": policies }).to_string()
}
