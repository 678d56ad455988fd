//! A policy plugin as the door asks it.

use std::path::Path;

use thiserror::Error;

use super::policy::{Answer, Policy, Question};
use crate::config::{self, PolicySettings};
use crate::plugins::policy::types::{Context, Finding, Principal, Request, Resource, Settings};
use crate::plugins::{ActivePolicy, Registry};

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
}

/// A policy plugin in force, with its settings.
pub struct PluginPolicy(ActivePolicy);

impl PluginPolicy {
    /// Puts together what is configured. Waits for the plugin: not for a thread that answers
    /// requests.
    pub fn of(registry: &Registry, policy: &config::Policy) -> Result<Self, PolicyError> {
        let name = &policy.plugin;
        let plugin = registry.policy(name).ok_or_else(|| PolicyError::Unknown {
            name: name.clone(),
            reason: registry
                .rejection(name)
                .map(|reason| format!(": {reason}"))
                .unwrap_or_default(),
        })?;
        let (settings, file) = match &policy.settings {
            PolicySettings::Inline(json) => (settings("json", json.to_string()), None),
            PolicySettings::File { path, text } => (settings("text", text.clone()), Some(path)),
        };
        let active = ActivePolicy::new(plugin, settings);
        let active = active.map_err(|findings| {
            let lines = findings.iter();
            let lines: Vec<String> = lines.map(|f| line(name, file.map(|p| &**p), f)).collect();
            PolicyError::Settings(lines.join("\n"))
        })?;
        Ok(Self(active))
    }
}

fn settings(format: &str, text: String) -> Settings {
    Settings {
        format: format.to_owned(),
        text,
    }
}

/// A finding as people read it: `rules.cedar:3:5: …`.
fn line(policy: &str, file: Option<&Path>, finding: &Finding) -> String {
    let place = file.map_or_else(
        || format!("policy.settings of {policy}"),
        |path| path.display().to_string(),
    );
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
