//! Tables that are read, tables that are not, and policies that are held to them.

use std::time::Duration;

use proptest::prelude::*;

use super::super::policy::{Answer, Decision, Policy, Question};
use super::super::whose::Whose;
use super::*;

const EXAMPLE: &str = include_str!("../../../../examples/expectations.toml");

fn read(text: &str) -> Expectations {
    Expectations::parse(text, "t.toml").unwrap_or_else(|problems| panic!("{problems:#?}"))
}

/// What is wrong with a table, a line each.
fn wrong(text: &str) -> Vec<String> {
    let problems = Expectations::parse(text, "t.toml").expect_err("it is good");
    problems.iter().map(ToString::to_string).collect()
}

/// The table of the contract, written once more.
struct Table;

impl Policy for Table {
    fn decide(&self, question: &Question<'_>) -> Result<Answer, String> {
        let whose = Whose::of(question);
        let (club, own) = (whose.club() == Standing::Own, whose.owner == Standing::Own);
        let [role, action] = [&*question.principal.role, question.action.name()];
        let allow = match (role, action.split('.').next().unwrap_or_default()) {
            ("SUPER_ADMIN", _) | ("CLUB_ADMIN", "system") => true,
            ("CLUB_ADMIN", "session") if action == "session.create" => true,
            ("CLUB_ADMIN", "session" | "recording" | "preview") => club || own,
            ("CLUB_ADMIN", "file") => club,
            ("PLAYER", "session") if action == "session.create" => club,
            ("PLAYER", "session" | "recording" | "preview") => club && own,
            _ => false,
        };
        Ok(Answer {
            allow,
            code: if allow { "allowed" } else { "denied" }.to_owned(),
            ..Answer::default()
        })
    }
}

/// Answers as told.
struct Says<F>(F);

impl<F: Fn(&Question<'_>) -> Result<Answer, String> + Send + Sync> Policy for Says<F> {
    fn decide(&self, question: &Question<'_>) -> Result<Answer, String> {
        self.0(question)
    }
}

#[test]
fn the_example_is_the_contracts_table() {
    let table = read(EXAMPLE);
    let report = table.check(&Table);
    assert!(report.is_met(), "{}: {:#?}", report.summary(), report.unmet);
    assert!(report.asked > 500, "{}", report.asked);
    assert_eq!(report.asked, table.count());
    // One cell otherwise is found, and nothing else.
    let lenient = Says(|question: &Question<'_>| {
        let mut answer = Table.decide(question)?;
        let player = question.principal.role == "PLAYER";
        answer.allow |= player && question.action == Action::FileDownload;
        Ok(answer)
    });
    let report = table.check(&lenient);
    assert_eq!(report.unmet.len(), Whose::all(Action::FileDownload).count());
    let line = 1 + EXAMPLE
        .lines()
        .position(|l| l.contains("file.download"))
        .unwrap();
    let first = report.unmet[0].to_string();
    let expected = "PLAYER, file.download, own file in own club: expected no, got yes";
    assert_eq!(first, format!("t.toml:{line}:74: no: {expected}"));
}

#[test]
fn rows_without_quotes_and_for_all_roles() {
    let table = read(
        "roles = [\"A\", \"B\"]\n[matrix]\nsession.view = [\"yes\", \"-\"]\nsystem.cleanup = \"no\"\n",
    );
    let mut cells: Vec<(Vec<String>, Vec<Action>)> = table
        .rows
        .into_iter()
        .map(|row| (row.roles, row.actions))
        .collect();
    cells.sort_by_key(|(roles, _)| roles.len());
    assert_eq!(
        cells,
        [
            (vec!["A".to_owned()], vec![Action::SessionView]),
            (
                vec!["A".to_owned(), "B".to_owned()],
                vec![Action::SystemCleanup]
            ),
        ]
    );
}

#[test]
fn a_single_expectation_with_everything() {
    let table = read(
        "user = \"ana\"\n[[expect]]\nname = \"gold members\"\nrole = [\"PLAYER\", \"COACH\"]\n\
         action = \"recording.start\"\nclub = \"own\"\nowner = [\"own\"]\n\
         claims = { level = \"gold\", age = 12 }\nat = [2026-06-01T23:30:00Z, 2026-06-02 01:30:00+02:00]\n\
         address = \"2001:db8::1\"\nuser_club = 9\nterrain = 4\nallow = true\ncode = \"allowed\"\n\
         obligations = { max-duration-minutes = 90 }\n",
    );
    let good = Says(|question: &Question<'_>| {
        let principal = question.principal;
        assert_eq!(
            (principal.id.as_str(), principal.club.as_deref()),
            ("ana", Some("9"))
        );
        let claims = [("age", "12"), ("level", "gold")];
        assert_eq!(
            principal.claims,
            claims.map(|(n, v)| (n.to_owned(), v.to_owned()))
        );
        assert_eq!(question.resource.owner.as_deref(), Some("ana"));
        assert_eq!(question.resource.terrain.as_deref(), Some("4"));
        assert_eq!(question.address, Some("2001:db8::1".parse().unwrap()));
        assert_eq!(question.now.as_second(), 1_780_356_600);
        Ok(Answer {
            allow: true,
            code: "allowed".to_owned(),
            reason: String::new(),
            obligations: vec![("max-duration-minutes".to_owned(), "90.0".to_owned())],
        })
    });
    let report = table.check(&good);
    assert!(report.is_met(), "{report:#?}");
    assert_eq!(report.asked, 4, "two roles, twice the same time");
    let other = Says(|_: &Question<'_>| {
        Ok(Answer {
            allow: true,
            code: "allowed".to_owned(),
            obligations: vec![("max-duration-minutes".to_owned(), "60".to_owned())],
            ..Answer::default()
        })
    });
    assert_eq!(
        table.check(&other).unmet[0].to_string(),
        "t.toml:2:1: gold members: PLAYER, recording.start, own session in own club, at \
         2026-06-01T23:30:00Z: expected yes (allowed) {max-duration-minutes = 90}, got yes \
         {max-duration-minutes = 60} (allowed)"
    );
}

#[test]
fn no_conditions_is_an_expectation_too() {
    let table = |obligations: &str| {
        read(&format!(
            "[[expect]]\nrole = \"A\"\naction = \"session.create\"\nallow = true\n{obligations}"
        ))
    };
    let limited = Says(|_: &Question<'_>| {
        Ok(Answer {
            allow: true,
            obligations: vec![("max-concurrent".to_owned(), "1".to_owned())],
            ..Answer::default()
        })
    });
    assert!(table("").check(&limited).is_met());
    assert!(!table("obligations = {}").check(&limited).is_met());
    assert!(
        table("obligations = { max-concurrent = \"1\" }")
            .check(&limited)
            .is_met()
    );
}

#[test]
fn a_condition_that_the_host_does_not_know_is_a_denial() {
    let table = read("[[expect]]\nrole = \"A\"\naction = \"session.create\"\nallow = true\n");
    let odd = Says(|_: &Question<'_>| {
        Ok(Answer {
            allow: true,
            obligations: vec![("sing".to_owned(), "loud".to_owned())],
            ..Answer::default()
        })
    });
    let report = table.check(&odd);
    assert!(
        report.unmet[0]
            .to_string()
            .ends_with("got no (unknown_obligation)"),
        "{report:#?}"
    );
}

#[test]
fn a_policy_that_does_not_answer_meets_nothing() {
    let table = read(EXAMPLE);
    let broken = Says(|_: &Question<'_>| Err("trapped".to_owned()));
    let report = table.check(&broken);
    assert!(!report.is_met() && report.given_up);
    assert!(report.unmet.len() < 20, "the rest is not asked");
    assert!(
        report.summary().contains("does not answer"),
        "{}",
        report.summary()
    );
    let first = report.unmet[0].to_string();
    assert!(first.ends_with("got no answer: it trapped"), "{first}");
    // Also where a denial is expected: a denial that nobody gave is none.
    let no = read("[[expect]]\nrole = \"A\"\naction = \"session.view\"\nallow = false\n");
    assert!(!no.check(&broken).is_met());
    // Once is nothing: the clock may run out on a busy machine.
    let times = std::sync::atomic::AtomicU32::new(0);
    let hurried = Says(|question: &Question<'_>| {
        match times.fetch_add(1, std::sync::atomic::Ordering::Relaxed) % 3 {
            1 => Table.decide(question),
            _ => Err("took too long on the clock".to_owned()),
        }
    });
    assert!(table.check(&hurried).is_met());
}

#[test]
fn what_is_wrong_is_told_with_its_place_and_a_hint() {
    let head = "roles = [\"A\", \"B\"]\n[matrix]\n";
    let expect = "[[expect]]\nrole = \"A\"\naction = \"session.view\"\nallow = true\n";
    let rows: [(String, &str, &str); 27] = [
        (
            String::new(),
            "t.toml:1:1: nothing is expected",
            "examples/",
        ),
        ("x = = 1".to_owned(), "t.toml:1:", ""),
        (
            "rolls = 1".to_owned(),
            "t.toml:1:1: unknown key `rolls`",
            "`roles`",
        ),
        ("[matrix]\n".to_owned(), "needs `roles`", "SUPER_ADMIN"),
        ("roles = [\"A\"]".to_owned(), "there is no `[matrix]`", ""),
        (head.to_owned(), "nothing is expected", ""),
        (
            format!("{head}sesion.view = \"no\""),
            "t.toml:3:8: there is no action `sesion.view`",
            "`session.view`",
        ),
        (
            format!("{head}session.view = [\"yes\"]"),
            "t.toml:3:16: `session.view` has 1 cells, and there are 2 roles",
            "\"-\"",
        ),
        (
            format!("{head}session.view = \"own clubb\""),
            "t.toml:3:16: `own clubb` means nothing",
            "`own club`",
        ),
        (format!("{head}session.view = 1"), "must be a list", ""),
        (
            format!("{head}session.view = [1, \"no\"]"),
            "must be a text",
            "",
        ),
        (
            format!("{head}session.view = \"no\"\n\"session.view\" = \"no\""),
            "t.toml:4:1: `session.view` has two rows",
            "",
        ),
        (
            format!("{head}session.view = \"no\"\n\"session.close session.view\" = \"no\""),
            "`session.view` has two rows",
            "",
        ),
        (
            "roles = [\"A\", \"A\"]\n[matrix]\nsession.view = \"no\"".to_owned(),
            "has two columns",
            "",
        ),
        (
            "roles = []\n[matrix]\nsession.view = \"no\"".to_owned(),
            "`roles` is empty",
            "",
        ),
        (
            format!("{expect}alow = true"),
            "t.toml:5:1: unknown key `alow` in `expect`",
            "`allow`",
        ),
        (
            "[[expect]]\nrole = \"A\"".to_owned(),
            "needs `action`",
            "session.create",
        ),
        (
            "[[expect]]\nrole = \"A\"\naction = \"session.view\"".to_owned(),
            "needs `allow`",
            "false",
        ),
        (
            "[expect]\nrole = \"A\"".to_owned(),
            "must be an array of tables",
            "[[expect]]",
        ),
        (
            format!("{expect}club = \"mine\""),
            "there is no club `mine`",
            "`own`",
        ),
        (
            format!("{expect}owner = \"none\""),
            "never asked about such",
            "owner = \"own\"",
        ),
        (
            format!("{expect}at = \"now\""),
            "`at` must be a time",
            "without quotes",
        ),
        (
            format!("{expect}at = 2026-06-01"),
            "2026-06-01 is not a point in time",
            "zone",
        ),
        (
            format!("{expect}address = \"here\""),
            "must be an IP address",
            "192.0.2.1",
        ),
        (
            format!("{expect}code = \"Not this\""),
            "`code` is of a-z",
            "not_your_club",
        ),
        (
            format!("{expect}obligations = {{ max-concurent = 1 }}"),
            "there is no obligation `max-concurent`",
            "`max-concurrent`",
        ),
        (
            format!("{expect}obligations = {{ max-concurrent = -1 }}"),
            "max-concurrent cannot be read",
            "",
        ),
    ];
    for (text, message, hint) in rows {
        let told = wrong(&text).join("\n");
        assert!(
            told.contains(message) && told.contains(hint),
            "{text}\n-> {told}"
        );
    }
    let denied = expect.replace("true", "false") + "obligations = {}";
    assert!(wrong(&denied)[0].contains("go with `allow = true`"));
    // All of them at once, in the order of the file.
    let all = wrong("a = 1\nb = 2\n[[expect]]\nc = 3");
    assert_eq!(all.len(), 6, "{all:#?}");
    assert!(all[0].starts_with("t.toml:1:1") && all[1].starts_with("t.toml:2:1"));
}

#[test]
fn a_table_without_end_is_refused() {
    let roles: Vec<String> = (0..200).map(|n| format!("\"R{n}\"")).collect();
    let text = format!(
        "roles = [{}]\nanything_else = \"no\"\n[matrix]\nsession.view = \"no\"",
        roles.join(", ")
    );
    let told = wrong(&text).join("\n");
    assert!(told.contains("at most 20000 are asked"), "{told}");
}

#[test]
fn a_byte_order_mark_and_other_ends_of_lines_are_no_matter() {
    let windows = format!("\u{feff}{}", EXAMPLE.replace('\n', "\r\n"));
    let mut other = read(&windows);
    let table = read(EXAMPLE);
    other
        .rows
        .iter_mut()
        .zip(&table.rows)
        .for_each(|(a, b)| a.place = b.place);
    assert_eq!(other, table);
}

#[test]
fn as_json() {
    let table = read(
        "[[expect]]\nrole = \"A\"\naction = \"session.create\"\nclub = \"own\"\nallow = true\nobligations = {}",
    );
    let denies = Says(|_: &Question<'_>| {
        Ok(Answer {
            code: "closed".to_owned(),
            ..Answer::default()
        })
    });
    let json = table.check(&denies).json();
    assert_eq!(json["ok"], false);
    let unmet = &json["unmet"][0];
    assert_eq!(unmet["line"], 1);
    assert_eq!(unmet["expected"]["obligations"], serde_json::json!({}));
    assert_eq!(unmet["found"]["code"], "closed");
    assert_eq!(
        (&unmet["club"], &unmet["owner"]),
        (&"own".into(), &"none".into())
    );
}

#[test]
fn limits_are_compared_as_the_host_understands_them() {
    let decision = Decision::of(Answer {
        allow: true,
        obligations: vec![("max-duration-minutes".to_owned(), " 1.50 ".to_owned())],
        ..Answer::default()
    });
    assert_eq!(decision.limits.max_duration, Some(Duration::from_secs(90)));
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(cut in 0..EXAMPLE.len(), noise in "[a-z\\[\\]\"=,.{} \n0-9-]{0,40}") {
        let mut end = cut;
        while !EXAMPLE.is_char_boundary(end) {
            end -= 1;
        }
        let _ = Expectations::parse(&format!("{}{noise}", &EXAMPLE[..end]), "t.toml");
        let _ = Expectations::parse(&noise, "t.toml");
        let expect = format!("[[expect]]\nrole = \"A\"\naction = \"session.view\"\n{noise}");
        let _ = Expectations::parse(&expect, "t.toml");
    }
}
