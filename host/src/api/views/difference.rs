//! What a shadow policy decides otherwise.

use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::schema::Object;

use super::{Success, words};
use crate::auth::{Comparison, Decision, Difference, Differs, Limits};

/// What a shadow policy would have decided otherwise, since it was set beside the policy in force.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DifferencesAnswer {
    success: Success,
    /// The plugin that was asked about.
    plugin: String,
    /// The policy in force that it is compared with; null where it is compared with none, and
    /// then all else is 0.
    #[schema(required)]
    shadow_of: Option<String>,
    /// Questions that it was asked.
    asked: u64,
    /// Those that it would have decided otherwise.
    differing: u64,
    /// Questions that it was not asked, because it was too slow for all of them.
    dropped: u64,
    /// Those that it did not answer.
    failed: u64,
    /// Ways in which it differs, the newest first, at most the newest thousand.
    differences: Vec<DifferenceView>,
}

/// A way in which a shadow policy differs.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Difference)]
pub struct DifferenceView {
    /// Role of those who asked; empty where their token has none.
    role: String,
    /// What they wanted to do.
    action: &'static str,
    /// Kind of what they wanted to do it on.
    #[schema(schema_with = kinds)]
    kind: &'static str,
    /// Whose club it is: `none` where it or the caller has none.
    #[schema(schema_with = standings)]
    club: &'static str,
    /// Who made it.
    #[schema(schema_with = standings)]
    owner: &'static str,
    /// In what the decisions differ.
    #[schema(schema_with = ways)]
    differs: &'static str,
    /// What was decided.
    active: DecisionView,
    /// What the shadow would have decided.
    shadow: DecisionView,
    /// How often.
    count: u64,
    /// When for the first time.
    first_at: jiff::Timestamp,
    /// When for the last time.
    last_at: jiff::Timestamp,
}

/// A decision, without the reason that people are told.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Decision)]
pub struct DecisionView {
    /// Whether it was allowed.
    allow: bool,
    /// The policy's code; in a denial that of the answer's problem.
    code: String,
    /// A recording is planned no longer than this; null for no such condition.
    #[schema(required)]
    max_duration_minutes: Option<f64>,
    /// The user has at most so many; null for no such condition.
    #[schema(required)]
    max_concurrent: Option<u32>,
}

fn kinds() -> Object {
    words(["terrain", "session", "club", "file", "plugin", "host"])
}

fn standings() -> Object {
    words(["own", "other", "none"])
}

fn ways() -> Object {
    words(["permission", "obligations", "code"])
}

impl DifferencesAnswer {
    /// About the plugin of this name.
    pub fn new(plugin: String, comparison: Comparison) -> Self {
        let Comparison {
            shadow_of,
            seen,
            dropped,
        } = comparison;
        Self {
            success: Success,
            plugin,
            shadow_of,
            asked: seen.asked,
            differing: seen.differing,
            dropped,
            failed: seen.failed,
            differences: seen.differences.into_iter().map(view).collect(),
        }
    }
}

fn view(difference: Difference) -> DifferenceView {
    let differs = Differs::between(&difference.active, &difference.shadow);
    DifferenceView {
        role: difference.role,
        action: difference.action.name(),
        kind: difference.whose.kind,
        club: difference.whose.club().name(),
        owner: difference.whose.owner.name(),
        differs: differs.unwrap_or(Differs::Permission).name(),
        active: difference.active.into(),
        shadow: difference.shadow.into(),
        count: difference.count,
        first_at: difference.first_at,
        last_at: difference.last_at,
    }
}

impl From<Decision> for DecisionView {
    fn from(decision: Decision) -> Self {
        let Limits {
            max_duration,
            max_concurrent,
        } = decision.limits;
        Self {
            allow: decision.allow,
            code: decision.code,
            max_duration_minutes: max_duration.map(|d| d.as_secs_f64() / 60.0),
            max_concurrent,
        }
    }
}
