//! Answers.

use crate::{Decision, Limits, Obligation};

impl Decision {
    /// Yes, with the code `allowed`.
    #[must_use]
    pub fn allow() -> Self {
        Self {
            allow: true,
            code: "allowed".to_owned(),
            reason: String::new(),
            obligations: Vec::new(),
        }
    }

    /// No. `code` is for programs and stays the same for ever: `a-z`, `0-9` and `_`, 1
    /// to 64 characters. `reason` is one line for the caller, at most 200 characters.
    #[must_use]
    pub fn deny(code: &str, reason: impl Into<String>) -> Self {
        Self {
            allow: false,
            code: code.to_owned(),
            reason: reason.into(),
            obligations: Vec::new(),
        }
    }

    /// The same answer under a further condition. One that the host does not know makes
    /// it a denial, see [`crate::names::obligation`].
    #[must_use]
    pub fn with_obligation(mut self, name: &str, value: impl Into<String>) -> Self {
        self.obligations.push(Obligation {
            name: name.to_owned(),
            value: value.into(),
        });
        self
    }

    /// The same answer under those limits that mean something on this action.
    #[must_use]
    pub fn with_limits(mut self, limits: &Limits, action: &str) -> Self {
        self.obligations.extend(limits.obligations(action));
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers() {
        let yes = Decision::allow().with_obligation("max-concurrent", "2");
        assert!(yes.allow);
        assert_eq!(yes.obligations[0].value, "2");
        let no = Decision::deny("not_your_club", "of another club");
        assert_eq!((no.allow, no.code.as_str()), (false, "not_your_club"));
        assert!(no.obligations.is_empty());
    }
}
