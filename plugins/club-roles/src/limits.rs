//! Limits a role, from the settings.

use padelvar_policy_sdk::serde_json::Value;
use padelvar_policy_sdk::{Finding, Limits, Settings, concurrent, hint, minutes, names, shown};

use crate::table::Role;

const DURATION: &str = "max_duration_minutes";
const CONCURRENT: &str = "max_concurrent";
const WHOLE: &str = "has to be a whole number of 1 or more";
const NUMBER: &str = "has to be a number of minutes";

/// The limits of each role.
#[derive(Debug, Default)]
pub struct RoleLimits {
    super_admin: Limits,
    club_admin: Limits,
    player: Limits,
}

impl RoleLimits {
    /// Reads the settings; an error is everything that is wrong with them.
    pub fn read(settings: &Settings) -> Result<Self, Vec<Finding>> {
        let object = settings.keys(&[DURATION, CONCURRENT])?;
        let mut limits = Self::default();
        let mut findings = Vec::new();
        let mut each =
            |key: &str, set: &mut dyn FnMut(&mut Limits, &Value) -> Result<(), String>| {
                let Some(value) = object.get(key) else { return };
                let Value::Object(roles) = value else {
                    findings.push(Finding::new(format!(
                        "`{key}` has to be a table of roles, for example {{ PLAYER = 1 }}"
                    )));
                    return;
                };
                for (name, value) in roles {
                    let place = format!("{key}.{}", shown(name));
                    let Some(role) = Role::named(name) else {
                        let hint = hint(name, &names::role::ALL);
                        findings.push(Finding::new(format!("unknown role `{place}`: {hint}")));
                        continue;
                    };
                    if let Err(wrong) = set(limits.of_mut(role), value) {
                        findings.push(Finding::new(format!("`{place}` {wrong}")));
                    }
                }
            };
        each(DURATION, &mut |limits, value| {
            let number = value.as_f64().ok_or(NUMBER)?;
            limits.max_duration_minutes = Some(minutes(number)?);
            Ok(())
        });
        each(CONCURRENT, &mut |limits, value| {
            let number = value.as_u64().ok_or(WHOLE)?;
            limits.max_concurrent = Some(concurrent(number)?);
            Ok(())
        });
        if findings.is_empty() {
            Ok(limits)
        } else {
            Err(findings)
        }
    }

    /// A role's limits.
    pub fn of(&self, role: Role) -> &Limits {
        match role {
            Role::SuperAdmin => &self.super_admin,
            Role::ClubAdmin => &self.club_admin,
            Role::Player => &self.player,
        }
    }

    fn of_mut(&mut self, role: Role) -> &mut Limits {
        match role {
            Role::SuperAdmin => &mut self.super_admin,
            Role::ClubAdmin => &mut self.club_admin,
            Role::Player => &mut self.player,
        }
    }
}
