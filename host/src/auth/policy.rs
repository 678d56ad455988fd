//! The decision. There are no policy plugins yet, so the answer is closed and not open: only
//! `SUPER_ADMIN` may do anything.

use super::action::{Action, Resource};
use super::principal::Principal;

/// What the policy says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Whether it may be done.
    pub allow: bool,
    /// Stable, for programs.
    pub code: &'static str,
    /// For people.
    pub reason: String,
}

/// Decides. Pure.
pub fn decide(principal: &Principal, action: Action, _resource: &Resource) -> Decision {
    if principal.role == "SUPER_ADMIN" {
        return Decision {
            allow: true,
            code: "allowed",
            reason: String::new(),
        };
    }
    let reason = format!("the role may not do {}", action.name());
    Decision {
        allow: false,
        code: "role_not_allowed",
        reason,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closed_but_for_super_admins() {
        let resource = Resource::default();
        for role in [
            "",
            "PLAYER",
            "CLUB_ADMIN",
            "super_admin",
            "SUPER_ADMIN ",
            "root",
        ] {
            let principal = Principal {
                id: "1".into(),
                role: role.into(),
                club: None,
            };
            assert!(
                !decide(&principal, Action::SessionView, &resource).allow,
                "{role}"
            );
        }
        let admin = Principal {
            id: "1".into(),
            role: "SUPER_ADMIN".into(),
            club: None,
        };
        assert!(decide(&admin, Action::SessionView, &resource).allow);
    }
}
