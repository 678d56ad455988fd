//! A policy plugin as the door asks it.

use std::path::PathBuf;
use std::sync::Arc;

use thiserror::Error;

use super::expectations::{Expectations, Report};
use super::policy::{Answer, Policy, Question};
use crate::config::{self, PolicySettings, Problem};
use crate::plugins::policy::types::{Context, Finding, Principal, Request, Resource, Settings};
use crate::plugins::{ActivePolicy, PolicyPlugin, Registry};

/// Why a configured policy cannot be put in force.
#[derive(Debug, Error)]
pub enum PolicyError {
    /// There is none of that name.
    #[error(
        "there is no policy {name}{reason}\n  hint: set policy.plugin to club-roles or cedar, or put {name}.wasm into plugins.dir"
    )]
    Unknown {
        /// The name.
        name: String,
        /// Why a file of that name is not used, where there is one.
        reason: String,
    },
    /// Its settings are not good.
    #[error("{0}")]
    Settings(String),
    /// What it has to answer cannot be read.
    #[error("{}", lines(.0))]
    Table(Vec<Problem>),
    /// It does not answer as it has to.
    #[error("the policy {policy} does not meet {}: {}", .table.display(), unmet(.report))]
    Unmet {
        /// Its name.
        policy: String,
        /// The table's file.
        table: PathBuf,
        /// What it does not meet.
        report: Report,
    },
}

/// Rows of a table that are told: the log is no place for a thousand.
const TOLD: usize = 20;

fn lines(problems: &[Problem]) -> String {
    let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
    lines.join("\n")
}

fn unmet(report: &Report) -> String {
    let mut text = report.summary();
    for unmet in report.unmet.iter().take(TOLD) {
        text = format!("{text}\n  {unmet}");
    }
    match report.unmet.len().saturating_sub(TOLD) {
        0 => text,
        more => format!("{text}\n  and {more} more; `padelvar policy test` tells all of them"),
    }
}

/// A policy plugin with settings, as the door asks it.
pub struct PluginPolicy(ActivePolicy);

impl PluginPolicy {
    /// Puts together what is configured, and holds it to its table, where there is one. Waits
    /// for the plugin: not for a thread that answers requests.
    pub fn of(registry: &Registry, policy: &config::Policy) -> Result<Self, PolicyError> {
        let plugin = known(registry, &policy.plugin)?;
        let table = policy.table.as_ref();
        let table = table.map(|table| {
            let file = table.path.display().to_string();
            let read = Expectations::parse(&table.text, &file);
            read.map(|read| (table, read)).map_err(PolicyError::Table)
        });
        let table = table.transpose()?;
        let made = Self::new(plugin, &policy.settings.given("policy.settings"))?;
        if let Some((table, expectations)) = table {
            let report = expectations.check(&made);
            if !report.is_met() {
                return Err(PolicyError::Unmet {
                    policy: policy.plugin.clone(),
                    table: table.path.clone(),
                    report,
                });
            }
        }
        Ok(made)
    }

    /// The configured candidate. Where it has no settings of its own it gets those of the policy
    /// in force, and where it does not find them good, none. The text says why, then.
    pub fn shadow_of(
        registry: &Registry,
        name: &str,
        policy: &config::Policy,
    ) -> Result<(Self, Option<String>), PolicyError> {
        let plugin = known(registry, name)?;
        if let Some(own) = &policy.shadow_settings {
            let own = own.given("policy.shadow_settings");
            return Ok((Self::new(plugin, &own)?, None));
        }
        match Self::new(
            Arc::clone(&plugin),
            &policy.settings.given("policy.settings"),
        ) {
            Ok(made) => Ok((made, None)),
            Err(error) => {
                let made = Self::new(plugin, &Given::none())?;
                Ok((made, Some(error.to_string())))
            }
        }
    }

    /// A plugin with settings. Waits for the plugin.
    pub fn new(plugin: Arc<PolicyPlugin>, given: &Given) -> Result<Self, PolicyError> {
        let active = ActivePolicy::new(plugin, given.settings.clone());
        let active = active.map_err(|findings| {
            let lines = findings.iter();
            let lines: Vec<String> = lines.map(|f| line(&given.place, f)).collect();
            PolicyError::Settings(lines.join("\n"))
        })?;
        Ok(Self(active))
    }

    /// The plugin.
    pub fn plugin(&self) -> &Arc<PolicyPlugin> {
        self.0.plugin()
    }

    /// Whether it is the same plugin with the same settings.
    pub fn is_same_as(&self, other: &Self) -> bool {
        Arc::ptr_eq(self.0.plugin(), other.0.plugin()) && self.0.settings() == other.0.settings()
    }
}

fn known(registry: &Registry, name: &str) -> Result<Arc<PolicyPlugin>, PolicyError> {
    registry.policy(name).ok_or_else(|| PolicyError::Unknown {
        name: name.to_owned(),
        reason: registry
            .rejection(name)
            .map(|reason| format!(": {reason}"))
            .unwrap_or_default(),
    })
}

/// Settings in the form that plugins take, and what messages call the place that they are from.
#[derive(Clone, Debug)]
pub struct Given {
    settings: Settings,
    place: String,
}

impl Given {
    /// Those of an administrator who set nothing.
    pub fn none() -> Self {
        Self::json("{}".to_owned(), "its settings (none)")
    }

    /// An object of JSON.
    pub fn json(text: String, place: impl Into<String>) -> Self {
        Self::of("json", text, place.into())
    }

    /// The content of a file.
    pub fn text(text: String, place: impl Into<String>) -> Self {
        Self::of("text", text, place.into())
    }

    /// The settings.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    fn of(format: &str, text: String, place: String) -> Self {
        let format = format.to_owned();
        let settings = Settings { format, text };
        Self { settings, place }
    }
}

impl PolicySettings {
    /// As they are given to a plugin; `key` is what they are called in the configuration.
    fn given(&self, key: &str) -> Given {
        match self {
            Self::Inline(json) => Given::json(json.to_string(), key),
            Self::File { path, text } => Given::text(text.clone(), path.display().to_string()),
        }
    }
}

/// A finding as people read it: `rules.cedar:3:5: …`.
fn line(place: &str, finding: &Finding) -> String {
    let message = &finding.message;
    match (finding.line, finding.column) {
        (Some(line), Some(column)) => format!("{place}:{line}:{column}: {message}"),
        (Some(line), None) => format!("{place}:{line}: {message}"),
        _ => format!("{place}: {message}"),
    }
}

impl Policy for PluginPolicy {
    fn decide(&self, question: &Question<'_>) -> Result<Answer, String> {
        let decision = self.0.decide(&request(question))?;
        let obligations = decision.obligations.into_iter();
        Ok(Answer {
            allow: decision.allow,
            code: decision.code,
            reason: decision.reason,
            obligations: obligations.map(|o| (o.name, o.value)).collect(),
        })
    }
}

fn request(question: &Question<'_>) -> Request {
    let (principal, resource) = (question.principal, question.resource);
    Request {
        principal: Principal {
            id: principal.id.clone(),
            role: principal.role.clone(),
            club: principal.club.clone(),
            claims: principal.claims.clone(),
        },
        action: question.action.name().to_owned(),
        resource: Resource {
            kind: resource.kind.to_owned(),
            id: resource.id.clone(),
            club: resource.club.clone(),
            owner: resource.owner.clone(),
            terrain: resource.terrain.clone(),
        },
        context: Context {
            unix_seconds: question.now.as_second(),
            client_address: question.address.map(|address| address.to_string()),
        },
    }
}

#[cfg(test)]
#[path = "plugin_policy_tests.rs"]
mod tests;
