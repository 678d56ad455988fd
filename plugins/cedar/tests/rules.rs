//! What rules can do.

use cedar::Cedar;
use padelvar_policy_sdk::testing::{Harness, question};
use padelvar_policy_sdk::{Decision, Request, Settings};

fn policy(text: &str) -> Harness<Cedar> {
    Harness::new(&Settings::file(text))
}

fn obligations(decision: &Decision) -> Vec<String> {
    let all = decision.obligations.iter();
    all.map(|one| format!("{}={}", one.name, one.value))
        .collect()
}

#[test]
fn denials_have_their_code_and_reason() {
    let policy = policy(
        r#"
        permit (principal in Role::"PLAYER", action, resource);
        forbid (principal, action == Action::"session.close", resource);
        @code("second") @reason("Pas ce soir.")
        forbid (principal, action == Action::"session.view", resource);
        @code("third")
        forbid (principal, action == Action::"session.view", resource);
        "#,
    );
    let ask = |role, action| {
        let decision = policy.ask(&question(role, action));
        (decision.allow, decision.code, decision.reason)
    };
    let (yes, code, _) = ask("PLAYER", "recording.start");
    assert_eq!((yes, code.as_str()), (true, "allowed"));
    let no = |code: &str, reason: &str| (false, code.to_owned(), reason.to_owned());
    assert_eq!(ask("PLAYER", "session.view"), no("second", "Pas ce soir."));
    assert_eq!(
        ask("PLAYER", "session.close"),
        no("forbidden", "a rule forbids this")
    );
    assert_eq!(
        ask("REFEREE", "file.list"),
        no("not_permitted", "no rule permits this")
    );
    assert_eq!(ask("PLAYER", "session.fly").1, "unknown_action");
    let mut request = question("PLAYER", "session.view");
    "cake".clone_into(&mut request.resource.kind);
    assert_eq!(policy.ask(&request).code, "unknown_resource");
}

#[test]
fn the_most_generous_permit_counts() {
    let policy = policy(
        r#"
        @max_duration_minutes("60") @max_concurrent("1")
        permit (principal in Role::"PLAYER", action, resource);
        @max_duration_minutes("90.5")
        permit (principal, action, resource)
        when { principal.hasTag("level") && principal.getTag("level") == "gold" };
        @max_concurrent("2")
        permit (principal in Role::"COACH", action, resource);
        "#,
    );
    let mut request = question("PLAYER", "recording.start");
    assert_eq!(
        obligations(&policy.ask(&request)),
        ["max-duration-minutes=60", "max-concurrent=1"]
    );
    request.principal.claims = vec![("level".into(), "gold".into())];
    assert_eq!(
        obligations(&policy.ask(&request)),
        ["max-duration-minutes=90.5"]
    );
    "COACH".clone_into(&mut request.principal.role);
    // One of the two sets no duration, the other no number.
    assert!(obligations(&policy.ask(&request)).is_empty());
    request.principal.claims.clear();
    "session.create".clone_into(&mut request.action);
    assert_eq!(obligations(&policy.ask(&request)), ["max-concurrent=2"]);
    "session.view".clone_into(&mut request.action);
    assert!(obligations(&policy.ask(&request)).is_empty());
}

/// A sum that overflows cannot be evaluated.
const OVERFLOW: &str = "context.unix_seconds + 9223372036854775807 > 0";

#[test]
fn a_forbid_that_cannot_be_evaluated_denies() {
    let permit = "permit (principal, action, resource);";
    let broken = policy(&format!(
        "{permit}\n@code(\"x\") forbid (principal, action, resource) when {{ {OVERFLOW} }};"
    ));
    let mut request = question("PLAYER", "session.view");
    let decision = broken.ask(&request);
    assert_eq!(decision.code, "policy_error");
    assert_eq!(decision.reason, "the rule on line 2 could not be evaluated");
    request.context.unix_seconds = 0;
    assert_eq!(broken.ask(&request).code, "x");
    request.context.unix_seconds = -1;
    assert_eq!(broken.ask(&request).code, "x");
    request.context.unix_seconds = i64::MIN;
    assert!(broken.allows(&request));
    // What forbids anyway says why.
    let both = policy(&format!(
        "{permit} forbid (principal, action, resource) when {{ {OVERFLOW} }};
         @code(\"y\") forbid (principal, action, resource);"
    ));
    request.context.unix_seconds = 1;
    assert_eq!(both.ask(&request).code, "y");
}

#[test]
fn a_permit_that_cannot_be_evaluated_permits_nothing() {
    let broken = format!("permit (principal, action, resource) when {{ {OVERFLOW} }};");
    let request = question("PLAYER", "session.view");
    assert_eq!(policy(&broken).ask(&request).code, "not_permitted");
    let other = format!("{broken} permit (principal in Role::\"PLAYER\", action, resource);");
    assert!(policy(&other).allows(&request));
}

#[test]
fn a_time_that_cannot_be_written_does_not_open_what_is_closed() {
    let policy = policy(
        "permit (principal, action, resource);
         forbid (principal, action, resource) when { context.now.toTime() < duration(\"7h\") };",
    );
    let mut request = question("PLAYER", "session.view");
    for (seconds, code) in [
        (0, "forbidden"),
        (8 * 3600, "allowed"),
        (i64::MAX, "policy_error"),
    ] {
        request.context.unix_seconds = seconds;
        assert_eq!(policy.ask(&request).code, code);
    }
}

fn owner_and_club(text: &str) -> Request {
    let mut request = question("PLAYER", "session.view");
    text.clone_into(&mut request.principal.id);
    request.principal.club = Some(text.to_owned());
    text.clone_into(&mut request.resource.id);
    request.resource.owner = Some(text.to_owned());
    request.resource.club = Some(text.to_owned());
    request.resource.terrain = Some(text.to_owned());
    request.principal.claims = vec![(text.to_owned(), text.to_owned())];
    request.context.client_address = Some(text.to_owned());
    request
}

#[test]
fn odd_ids_are_ids() {
    let policy = Harness::<Cedar>::new(&Settings::json("{}"));
    let long = "é".repeat(2048);
    for text in [
        "\"",
        "\\",
        "\0",
        "a\nb",
        "\u{202e}x",
        "User::\"1\"",
        "é",
        "17\" || true",
        &long,
    ] {
        let mut request = owner_and_club(text);
        assert!(policy.allows(&request), "{text:?}");
        request.resource.owner = Some(format!("{text} "));
        assert!(!policy.allows(&request), "{text:?}");
        request = owner_and_club(text);
        request.resource.club = Some(format!("{text} "));
        assert!(!policy.allows(&request), "{text:?}");
        // In the role's place they are no role of the table.
        text.clone_into(&mut request.principal.role);
        assert!(!policy.allows(&request), "{text:?}");
    }
    // What has no name is nobody's.
    assert!(!policy.allows(&owner_and_club("")));
}
