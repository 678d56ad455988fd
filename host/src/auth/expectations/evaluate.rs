//! Asking a policy what a table expects.

use super::super::policy::{Answer, Decision, Policy, Question};
use super::super::principal::Principal;
use super::super::whose::Whose;
use super::report::{Expected, Report, Unmet};
use super::{Circumstances, Expectations, Row, Wanted};
use crate::auth::Action;

/// How often a question is asked that is not answered: on a busy machine the clock may run out
/// once on a policy that is good.
const TRIES: u32 = 3;
/// Questions without an answer after which the rest is not asked: stops a policy that needs all
/// of its time for each.
const MOST_FAILURES: usize = 10;
/// Differences that are kept: nobody reads more.
const MOST_UNMET: usize = 1000;

/// Asks again where there is no answer.
fn patiently(policy: &dyn Policy, question: &Question<'_>) -> Result<Answer, String> {
    let mut answer = policy.decide(question);
    for _ in 1..TRIES {
        if answer.is_ok() {
            break;
        }
        answer = policy.decide(question);
    }
    answer
}

impl Expectations {
    /// Asks a policy everything. It takes as long as the policy does: not for a thread that
    /// answers requests.
    pub fn check(&self, policy: &dyn Policy) -> Report {
        let mut report = Report {
            asked: 0,
            unmet: Vec::new(),
            given_up: false,
        };
        let mut failures = 0;
        for (row, (role, action, whose, circumstances)) in self.questions() {
            report.asked += 1;
            let found = ask(policy, role, action, whose, circumstances);
            failures += usize::from(found.is_err());
            let expected = row.wanted.of(whose);
            if found.as_ref().is_ok_and(|d| expected.is_met_by(d)) {
                continue;
            }
            report.unmet.push(Unmet {
                file: self.file.clone(),
                line: row.place.0,
                column: row.place.1,
                label: row.label.clone(),
                role: role.to_owned(),
                action: action.name(),
                whose,
                at: circumstances.at_is_told.then_some(circumstances.at),
                expected,
                found,
            });
            if failures >= MOST_FAILURES || report.unmet.len() >= MOST_UNMET {
                report.given_up = failures >= MOST_FAILURES;
                break;
            }
        }
        report
    }

    /// Everything that is asked.
    fn questions(&self) -> impl Iterator<Item = (&Row, Asked<'_>)> {
        self.rows
            .iter()
            .flat_map(|row| row.questions().map(move |asked| (row, asked)))
    }

    /// How many questions it asks.
    pub(super) fn count(&self) -> usize {
        self.rows.iter().map(Row::count).sum()
    }
}

/// Role, action, on what, and the circumstances.
type Asked<'a> = (&'a str, Action, Whose, &'a Circumstances);

impl Row {
    fn questions(&self) -> impl Iterator<Item = Asked<'_>> {
        self.actions.iter().flat_map(move |action| {
            self.all_of(*action).flat_map(move |whose| {
                self.roles.iter().flat_map(move |role| {
                    let each = self.circumstances.iter();
                    each.map(move |c| (role.as_str(), *action, whose, c))
                })
            })
        })
    }

    /// The relations that the host can ask about, and that stand in this row.
    pub(super) fn all_of(&self, action: Action) -> impl Iterator<Item = Whose> {
        Whose::all(action).filter(|whose| {
            self.clubs.contains(&whose.club()) && self.owners.contains(&whose.owner)
        })
    }

    fn count(&self) -> usize {
        let things: usize = self.actions.iter().map(|a| self.all_of(*a).count()).sum();
        things * self.roles.len() * self.circumstances.len()
    }
}

impl Wanted {
    fn of(&self, whose: Whose) -> Expected {
        match self {
            Self::Grant(grant) => Expected {
                allow: grant.covers(whose),
                code: None,
                limits: None,
            },
            Self::Answer {
                allow,
                code,
                limits,
            } => Expected {
                allow: *allow,
                code: code.clone(),
                limits: *limits,
            },
        }
    }
}

/// Asks about one cell, as the host would.
pub fn ask(
    policy: &dyn Policy,
    role: &str,
    action: Action,
    whose: Whose,
    circumstances: &Circumstances,
) -> Result<Decision, String> {
    let principal = Principal {
        id: circumstances.user.clone(),
        role: role.to_owned(),
        club: whose.caller_has_club.then(|| circumstances.club.clone()),
        claims: circumstances.claims.clone(),
    };
    let (user, club) = (&circumstances.user, &circumstances.club);
    let question = Question {
        principal: &principal,
        action,
        resource: &whose.resource(user, club, &circumstances.terrain),
        address: circumstances.address,
        now: circumstances.at,
    };
    patiently(policy, &question).map(Decision::of)
}
