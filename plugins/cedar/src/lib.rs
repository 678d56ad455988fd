//! A policy whose rules are text: an admin changes permissions without a compiler.
//!
//! The rules are written in Cedar (<https://docs.cedarpolicy.com>), in a file beside the
//! configuration or in the settings:
//!
//! ```toml
//! [policy]
//! plugin = "cedar"
//! settings_file = "rules.cedar"
//! # or: settings = { policies = 'permit (principal in Role::"SUPER_ADMIN", action, resource);' }
//! ```
//!
//! Without settings [`CLUB_ROLES`] is in force, the table of the policy `club-roles`. The
//! head of that file says what rules can look at; [`SCHEMA`] is the same for programs.
//!
//! Codes of denials: those that rules set with `@code`; `forbidden` for a forbid without
//! one; `not_permitted` where no permit applies; `policy_error` where a forbid could not
//! be evaluated; `unknown_action` and `unknown_resource` for what the schema does not have.
#![forbid(unsafe_code)]

mod decide;
mod mistakes;
mod nesting;
mod notes;
mod question;
mod rules;
mod source;
mod time;

pub use decide::Cedar;

/// The rules in force without settings.
pub const CLUB_ROLES: &str = include_str!("../club-roles.cedar");

/// What rules can look at, in Cedar's language of schemas.
pub const SCHEMA: &str = include_str!("../padelvar.cedarschema");

padelvar_policy_sdk::policy! {
    title: "Rules in the Cedar language",
    version: env!("CARGO_PKG_VERSION"),
    policy: Cedar,
}
