//! A policy that misbehaves on order, to prove that the host stands it.
//!
//! The question's action or its role names the misdeed, as `do.loop`; all else is allowed, with
//! a reason that repeats the question. So one instance can be asked well and badly in turn.
//! The settings (format `text`) name what happens in `validate-settings` and `configure`.
#![expect(
    unsafe_code,
    reason = "the generated glue needs it; nothing here is written by hand"
)]

mod answers;
mod compute;
mod escape;

/// Generated.
#[allow(missing_docs, clippy::pedantic)]
mod bindings {
    wit_bindgen::generate!({
        path: "../../../wit/policy/since_v0.1.0",
        world: "access-policy",
    });
}

use std::cell::Cell;
use std::hint::black_box;

use bindings::exports::padelvar::policy::policy::{
    Decision, Description, Finding, Guest, Request, Settings,
};

/// How the self-check goes. A test writes over these bytes in the component's file.
static SELF_CHECK: [u8; 24] = *b"self-check: good        ";

thread_local! {
    /// Questions that this instance was asked.
    static ASKED: Cell<u64> = const { Cell::new(0) };
}

struct Component;

impl Guest for Component {
    fn describe() -> Description {
        let order = String::from_utf8_lossy(black_box(&SELF_CHECK)).into_owned();
        let mut title = String::from("A hostile policy for tests");
        match order.trim_start_matches("self-check:").trim() {
            "good" => {}
            "escapes" => title = "\u{1b}[2Jnice\r\nforged log line".into(),
            other => compute::commit(other),
        }
        Description {
            title,
            version: env!("CARGO_PKG_VERSION").into(),
        }
    }

    fn validate_settings(settings: Settings) -> Vec<Finding> {
        let finding = |message: String| Finding {
            message,
            line: Some(3),
            column: Some(7),
        };
        match settings.text.as_str() {
            "bad" => vec![finding("line 3 is\r\nwrong".into())],
            "bad-flood" => (0..5_000)
                .map(|n| finding(format!("{n} {}", "x".repeat(100))))
                .collect(),
            other => {
                if let Some(misdeed) = other.strip_prefix("validate-") {
                    compute::commit(misdeed);
                }
                vec![]
            }
        }
    }

    fn configure(settings: Settings) -> Result<(), String> {
        match settings.text.as_str() {
            "refuse" => return Err("I will\nnot".into()),
            "slow" => compute::work(2_000_000),
            other => {
                if let Some(misdeed) = other.strip_prefix("configure-") {
                    compute::commit(misdeed);
                }
            }
        }
        Ok(())
    }

    fn decide(request: Request) -> Decision {
        let asked = ASKED.get() + 1;
        ASKED.set(asked);
        let role = request.principal.role.strip_prefix("do.");
        let Some(misdeed) = request.action.strip_prefix("do.").or(role) else {
            return answers::good(&request, asked);
        };
        if let Some(answer) = answers::bad(misdeed) {
            return answer;
        }
        escape::commit(misdeed);
        compute::commit(misdeed);
        answers::good(&request, asked)
    }
}

bindings::export!(Component with_types_in bindings);
