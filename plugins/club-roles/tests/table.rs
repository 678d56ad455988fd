//! The table, to the cell.

use club_roles::ClubRoles;
use padelvar_policy_sdk::testing::{
    Cell, Harness, Standing, cells, differences, expected, markdown, question,
};
use padelvar_policy_sdk::{Settings, names};

/// As the documentation has it.
const TABLE: &str = "
| Action | SUPER_ADMIN | CLUB_ADMIN | PLAYER |
|---|---|---|---|
| `session.create` | yes | yes | own club |
| `session.view`, `session.close` | yes | own club, own session | own session |
| `recording.start` `recording.stop` `recording.view` | yes | own club, own session | own session |
| `preview.view` | yes | own club, own session | own session |
| `file.list` `file.download` `file.delete` | yes | own club | no |
| `system.cleanup` | yes | yes | no |
| `plugin.view` `plugin.manage` `camera.discover` `camera.probe` `terrain.edit` | yes | no | no |
";

/// Those of the table, and what must not pass for one of them.
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

fn policy() -> Harness<ClubRoles> {
    Harness::new(&Settings::json("{}"))
}

fn ask(role: &str, action: &str, club: Standing, owner: Standing) -> (bool, String) {
    let cell = Cell {
        role,
        action,
        club,
        owner,
        asker_has_club: true,
    };
    let decision = policy().ask(&cell.request());
    (decision.allow, decision.code)
}

#[test]
fn every_cell() {
    let table = markdown(TABLE);
    let mut actions = names::action::ALL.to_vec();
    actions.extend(["session.delete", "SESSION.VIEW", "session", ""]);
    let all: Vec<Cell<'_>> = cells(&ROLES, &actions).collect();
    assert_eq!(all.len(), 8 * 20 * 15);
    let wrong = differences(&policy(), all, |cell| expected(&table, cell));
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_action_of_the_host_stands_in_the_table() {
    let table = markdown(TABLE);
    let rows = table.iter().flat_map(|row| &row.actions);
    let mut named: Vec<&str> = rows.map(String::as_str).collect();
    named.sort_unstable();
    let mut known = names::action::ALL;
    known.sort_unstable();
    assert_eq!(named, known);
}

/// A second look at the rules that are easily got wrong, without the table.
#[test]
fn rules_by_hand() {
    use Standing::{None as Nobody, Other, Own};
    let yes = |code: &str| (true, code.to_owned());
    let no = |code: &str| (false, code.to_owned());
    let rows = [
        ("PLAYER", "session.view", Own, Own, yes("allowed")),
        ("PLAYER", "session.view", Own, Other, no("not_your_session")),
        (
            "PLAYER",
            "session.view",
            Own,
            Nobody,
            no("not_your_session"),
        ),
        ("PLAYER", "session.view", Other, Own, no("not_your_club")),
        ("PLAYER", "session.view", Nobody, Own, no("not_your_club")),
        ("PLAYER", "session.create", Own, Nobody, yes("allowed")),
        (
            "PLAYER",
            "session.create",
            Other,
            Nobody,
            no("not_your_club"),
        ),
        ("PLAYER", "file.download", Own, Own, no("role_not_allowed")),
        (
            "PLAYER",
            "system.cleanup",
            Nobody,
            Nobody,
            no("role_not_allowed"),
        ),
        ("CLUB_ADMIN", "session.view", Own, Other, yes("allowed")),
        ("CLUB_ADMIN", "session.view", Other, Own, yes("allowed")),
        (
            "CLUB_ADMIN",
            "session.view",
            Other,
            Other,
            no("not_your_club"),
        ),
        (
            "CLUB_ADMIN",
            "session.create",
            Other,
            Nobody,
            yes("allowed"),
        ),
        ("CLUB_ADMIN", "file.delete", Other, Own, no("not_your_club")),
        (
            "CLUB_ADMIN",
            "system.cleanup",
            Nobody,
            Nobody,
            yes("allowed"),
        ),
        (
            "CLUB_ADMIN",
            "terrain.edit",
            Own,
            Nobody,
            no("role_not_allowed"),
        ),
        ("SUPER_ADMIN", "terrain.edit", Other, Nobody, yes("allowed")),
        ("SUPER_ADMIN", "session.fly", Own, Own, no("unknown_action")),
        ("super_admin", "session.view", Own, Own, no("unknown_role")),
        ("", "session.view", Own, Own, no("unknown_role")),
    ];
    for (role, action, club, owner, answer) in rows {
        assert_eq!(
            ask(role, action, club, owner),
            answer,
            "{role} {action} {club:?} {owner:?}"
        );
    }
}

#[test]
fn reasons_help() {
    let reason = |role: &str| policy().ask(&question(role, "session.view")).reason;
    assert_eq!(
        reason("player"),
        "the role `player` is not known; did you mean `PLAYER`?"
    );
    assert_eq!(reason(""), "your token names no role");
    assert_eq!(reason("PLAYER"), "this session belongs to another user");
}

#[test]
fn hostile_texts_are_denied_in_one_line() {
    // `ask` holds code and reason to their limits.
    for text in [
        "\0",
        "a\nb",
        "\u{202e}",
        &"é".repeat(4096),
        "' OR 1=1 --",
        "\"\\",
    ] {
        let mut request = question(text, "session.view");
        assert!(!policy().allows(&request));
        request = question("PLAYER", text);
        assert!(!policy().allows(&request));
        request = question("PLAYER", "session.view");
        text.clone_into(&mut request.principal.id);
        request.resource.owner = Some(text.to_owned());
        request.resource.club = Some(text.to_owned());
        assert!(!policy().allows(&request));
        request.principal.club = Some(text.to_owned());
        assert!(policy().allows(&request), "odd ids are ids");
    }
}
