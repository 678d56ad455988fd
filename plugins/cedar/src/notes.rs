//! What stands before a rule: `@code("…")` and the like.

use cedar_policy::{Effect, Policy};
use padelvar_policy_sdk::{Finding, Limits, concurrent, hint, minutes, shown};

use crate::source::Source;

const CODE: &str = "code";
const REASON: &str = "reason";
const DURATION: &str = "max_duration_minutes";
const CONCURRENT: &str = "max_concurrent";
/// Those without a meaning here: for people.
const FREE: [&str; 2] = ["id", "description"];

/// A rule beside its text.
#[derive(Clone, Debug, Default)]
pub struct Notes {
    /// Its place among the rules.
    pub order: usize,
    /// The line where it begins, from 1.
    pub line: u32,
    /// Whether it forbids.
    pub forbids: bool,
    /// `@code` of a forbid.
    pub code: Option<String>,
    /// `@reason` of a forbid.
    pub reason: Option<String>,
    /// Limits of a permit.
    pub limits: Limits,
}

impl Notes {
    /// Reads what stands before the rule that begins at `offset`; what is wrong with it
    /// goes to `findings`.
    pub fn read(
        source: &Source,
        policy: &Policy,
        order: usize,
        offset: usize,
        findings: &mut Vec<Finding>,
    ) -> Self {
        let mut notes = Self {
            order,
            line: source.mistake("", Some(offset)).line.unwrap_or_default(),
            forbids: policy.effect() == Effect::Forbid,
            ..Self::default()
        };
        for (key, value) in policy.annotations() {
            if let Err(wrong) = notes.take(key, value) {
                let message = format!("`@{}` {wrong}", shown(key));
                findings.push(source.mistake(message, Some(offset)));
            }
        }
        notes
    }

    fn take(&mut self, key: &str, value: &str) -> Result<(), String> {
        let forbids = self.forbids;
        match key {
            CODE | REASON if !forbids => {
                return Err("has a meaning before a `forbid` only".to_owned());
            }
            DURATION | CONCURRENT if forbids => {
                return Err("has a meaning before a `permit` only".to_owned());
            }
            CODE => self.code = Some(code(value)?),
            REASON => self.reason = Some(reason(value)?),
            DURATION => {
                let number: f64 = value.trim().parse().unwrap_or(f64::NAN);
                self.limits.max_duration_minutes = Some(minutes(number)?);
            }
            CONCURRENT => {
                let number: u64 = value.trim().parse().unwrap_or_default();
                self.limits.max_concurrent = Some(concurrent(number)?);
            }
            free if FREE.contains(&free) => {}
            other => {
                let known = [CODE, REASON, DURATION, CONCURRENT, "id", "description"];
                return Err(format!("is not known; {}", hint(other, &known)));
            }
        }
        Ok(())
    }
}

fn code(value: &str) -> Result<String, &'static str> {
    let stable = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_');
    if (1..=64).contains(&value.len()) && value.bytes().all(stable) {
        Ok(value.to_owned())
    } else {
        Err("has to be 1 to 64 of a-z, 0-9 and _")
    }
}

fn reason(value: &str) -> Result<String, &'static str> {
    let length = value.chars().count();
    if (1..=200).contains(&length) && !value.contains(char::is_control) {
        Ok(value.to_owned())
    } else {
        Err("has to be one line of 1 to 200 characters")
    }
}
