//! The rules as they are asked: read once, checked against what there is.

use std::collections::HashMap;

use cedar_policy::{
    Effect, Policy, PolicyId, PolicySet, Schema, ValidationMode, ValidationWarning, Validator,
};
use padelvar_policy_sdk::Finding;

use crate::SCHEMA;
use crate::mistakes::findings;
use crate::nesting::too_deep;
use crate::notes::Notes;
use crate::source::Source;

/// Rules, and what stands before them.
#[derive(Debug)]
pub struct Rules {
    /// What Cedar evaluates.
    pub set: PolicySet,
    notes: HashMap<PolicyId, Notes>,
}

impl Rules {
    /// Reads rules; an error is everything that is wrong with their form.
    pub fn read(source: &Source) -> Result<Self, Vec<Finding>> {
        if let Some((offset, what)) = too_deep(&source.text) {
            return Err(vec![source.mistake(what, Some(offset))]);
        }
        let set: PolicySet = match source.text.parse() {
            Ok(set) => set,
            Err(errors) => {
                let errors: &cedar_policy::ParseErrors = &errors;
                return Err(findings(source, errors.iter()));
            }
        };
        // Cedar keeps templates apart from the rules and waits for somebody to fill them.
        if let Some(template) = set.templates().next() {
            let text = template.to_cedar();
            let offset = source.text.find(&text);
            return Err(vec![source.mistake(
                "a template (`?principal`, `?resource`) has nothing to fill it here; write the \
                 rule out",
                offset,
            )]);
        }
        let mut policies: Vec<&Policy> = set.policies().collect();
        policies.sort_by_key(|policy| number(policy.id()));
        let mut wrong = Vec::new();
        let places = places(&source.text, &policies);
        let notes = policies.iter().zip(places).enumerate();
        let notes = notes
            .map(|(order, (policy, offset))| {
                let notes = Notes::read(source, policy, order, offset, &mut wrong);
                (policy.id().clone(), notes)
            })
            .collect();
        if !policies
            .iter()
            .any(|policy| policy.effect() == Effect::Permit)
        {
            wrong.push(source.mistake(
                "there is no `permit`: everybody would be denied everything",
                None,
            ));
        }
        if wrong.is_empty() {
            Ok(Self { set, notes })
        } else {
            Err(wrong)
        }
    }

    /// Holds the rules to the schema: names with a mistake in them, comparisons of
    /// different things, rules that can never apply.
    pub fn check(&self, source: &Source) -> Vec<Finding> {
        let schema: Schema = match SCHEMA.parse() {
            Ok(schema) => schema,
            // A test holds it to be good; the rules are not to blame.
            Err(error) => return vec![Finding::new(format!("the schema is broken: {error}"))],
        };
        let result = Validator::new(schema).validate(&self.set, ValidationMode::Strict);
        let mut wrong = findings(source, result.validation_errors());
        // A rule with an error in it often never applies because of that.
        let told = |id: &PolicyId| {
            result
                .validation_errors()
                .any(|error| error.policy_id() == id)
        };
        let mut never: Vec<_> = result.validation_warnings().collect();
        never.retain(|warning| matters(warning) && !told(warning.policy_id()));
        wrong.extend(findings(source, never));
        wrong
    }

    /// What stands before a rule.
    pub fn notes(&self, id: &PolicyId) -> Option<&Notes> {
        self.notes.get(id)
    }
}

/// A rule that never applies, or that does not say what it seems to say, is a mistake.
/// Letters of several scripts are not: names of people and places are what they are.
/// (Where an action does not go with its resource, Cedar gives that warning as well, but
/// the one that the rule is impossible always.)
fn matters(warning: &ValidationWarning) -> bool {
    matches!(
        warning,
        ValidationWarning::ImpossiblePolicy(_)
            | ValidationWarning::BidiCharsInString(_)
            | ValidationWarning::BidiCharsInIdentifier(_)
    )
}

/// Cedar names the rules of a text `policy0`, `policy1` and so on.
fn number(id: &PolicyId) -> usize {
    let id: &str = id.as_ref();
    let digits = id.trim_start_matches("policy");
    digits.parse().unwrap_or(usize::MAX)
}

/// Where the rules begin, in bytes from the start: between two of them there is nothing
/// but white space and comments.
fn places(text: &str, policies: &[&Policy]) -> Vec<usize> {
    let mut position = 0;
    let mut places = Vec::with_capacity(policies.len());
    for policy in policies {
        let rest = text.get(position..).unwrap_or_default();
        let start = position + rest.len() - after_comments(rest).len();
        places.push(start);
        position = start + policy.to_cedar().map_or(0, |text| text.len());
    }
    places
}

/// A text without the white space and the comments that it begins with.
fn after_comments(text: &str) -> &str {
    let mut text = text.trim_start();
    while let Some(comment) = text.strip_prefix("//") {
        let rest = comment.find('\n').map(|end| &comment[end..]);
        text = rest.unwrap_or_default().trim_start();
    }
    text
}
