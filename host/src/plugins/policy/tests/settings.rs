//! Settings that are bad, and policies that are bad at settings.

use std::time::{Duration, Instant};

use super::super::ActivePolicy;
use super::super::testing::{plugin, text};

fn refused(settings: &str) -> Vec<super::super::types::Finding> {
    let begun = Instant::now();
    let findings = ActivePolicy::new(plugin(), text(settings)).err().unwrap();
    assert!(!findings.is_empty());
    assert!(begun.elapsed() < Duration::from_secs(20), "{settings}");
    findings
}

#[test]
fn findings_have_a_place_and_are_one_line() {
    let findings = plugin().validate(&text("bad")).unwrap_err();
    assert_eq!(findings[0].message, "line 3 is wrong");
    assert_eq!((findings[0].line, findings[0].column), (Some(3), Some(7)));
    assert_eq!(refused("bad"), findings);
    assert_eq!(plugin().validate(&text("good")), Ok(()));
}

#[test]
fn a_policy_that_fails_at_its_settings_is_not_put_in_force() {
    for (settings, told) in [
        ("bad-flood", "answered more than the host takes"),
        ("validate-panic", "panicked: the misdeed"),
        ("validate-allocate", "64 MiB are allowed"),
        ("refuse", "refused its settings: I will not"),
        ("configure-loop", "took too long"),
        ("configure-exit", "ended its own process"),
    ] {
        let findings = refused(settings);
        let message = &findings[0].message;
        assert!(message.starts_with("the policy `hostile` failed at its settings: it "));
        assert!(message.contains(told), "{settings}: {message}");
        assert!(!message.contains('\n'));
    }
}
