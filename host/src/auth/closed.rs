//! A policy for tests of what asks: only `SUPER_ADMIN` may do anything.

use super::policy::{Answer, Policy, Question};

/// Closed but for `SUPER_ADMIN`.
pub struct SuperAdminOnly;

impl Policy for SuperAdminOnly {
    fn decide(&self, question: &Question<'_>) -> Result<Answer, String> {
        let allow = question.principal.role == "SUPER_ADMIN";
        let code = if allow { "allowed" } else { "role_not_allowed" };
        let reason = format!("the role may not do {}", question.action.name());
        Ok(Answer {
            allow,
            code: code.to_owned(),
            reason: if allow { String::new() } else { reason },
            obligations: Vec::new(),
        })
    }
}
