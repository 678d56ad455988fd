//! The outcome of a suite: a line a case.

use serde::Serialize;

/// How a case ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// As it should.
    Ok,
    /// Not as it should.
    Failed,
    /// It does not apply here.
    Skipped,
}

/// One case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Case {
    /// What was tried, for people.
    pub name: String,
    /// How it ended.
    pub verdict: Verdict,
    /// Why, or what was seen; may be empty.
    pub reason: String,
}

impl Case {
    /// A case that ended well, with what was seen, or not, with the reason.
    pub fn of(name: impl Into<String>, outcome: Result<String, String>) -> Self {
        let (verdict, reason) = match outcome {
            Ok(seen) => (Verdict::Ok, seen),
            Err(reason) => (Verdict::Failed, reason),
        };
        Self {
            name: name.into(),
            verdict,
            reason,
        }
    }

    /// A case that does not apply.
    pub fn skipped(name: impl Into<String>, reason: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            verdict: Verdict::Skipped,
            reason: reason.into(),
        }
    }

    /// `ok`, `FAILED` or `skipped`, the name, the reason.
    pub fn line(&self) -> String {
        let verdict = match self.verdict {
            Verdict::Ok => "ok",
            Verdict::Failed => "FAILED",
            Verdict::Skipped => "skipped",
        };
        if self.reason.is_empty() {
            return format!("{verdict} {}", self.name);
        }
        format!("{verdict} {}: {}", self.name, self.reason)
    }
}

/// Whether a suite is passed: nothing failed, and something was tried.
pub fn passed(cases: &[Case]) -> bool {
    let has = |verdict| cases.iter().any(|case| case.verdict == verdict);
    has(Verdict::Ok) && !has(Verdict::Failed)
}
