//! Limits a role.

use club_roles::ClubRoles;
use padelvar_policy_sdk::Settings;
use padelvar_policy_sdk::testing::{Cell, Harness, Standing};

fn obligations(settings: &str, role: &str, action: &str) -> Vec<String> {
    let cell = Cell {
        role,
        action,
        club: Standing::Own,
        owner: Standing::Own,
        asker_has_club: true,
    };
    let policy = Harness::<ClubRoles>::new(&Settings::json(settings));
    let decision = policy.ask(&cell.request());
    assert!(decision.allow, "{decision:?}");
    let all = decision.obligations.iter();
    all.map(|one| format!("{}={}", one.name, one.value))
        .collect()
}

fn wrong(settings: &str) -> Vec<String> {
    Harness::<ClubRoles>::wrong(&Settings::json(settings))
}

#[test]
fn a_role_has_its_limits() {
    let settings = r#"{
        "max_duration_minutes": {"PLAYER": 120, "CLUB_ADMIN": 1.5},
        "max_concurrent": {"PLAYER": 1}
    }"#;
    let of = |role, action| obligations(settings, role, action);
    assert_eq!(
        of("PLAYER", "recording.start"),
        ["max-duration-minutes=120", "max-concurrent=1"]
    );
    assert_eq!(of("PLAYER", "session.create"), ["max-concurrent=1"]);
    assert!(of("PLAYER", "session.view").is_empty());
    assert_eq!(
        of("CLUB_ADMIN", "recording.start"),
        ["max-duration-minutes=1.5"]
    );
    assert!(of("SUPER_ADMIN", "recording.start").is_empty());
    assert!(obligations("{}", "PLAYER", "recording.start").is_empty());
}

#[test]
fn mistakes_are_told_all_at_once() {
    let findings = wrong(
        r#"{"max_duration_minutes": {"PLAYR": 1, "PLAYER": "long"},
            "max_concurrent": {"PLAYER": 0}}"#,
    );
    assert_eq!(findings.len(), 3, "{findings:#?}");
    let has = |part: &str| findings.iter().any(|line| line.contains(part));
    assert!(has("`max_duration_minutes.PLAYR`: did you mean `PLAYER`?"));
    assert!(has(
        "`max_duration_minutes.PLAYER` has to be a number of minutes"
    ));
    assert!(has(
        "`max_concurrent.PLAYER` has to be a whole number of 1 or more"
    ));
}

#[test]
fn what_the_host_would_not_take_is_refused() {
    for value in ["0", "-5", "1e300", "\"120\"", "null", "[]"] {
        wrong(&format!(
            r#"{{"max_duration_minutes": {{"PLAYER": {value}}}}}"#
        ));
    }
    for value in ["1.5", "-1", "99999999999", "\"1\"", "true"] {
        wrong(&format!(r#"{{"max_concurrent": {{"PLAYER": {value}}}}}"#));
    }
    assert!(wrong(r#"{"max_concurrent": 3}"#)[0].contains("table of roles"));
    assert!(wrong(r#"{"max_concurent": {}}"#)[0].contains("did you mean `max_concurrent`?"));
}

#[test]
fn a_file_is_refused_with_a_hint() {
    let findings =
        Harness::<ClubRoles>::wrong(&Settings::file("permit(principal, action, resource);"));
    assert!(findings[0].contains("[policy] settings"), "{findings:?}");
}
