//! Answers, good and bad.

use crate::bindings::exports::padelvar::policy::policy::{Decision, Request};
use crate::bindings::padelvar::policy::types::Obligation;

fn allowed() -> Decision {
    Decision {
        allow: true,
        code: "allowed".into(),
        reason: "fine".into(),
        obligations: vec![],
    }
}

/// Allows, and repeats the question: what the host gave is what is seen here. The last word
/// is how many questions this instance was asked.
pub fn good(request: &Request, asked: u64) -> Decision {
    let (who, what) = (&request.principal, &request.resource);
    let wall = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0, |since| since.as_secs());
    Decision {
        reason: format!(
            "{}/{}/{}/{} {}:{} {} {wall} {asked}",
            who.id,
            who.role,
            who.club.as_deref().unwrap_or("-"),
            who.claims.len(),
            what.kind,
            what.id,
            request.context.client_address.as_deref().unwrap_or("-"),
        ),
        ..allowed()
    }
}

/// The answer that was ordered, if one was.
pub fn bad(order: &str) -> Option<Decision> {
    let obligations = |count: usize, name: &str, value: &str| {
        let (name, value) = (name.to_owned(), value.to_owned());
        vec![Obligation { name, value }; count]
    };
    Some(match order {
        "deny" => Decision {
            allow: false,
            code: "not_today".into(),
            ..allowed()
        },
        // Another answer to the same question.
        "fickle" => Decision {
            allow: crate::ASKED.get().is_multiple_of(2),
            code: "as_it_likes".into(),
            ..allowed()
        },
        "oblige" => Decision {
            obligations: obligations(8, "max-concurrent", "2"),
            ..allowed()
        },
        "reason-lines" => Decision {
            reason: format!("first\r\n\u{1b}[31msecond {}", "long ".repeat(200)),
            ..allowed()
        },
        "code-empty" => Decision {
            code: String::new(),
            ..allowed()
        },
        "code-spaces" => Decision {
            code: "not ok".into(),
            ..allowed()
        },
        "code-lines" => Decision {
            code: "ok\n".into(),
            ..allowed()
        },
        "code-upper" => Decision {
            code: "OK".into(),
            ..allowed()
        },
        "code-long" => Decision {
            code: "x".repeat(65),
            ..allowed()
        },
        "reason-huge" => Decision {
            reason: "x".repeat(1 << 20),
            ..allowed()
        },
        "many-obligations" => Decision {
            obligations: obligations(10_000, "max-concurrent", "2"),
            ..allowed()
        },
        "nine-obligations" => Decision {
            obligations: obligations(9, "max-concurrent", "2"),
            ..allowed()
        },
        "long-obligation" => Decision {
            obligations: obligations(1, "max-concurrent", &"9".repeat(1000)),
            ..allowed()
        },
        _ => return None,
    })
}
