//! What another policy would change: the cells of a table of permissions that two policies
//! answer differently.

use std::fmt;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::action::Action;
use super::expectations::{Circumstances, ask};
use super::policy::{Decision, Policy};
use super::whose::Whose;

/// In what two decisions differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Differs {
    /// One allows what the other one denies.
    Permission,
    /// Both allow, under other conditions.
    Obligations,
    /// Both deny, with another code.
    Code,
}

impl Differs {
    /// In what they differ; none where they come to the same for whoever asks. Reasons, and the
    /// codes of permissions, do not count.
    pub fn between(one: &Decision, other: &Decision) -> Option<Self> {
        match (one.allow, other.allow) {
            (true, true) => (one.limits != other.limits).then_some(Self::Obligations),
            (false, false) => (one.code != other.code).then_some(Self::Code),
            _ => Some(Self::Permission),
        }
    }

    /// `permission`, `obligations` or `code`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Permission => "permission",
            Self::Obligations => "obligations",
            Self::Code => "code",
        }
    }
}

/// A cell that changes.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// Who asks.
    pub role: String,
    /// What for.
    pub action: Action,
    /// On what.
    pub whose: Whose,
    /// When, where that was told.
    pub at: Option<Timestamp>,
    /// In what the answers differ.
    pub differs: Differs,
    /// What the first one decides.
    pub old: Decision,
    /// What the second one decides.
    pub new: Decision,
}

/// Two policies, cell by cell.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Changes {
    /// Cells that were compared.
    pub cells: usize,
    /// Those that change, in the order of roles and actions.
    pub changes: Vec<Change>,
}

impl Changes {
    /// Asks both policies about every cell of these roles. It takes as long as the policies do.
    ///
    /// # Errors
    ///
    /// Where one of them does not answer: the cell, whether it is the second policy, and why,
    /// which continues a sentence that begins with "it".
    pub fn between(
        old: &dyn Policy,
        new: &dyn Policy,
        roles: &[String],
        circumstances: &[Circumstances],
    ) -> Result<Self, (String, bool, String)> {
        let mut found = Self::default();
        for role in roles {
            for (action, whose) in cells() {
                for at in circumstances {
                    let answer = |policy: &dyn Policy, second| {
                        ask(policy, role, action, whose, at)
                            .map_err(|trap| (cell(role, action, whose), second, trap))
                    };
                    let (old, new) = (answer(old, false)?, answer(new, true)?);
                    found.cells += 1;
                    if let Some(differs) = Differs::between(&old, &new) {
                        found.changes.push(Change {
                            role: role.clone(),
                            action,
                            whose,
                            at: at.at_is_told.then_some(at.at),
                            differs,
                            old,
                            new,
                        });
                    }
                }
            }
        }
        Ok(found)
    }

    /// How many cells change in this way.
    pub fn count(&self, differs: Differs) -> usize {
        let changes = self.changes.iter();
        changes.filter(|change| change.differs == differs).count()
    }
}

fn cells() -> impl Iterator<Item = (Action, Whose)> {
    let actions = Action::ALL.into_iter();
    actions.flat_map(|action| Whose::all(action).map(move |whose| (action, whose)))
}

fn cell(role: &str, action: Action, whose: Whose) -> String {
    format!("{role}, {}, {whose}", action.name())
}

impl Change {
    /// As JSON, for programs.
    pub fn json(&self) -> Value {
        json!({
            "role": self.role,
            "action": self.action.name(),
            "kind": self.whose.kind,
            "club": self.whose.club().name(),
            "owner": self.whose.owner.name(),
            "caller_has_club": self.whose.caller_has_club,
            "at": self.at.map(|at| at.to_string()),
            "differs": self.differs.name(),
            "old": self.old.json(),
            "new": self.new.json(),
            "message": self.to_string(),
        })
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&cell(&self.role, self.action, self.whose))?;
        if let Some(at) = self.at {
            write!(f, ", at {at}")?;
        }
        write!(f, ": {} -> {}", self.old, self.new)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::limits::Limits;
    use super::super::policy::{Answer, Question};
    use super::*;

    /// Allows whoever has the role, and answers the code.
    struct Says(&'static str, &'static str);

    impl Policy for Says {
        fn decide(&self, question: &Question<'_>) -> Result<Answer, String> {
            match question.principal.role.as_str() {
                "BROKEN" => Err("trapped".to_owned()),
                role => Ok(Answer {
                    allow: role == self.0,
                    code: self.1.to_owned(),
                    ..Answer::default()
                }),
            }
        }
    }

    fn between(old: &Says, new: &Says, roles: &[&str]) -> Result<Changes, (String, bool, String)> {
        let roles: Vec<String> = roles.iter().map(ToString::to_string).collect();
        Changes::between(old, new, &roles, &[Circumstances::default()])
    }

    #[test]
    fn cells_that_change_are_told() {
        let old = Says("PLAYER", "no");
        assert!(
            between(&old, &old, &["PLAYER", "COACH"])
                .unwrap()
                .changes
                .is_empty()
        );
        let found = between(&old, &Says("COACH", "no"), &["PLAYER", "COACH", "X"]).unwrap();
        assert_eq!(found.changes.len() * 3, found.cells * 2);
        assert_eq!(found.count(Differs::Permission), found.changes.len());
        assert_eq!(
            found.changes[0].to_string(),
            "PLAYER, session.create, terrain of own club: yes -> no (no)"
        );
        let found = between(&old, &Says("PLAYER", "other"), &["PLAYER", "X"]).unwrap();
        assert_eq!(found.count(Differs::Code) * 2, found.cells);
    }

    #[test]
    fn in_what_decisions_differ() {
        let one = Decision::of(Answer {
            allow: true,
            code: "allowed".into(),
            reason: "so it is".into(),
            ..Answer::default()
        });
        let words = Decision {
            code: "yes".into(),
            reason: String::new(),
            ..one.clone()
        };
        assert_eq!(Differs::between(&one, &words), None);
        let limited = Decision {
            limits: Limits {
                max_duration: Some(Duration::from_mins(90)),
                max_concurrent: Some(1),
            },
            ..one.clone()
        };
        assert_eq!(Differs::between(&one, &limited), Some(Differs::Obligations));
        assert_eq!(
            limited.to_string(),
            "yes {max-duration-minutes = 90, max-concurrent = 1}"
        );
    }

    #[test]
    fn a_policy_that_does_not_answer_is_told() {
        let (old, new) = (Says("PLAYER", "no"), Says("PLAYER", "no"));
        let (cell, second, trap) = between(&old, &new, &["PLAYER", "BROKEN"]).unwrap_err();
        assert_eq!(cell, "BROKEN, session.create, terrain of own club");
        assert_eq!((second, trap.as_str()), (false, "trapped"));
    }
}
