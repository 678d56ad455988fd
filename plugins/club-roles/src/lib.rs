//! The default policy: three roles, and what each may do in its club.
//!
//! `SUPER_ADMIN` runs the host and may do everything, `CLUB_ADMIN` what concerns their
//! club, `PLAYER` what concerns their own sessions in their club. The names count in
//! exactly these letters. What no rule allows is denied.
//!
//! Settings, all of them optional:
//!
//! ```toml
//! [policy]
//! plugin = "club-roles"
//! [policy.settings]
//! # The longest recording a role may plan, minutes; a longer one is shortened.
//! max_duration_minutes = { PLAYER = 120 }
//! # How many sessions, and running recordings, a user of the role has at a time.
//! max_concurrent = { PLAYER = 1 }
//! ```
//!
//! Codes of denials: `unknown_action`, `unknown_role`, `role_not_allowed` (nothing the
//! user owns would change that), `not_your_club`, `not_your_session`.
#![forbid(unsafe_code)]

mod limits;
mod table;

use padelvar_policy_sdk::{Decision, Finding, Policy, Request, Settings, hint, names, shown};

use limits::RoleLimits;
use table::{Grant, Role};

/// The policy with its limits.
#[derive(Debug, Default)]
pub struct ClubRoles {
    limits: RoleLimits,
}

impl Policy for ClubRoles {
    fn configure(settings: &Settings) -> Result<Self, Vec<Finding>> {
        let limits = RoleLimits::read(settings)?;
        Ok(Self { limits })
    }

    fn decide(&self, request: &Request) -> Decision {
        let action = request.action.as_str();
        if !names::action::ALL.contains(&action) {
            let reason = format!("the action `{}` is not known", shown(action));
            return Decision::deny("unknown_action", reason);
        }
        let Some(role) = Role::named(&request.principal.role) else {
            return Decision::deny("unknown_role", unknown_role(&request.principal.role));
        };
        match refusal(table::grant(role, action), request) {
            Some(refusal) => refusal,
            None => Decision::allow().with_limits(self.limits.of(role), action),
        }
    }
}

/// Why a grant does not cover what is asked; none where it does.
fn refusal(grant: Grant, request: &Request) -> Option<Decision> {
    let own_club = request.in_own_club();
    let own = request.is_owner();
    match grant {
        Grant::Everything => None,
        Grant::OwnClub if own_club => None,
        Grant::OwnClubOrOwn if own_club || own => None,
        Grant::OwnInOwnClub if own_club && own => None,
        Grant::OwnInOwnClub if !own => Some(Decision::deny(
            "not_your_session",
            "this session belongs to another user",
        )),
        Grant::OwnClub | Grant::OwnClubOrOwn | Grant::OwnInOwnClub => {
            Some(Decision::deny("not_your_club", other_club(request)))
        }
        Grant::Nothing => {
            let role = shown(&request.principal.role);
            let reason = format!("the role {role} may not do that");
            Some(Decision::deny("role_not_allowed", reason))
        }
    }
}

fn other_club(request: &Request) -> &'static str {
    if request.principal.club().is_none() {
        "your token names no club"
    } else if request.resource.club().is_none() {
        "this belongs to no club"
    } else {
        "this belongs to another club"
    }
}

fn unknown_role(role: &str) -> String {
    if role.is_empty() {
        return "your token names no role".to_owned();
    }
    let hint = hint(role, &names::role::ALL);
    format!("the role `{}` is not known; {hint}", shown(role))
}

padelvar_policy_sdk::policy! {
    title: "Three roles: SUPER_ADMIN, CLUB_ADMIN, PLAYER",
    version: env!("CARGO_PKG_VERSION"),
    policy: ClubRoles,
}
