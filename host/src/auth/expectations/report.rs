//! What a table found out about a policy.

use std::fmt;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::limits::Limits;
use super::super::policy::Decision;
use super::super::whose::Whose;

/// What came of asking a policy all that a table expects.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// Questions that were asked.
    pub asked: usize,
    /// What is not as expected, in the order of the file.
    pub unmet: Vec<Unmet>,
    /// Whether the rest was not asked, because the policy fails too often.
    pub given_up: bool,
}

impl Report {
    /// Whether the policy meets the table.
    pub fn is_met(&self) -> bool {
        self.unmet.is_empty() && !self.given_up
    }

    /// How much of it is not met, in one line.
    pub fn summary(&self) -> String {
        let (unmet, asked) = (self.unmet.len(), self.asked);
        let verb = if unmet == 1 { "is" } else { "are" };
        let rest = if self.given_up {
            ", and the rest was not asked: the policy does not answer"
        } else {
            ""
        };
        format!("{unmet} of {asked} expectations {verb} not met{rest}")
    }

    /// As JSON, for programs.
    pub fn json(&self) -> Value {
        let unmet: Vec<Value> = self.unmet.iter().map(Unmet::json).collect();
        json!({
            "ok": self.is_met(),
            "asked": self.asked,
            "given_up": self.given_up,
            "unmet": unmet,
        })
    }
}

/// An expectation that a policy does not meet.
#[derive(Clone, Debug, PartialEq)]
pub struct Unmet {
    /// The table's file.
    pub file: String,
    /// Line of the expectation, from 1.
    pub line: usize,
    /// Column, from 1.
    pub column: usize,
    /// What the expectation is called.
    pub label: String,
    /// Who asked.
    pub role: String,
    /// What for.
    pub action: &'static str,
    /// On what.
    pub whose: Whose,
    /// When, where the table tells it.
    pub at: Option<Timestamp>,
    /// What was expected.
    pub expected: Expected,
    /// What came; or why there was no answer, which continues a sentence that begins with "it".
    pub found: Result<Decision, String>,
}

/// The answer that was expected.
#[derive(Clone, Debug, PartialEq)]
pub struct Expected {
    /// Whether it is to be allowed.
    pub allow: bool,
    /// With this code, where one is expected.
    pub code: Option<String>,
    /// Under these conditions, where some or none are expected.
    pub limits: Option<Limits>,
}

impl Expected {
    /// Whether a decision is as expected.
    pub fn is_met_by(&self, decision: &Decision) -> bool {
        let code = self.code.as_ref();
        let limits = self.limits.as_ref();
        decision.allow == self.allow
            && code.is_none_or(|code| *code == decision.code)
            && limits.is_none_or(|limits| *limits == decision.limits)
    }
}

impl Unmet {
    fn json(&self) -> Value {
        let expected = &self.expected;
        let found = match &self.found {
            Ok(decision) => decision.json(),
            Err(_) => Value::Null,
        };
        json!({
            "file": self.file,
            "line": self.line,
            "column": self.column,
            "label": self.label,
            "role": self.role,
            "action": self.action,
            "kind": self.whose.kind,
            "club": self.whose.club().name(),
            "owner": self.whose.owner.name(),
            "caller_has_club": self.whose.caller_has_club,
            "at": self.at.map(|at| at.to_string()),
            "expected": {
                "allow": expected.allow,
                "code": expected.code,
                "obligations": expected.limits.map(Limits::json),
            },
            "found": found,
            "failure": self.found.as_ref().err().map(|trap| format!("it {trap}")),
            "message": self.to_string(),
        })
    }
}

impl fmt::Display for Unmet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (file, line, column) = (&self.file, self.line, self.column);
        write!(f, "{file}:{line}:{column}: {}: ", self.label)?;
        let role = if self.role.is_empty() {
            "no role"
        } else {
            &self.role
        };
        write!(f, "{role}, {}, {}", self.action, self.whose)?;
        if let Some(at) = self.at {
            write!(f, ", at {at}")?;
        }
        f.write_str(": expected ")?;
        f.write_str(if self.expected.allow { "yes" } else { "no" })?;
        if let Some(code) = &self.expected.code {
            write!(f, " ({code})")?;
        }
        if let Some(limits) = &self.expected.limits {
            write!(f, " {limits}")?;
        }
        match &self.found {
            // The code of a permission only matters where another one was expected.
            Ok(found) if found.allow && self.expected.code.is_some() => {
                write!(f, ", got {found} ({})", found.code)
            }
            Ok(found) => write!(f, ", got {found}"),
            Err(trap) => write!(f, ", got no answer: it {trap}"),
        }
    }
}
