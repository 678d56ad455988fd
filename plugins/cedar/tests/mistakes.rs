//! Mistakes in rules, with their places.

use cedar::Cedar;
use padelvar_policy_sdk::testing::Harness;
use padelvar_policy_sdk::{Policy, Settings};

const PERMIT: &str = "permit (principal, action, resource);\n";

fn wrong(text: &str) -> Vec<String> {
    Harness::<Cedar>::wrong(&Settings::file(text))
}

/// The one mistake of a text begins with this place and says these words.
#[track_caller]
fn only(text: &str, place: &str, words: &[&str]) {
    let findings = wrong(text);
    assert_eq!(findings.len(), 1, "{findings:#?}");
    assert!(
        findings[0].starts_with(&format!("{place}: ")),
        "{findings:#?}"
    );
    for word in words {
        assert!(
            findings[0].contains(word),
            "{word:?} is not in {findings:#?}"
        );
    }
    assert!(!findings[0].contains(char::is_control), "{findings:?}");
    assert!(!findings[0].contains("policy0"), "{findings:?}");
}

#[test]
fn mistakes_of_form() {
    only(
        "permit (principal, action resource);",
        "line 1, column 27",
        &["resource"],
    );
    only(
        "// é\npermit (principal, action, resource)",
        "line 2, column 37",
        &["end of input"],
    );
    only(
        "permit (principal, action, resource);\r\nallow",
        "line 2, column 6",
        &[],
    );
    only(
        "permit (principal == User::\"x, action, resource);",
        "line 1, column 28",
        &["strings"],
    );
}

#[test]
fn mistakes_of_names() {
    only(
        "permit (principal in Role::\"PLAYER\", action == Action::\"sesion.view\", resource);",
        "line 1, column 48",
        &["sesion.view", "did you mean", "session.view"],
    );
    only(
        "permit (principal in Rolle::\"PLAYER\", action, resource);",
        "line 1, column 22",
        &["Rolle", "did you mean `Role`?"],
    );
    only(
        "permit (principal, action, resource)\n  when { principal.clubb == \"7\" };",
        "line 2, column 10",
        &["clubb", "club"],
    );
    only(
        "permit (principal, action, resource)\n  when { principal.club == \"7\" };",
        "line 2, column 10",
        &["club", "has"],
    );
    only(
        "permit (principal, action, resource) when { context.unix_seconds == \"7\" };",
        "line 1, column 45",
        &[],
    );
    only(
        "permit (principal, action, resource) when { isLucky(principal) };",
        "line 1, column 45",
        &["isLucky"],
    );
}

#[test]
fn rules_that_never_apply() {
    let rows = [
        "permit (principal, action == Action::\"file.list\", resource is Session);",
        "permit (principal, action, resource) when { principal.id == \"1\" && false };",
    ];
    for text in rows {
        only(text, "line 1, column 1", &["policy is impossible"]);
    }
}

#[test]
fn mistakes_before_rules() {
    // In the right place behind other rules and comments that look like rules.
    let behind = format!("{PERMIT}// {PERMIT}\n  ");
    let rows = [
        ("@code(\"Not Stable\") forbid", "`@code`"),
        ("@code(\"\") forbid", "`@code`"),
        ("@code forbid", "`@code`"),
        ("@code(\"x\") permit", "before a `forbid` only"),
        ("@reason(\"a\\nb\") forbid", "`@reason`"),
        ("@max_concurrent(\"1\") forbid", "before a `permit` only"),
        ("@max_concurrent(\"0\") permit", "1 or more"),
        ("@max_concurrent(\"1.5\") permit", "1 or more"),
        (
            "@max_duration_minutes(\"long\") permit",
            "number of minutes",
        ),
        ("@max_duration_minutes(\"-1\") permit", "number of minutes"),
        (
            "@max_duration_minuts(\"9\") permit",
            "did you mean `max_duration_minutes`?",
        ),
    ];
    for (head, words) in rows {
        let text = format!("{behind}{head} (principal, action, resource);");
        only(&text, "line 4, column 3", &[words]);
    }
    let free = format!("@id(\"a\") @description(\"b\") {PERMIT}");
    Harness::<Cedar>::new(&Settings::file(free));
}

#[test]
fn rules_that_make_no_sense_here() {
    only(
        "\n permit (principal == ?principal, action, resource);",
        "line 2, column 2",
        &["template"],
    );
    assert!(wrong("")[0].contains("no `permit`"));
    assert!(wrong("// nothing\n")[0].contains("no `permit`"));
    assert!(wrong("forbid (principal, action, resource);")[0].contains("no `permit`"));
}

#[test]
fn rules_that_are_too_deep() {
    let nested = format!("{}true{}", "(".repeat(40), ")".repeat(40));
    let text = format!("permit (principal, action, resource) when {{ {nested} }};");
    only(&text, "line 1, column 76", &["32 deep"]);
    let alternatives = vec!["principal.id == \"1\""; 200].join(" || ");
    let text = format!("permit (principal, action, resource) when {{ {alternatives} }};");
    only(&text, "line 1, column 3492", &["contains"]);
    let ids = vec!["\"1\""; 2000].join(", ");
    let text =
        format!("permit (principal, action, resource) when {{ [{ids}].contains(principal.id) }};");
    Harness::<Cedar>::new(&Settings::file(text));
}

#[test]
fn settings_of_the_wrong_form() {
    let json = |text: &str| Harness::<Cedar>::wrong(&Settings::json(text));
    assert!(json(r#"{"policy": ""}"#)[0].contains("did you mean `policies`?"));
    assert!(json(r#"{"policies": ["x"]}"#)[0].contains("has to be a text"));
    let place = json(r#"{"policies": "permit (\n oh"}"#);
    assert!(place[0].starts_with("line 2, column"), "{place:?}");
    assert!(place[0].contains("in `policies`: "), "{place:?}");
    let odd = Settings {
        format: "yaml".into(),
        text: String::new(),
    };
    assert_eq!(Cedar::validate(&odd).len(), 1);
}

#[test]
fn hostile_texts_are_refused_and_in_few_words() {
    let many = "permit (principal, action, resource) when { principal.x == 1 };\n".repeat(40);
    let rows = [
        "x".repeat(70_000),
        "(".repeat(1_000),
        "\"".repeat(10_000),
        "permit (principal, action, resource) when { \u{202e} };".to_owned(),
        "\0".repeat(100),
        "@".repeat(1_000),
        "permit".repeat(1_000),
        many,
    ];
    for text in rows {
        let findings = wrong(&text);
        assert!(findings.len() <= 21, "{}", findings.len());
        for finding in findings {
            assert!(finding.chars().count() < 600, "{finding}");
        }
    }
}
