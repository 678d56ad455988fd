//! A host for tests: questions and answers, no wasm.

mod cells;
mod table;

pub use cells::{ASKER, Cell, Standing, cells};
pub use table::{Expectation, Grant, differences, expected, markdown};

use crate::names::kind;
use crate::{Context, Decision, Finding, Instance, Policy, Principal, Request, Resource, Settings};

/// A question by a user of this role, who has the id `17` and the club `7`, on something
/// of the kind that the host asks the action about, which belongs to nobody yet.
pub fn question(role: &str, action: &str) -> Request {
    let kind = kind::of(action);
    let id = match kind {
        kind::HOST => "",
        kind::SESSION | kind::FILE => "sess_3_1767225600000",
        kind::PLUGIN => "rtsp",
        _ => "3",
    };
    Request {
        principal: Principal {
            id: ASKER.to_owned(),
            role: role.to_owned(),
            club: Some("7".to_owned()),
            claims: Vec::new(),
        },
        action: action.to_owned(),
        resource: Resource {
            kind: kind.to_owned(),
            id: id.to_owned(),
            club: None,
            owner: None,
            terrain: None,
        },
        context: Context {
            unix_seconds: 1_767_225_600,
            client_address: Some("192.0.2.1".to_owned()),
        },
    }
}

/// Plays the host for one instance of a policy.
#[derive(Debug)]
pub struct Harness<P>(Instance<P>);

impl<P: Policy> Harness<P> {
    /// An instance with good settings; settings that are not good fail the test.
    #[track_caller]
    pub fn new(settings: &Settings) -> Self {
        let findings = P::validate(settings);
        assert!(findings.is_empty(), "{}", lines(&findings).join("\n"));
        let mut instance = Instance::new();
        let configured = instance.configure(settings);
        assert_eq!(configured, Ok(()), "validated, but not configured");
        Self(instance)
    }

    /// Everything that is wrong with settings that are not good, a line each.
    #[track_caller]
    pub fn wrong(settings: &Settings) -> Vec<String> {
        let findings = P::validate(settings);
        assert!(!findings.is_empty(), "these settings are good");
        lines(&findings)
    }

    /// Asks. An answer that the host could not take fails the test, and so does a second
    /// answer that differs from the first.
    #[track_caller]
    pub fn ask(&self, request: &Request) -> Decision {
        let decision = self.0.decide(request);
        let code = &decision.code;
        let stable = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_');
        assert!(
            (1..=64).contains(&code.len()) && code.bytes().all(stable),
            "the code {code:?}"
        );
        let reason = &decision.reason;
        assert!(
            reason.chars().count() <= 200 && !reason.contains(char::is_control),
            "the reason {reason:?}"
        );
        assert!(decision.obligations.len() <= 8, "too many obligations");
        assert_eq!(self.0.decide(request), decision, "not a pure function");
        decision
    }

    /// Whether it is allowed.
    #[track_caller]
    pub fn allows(&self, request: &Request) -> bool {
        self.ask(request).allow
    }
}

fn lines(findings: &[Finding]) -> Vec<String> {
    findings.iter().map(Finding::to_string).collect()
}
