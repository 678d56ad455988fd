//! The decision: what Cedar answers, and what becomes of it.

use cedar_policy::{AuthorizationError, Authorizer, Decision as Verdict, Response};
use padelvar_policy_sdk::{
    Context, Decision, Finding, Limits, Policy, Principal, Request, Resource, Settings, names,
};

use crate::notes::Notes;
use crate::question::{Unaskable, Words};
use crate::rules::Rules;
use crate::source::Source;

/// The policy with its rules.
pub struct Cedar {
    rules: Rules,
    words: Words,
    authorizer: Authorizer,
}

impl Policy for Cedar {
    fn configure(settings: &Settings) -> Result<Self, Vec<Finding>> {
        let source = Source::of(settings)?;
        let rules = Rules::read(&source)?;
        let words = Words::new().map_err(|error| vec![Finding::new(error.to_string())])?;
        let cedar = Self {
            rules,
            words,
            authorizer: Authorizer::new(),
        };
        // Cedar prepares some things at their first use: that is no part of an answer.
        cedar.decide(&first());
        Ok(cedar)
    }

    /// Reads the rules and holds them to the schema, which no new instance has to repeat.
    fn validate(settings: &Settings) -> Vec<Finding> {
        let read = Source::of(settings).and_then(|source| {
            let rules = Rules::read(&source)?;
            Ok(rules.check(&source))
        });
        read.unwrap_or_else(|findings| findings)
    }

    fn decide(&self, request: &Request) -> Decision {
        let question = match self.words.question(request) {
            Ok(question) => question,
            Err(Unaskable::Action) => {
                return Decision::deny("unknown_action", "the rules know no such action");
            }
            Err(Unaskable::Resource) => {
                return Decision::deny("unknown_resource", "the rules know no such resource");
            }
            Err(Unaskable::Question) => {
                return Decision::deny("policy_error", "this cannot be put to the rules");
            }
        };
        let set = &self.rules.set;
        let response = self
            .authorizer
            .is_authorized(&question.request, set, &question.entities);
        self.answer(&response, &request.action)
    }
}

impl Cedar {
    fn answer(&self, response: &Response, action: &str) -> Decision {
        let allowed = response.decision() == Verdict::Allow;
        let applied = response.diagnostics().reason();
        let applied: Vec<&Notes> = applied.filter_map(|id| self.rules.notes(id)).collect();
        if !allowed
            // They come in no order: the first of the text, so that an answer stays the same.
            && let Some(forbid) = applied.iter().min_by_key(|notes| notes.order)
        {
            let code = forbid.code.as_deref().unwrap_or("forbidden");
            let reason = forbid.reason.as_deref().unwrap_or("a rule forbids this");
            return Decision::deny(code, reason);
        }
        // Cedar leaves out what cannot be evaluated. A permit that is left out denies; a
        // forbid that is left out would allow.
        if let Some(line) = self.broken_forbid(response) {
            let reason = format!("the rule on line {line} could not be evaluated");
            return Decision::deny("policy_error", reason);
        }
        if !allowed {
            return Decision::deny("not_permitted", "no rule permits this");
        }
        let limits = applied.iter().map(|notes| notes.limits);
        let limits = limits.reduce(Limits::widest).unwrap_or_default();
        Decision::allow().with_limits(&limits, action)
    }

    /// The line of the first forbid that could not be evaluated.
    fn broken_forbid(&self, response: &Response) -> Option<u32> {
        let errors = response.diagnostics().errors();
        let broken = errors.filter_map(|error| match error {
            AuthorizationError::PolicyEvaluationError(error) => self.rules.notes(error.policy_id()),
        });
        let forbids = broken.filter(|notes| notes.forbids);
        forbids.map(|notes| notes.line).min()
    }
}

/// Any question.
fn first() -> Request {
    Request {
        principal: Principal {
            id: String::new(),
            role: String::new(),
            club: None,
            claims: Vec::new(),
        },
        action: names::action::SYSTEM_CLEANUP.to_owned(),
        resource: Resource {
            kind: names::kind::HOST.to_owned(),
            id: String::new(),
            club: None,
            owner: None,
            terrain: None,
        },
        context: Context {
            unix_seconds: 0,
            client_address: Some("::1".to_owned()),
        },
    }
}
