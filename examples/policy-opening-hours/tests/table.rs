//! Roles and hours, with the SDK's harness as the host.

use opening_hours::OpeningHours;
use padelvar_policy_sdk::testing::{Harness, cells, differences, expected, markdown, question};
use padelvar_policy_sdk::{Request, Settings, names};

/// What holds while the club is open.
const TABLE: &str = "
| Action | SUPER_ADMIN | CLUB_ADMIN | PLAYER |
|---|---|---|---|
| `session.create` | yes | own club | own club |
| `session.view`, `session.close` | yes | own club | own session |
| `recording.start` `recording.stop` `recording.view` | yes | own club | own session |
| `preview.view` | yes | own club | own session |
| `file.list` `file.download` `file.delete` | yes | own club | no |
| `system.cleanup` | yes | no | no |
| `plugin.view` `plugin.manage` `camera.discover` `camera.probe` `terrain.edit` | yes | no | no |
";

/// The harness asks on Thursday, 2026-01-01 at 00:00 UTC.
const MIDNIGHT: i64 = 1_767_225_600;
const HOUR: i64 = 3600;

fn policy(settings: &str) -> Harness<OpeningHours> {
    Harness::new(&Settings::json(settings))
}

fn at(role: &str, action: &str, unix_seconds: i64) -> Request {
    let mut request = question(role, action);
    request.resource.club = request.principal.club.clone();
    request.resource.owner = Some(request.principal.id.clone());
    request.context.unix_seconds = unix_seconds;
    request
}

fn minutes(policy: &Harness<OpeningHours>, request: &Request) -> String {
    let decision = policy.ask(request);
    assert!(decision.allow, "{decision:?}");
    let mut all = decision.obligations.iter();
    let found = all.find(|one| one.name == "max-duration-minutes");
    found.expect("there is a limit").value.clone()
}

#[test]
fn every_cell_while_it_is_open() {
    let table = markdown(TABLE);
    let roles = ["SUPER_ADMIN", "CLUB_ADMIN", "PLAYER", "", "player", "COACH"];
    let mut actions = names::action::ALL.to_vec();
    actions.extend(["session.delete", ""]);
    let open = policy(r#"{"opens": "00:00", "closes": "23:00"}"#);
    let wrong = differences(&open, cells(&roles, &actions), |cell| {
        expected(&table, cell)
    });
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn players_begin_nothing_while_it_is_closed() {
    let hours = policy(r#"{"opens": "08:00", "closes": "22:30", "utc_offset_minutes": 60}"#);
    // 07:59 and 22:30 in local time.
    for closed in [MIDNIGHT + 7 * HOUR - 60, MIDNIGHT + 21 * HOUR + HOUR / 2] {
        for action in ["session.create", "recording.start"] {
            let decision = hours.ask(&at("PLAYER", action, closed));
            assert_eq!(
                (decision.allow, decision.code.as_str()),
                (false, "club_closed")
            );
            assert!(decision.reason.contains("08:00 to 22:30"), "{decision:?}");
            assert!(hours.allows(&at("CLUB_ADMIN", action, closed)));
            assert!(hours.allows(&at("SUPER_ADMIN", action, closed)));
        }
        for action in [
            "session.view",
            "session.close",
            "recording.stop",
            "preview.view",
        ] {
            assert!(hours.allows(&at("PLAYER", action, closed)), "{action}");
        }
    }
    let mut others = at("PLAYER", "recording.start", MIDNIGHT);
    others.resource.owner = Some("18".to_owned());
    assert_eq!(hours.ask(&others).code, "not_your_session");
}

#[test]
fn no_recording_is_planned_beyond_closing_time() {
    let hours = policy(r#"{"opens": "08:00", "closes": "22:30", "max_minutes": 120}"#);
    let start = |unix_seconds| at("PLAYER", "recording.start", unix_seconds);
    let evening = MIDNIGHT + 22 * HOUR;
    assert_eq!(minutes(&hours, &start(MIDNIGHT + 12 * HOUR)), "120");
    assert_eq!(minutes(&hours, &start(evening)), "30");
    assert_eq!(minutes(&hours, &start(evening + 15)), "29.75");
    assert_eq!(
        minutes(&hours, &start(evening + 1799))
            .parse::<f64>()
            .unwrap(),
        1.0 / 60.0
    );
    let admin = hours.ask(&at("CLUB_ADMIN", "recording.start", evening));
    assert!(admin.obligations.is_empty());
    let booked = hours.ask(&at("PLAYER", "session.create", evening));
    let names: Vec<&str> = booked
        .obligations
        .iter()
        .map(|one| one.name.as_str())
        .collect();
    assert_eq!(names, ["max-concurrent"]);
}

#[test]
fn days_off() {
    let hours = policy(r#"{"opens": "08:00", "closes": "22:00", "closed": ["thursday"]}"#);
    let noon = MIDNIGHT + 12 * HOUR;
    assert!(!hours.allows(&at("PLAYER", "session.create", noon)));
    assert!(hours.allows(&at("PLAYER", "session.create", noon + 24 * HOUR)));
    let reason = hours.ask(&at("PLAYER", "session.create", noon)).reason;
    assert!(reason.ends_with("not on thursday"), "{reason}");
}
