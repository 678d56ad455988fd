//! Roles, and the hours in which players may play.
//!
//! `SUPER_ADMIN` and `CLUB_ADMIN` are not bound to hours: the first may do everything, the second
//! what is in their club. `PLAYER` books and records in their own club while it is open, and no
//! recording is planned beyond closing time. What is running may be watched, stopped and closed
//! at any hour.
//!
//! ```toml
//! [policy]
//! plugin = "opening-hours"
//! [policy.settings]
//! opens = "08:00"              # local time
//! closes = "22:30"             # before `opens`: it is in the night after
//! utc_offset_minutes = 60      # local time is so much ahead of UTC; the host knows no other
//! closed = ["sunday"]          # days on which it does not open
//! max_minutes = 120            # a player's longest recording
//! ```
//!
//! Codes of denials: `role_not_allowed`, `not_your_club`, `not_your_session`, `club_closed`.
#![forbid(unsafe_code)]

mod hours;
mod roles;
mod settings;

use padelvar_policy_sdk::names::action;
use padelvar_policy_sdk::{Decision, Finding, Limits, Policy, Request, Settings};

use hours::Hours;

/// The policy with its settings.
#[derive(Debug)]
pub struct OpeningHours {
    hours: Hours,
    max_minutes: Option<f64>,
}

impl Policy for OpeningHours {
    fn configure(settings: &Settings) -> Result<Self, Vec<Finding>> {
        let (hours, max_minutes) = settings::read(settings)?;
        Ok(Self { hours, max_minutes })
    }

    fn decide(&self, request: &Request) -> Decision {
        if let Some(refusal) = roles::refusal(request) {
            return refusal;
        }
        let begins = [action::SESSION_CREATE, action::RECORDING_START];
        let action = request.action.as_str();
        if request.principal.role != roles::PLAYER || !begins.contains(&action) {
            return Decision::allow();
        }
        // The time is part of the question: the same question has the same answer.
        let Some(seconds) = self.hours.seconds_left(request.context.unix_seconds) else {
            return Decision::deny("club_closed", self.hours.to_string());
        };
        let left = f64::from(seconds) / 60.0;
        let limits = Limits {
            max_duration_minutes: Some(self.max_minutes.map_or(left, |most| most.min(left))),
            max_concurrent: Some(1),
        };
        Decision::allow().with_limits(&limits, action)
    }
}

padelvar_policy_sdk::policy! {
    title: "Roles and opening hours",
    version: env!("CARGO_PKG_VERSION"),
    policy: OpeningHours,
}
