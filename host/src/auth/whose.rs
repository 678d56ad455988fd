//! Whose a thing is, as seen by whoever asks about it: what rules of permission mostly go by.
//!
//! Every question has one such relation, and there are few: all of them for every role and
//! action are the cells of a table of permissions.

use std::fmt;

use super::action::{Action, Resource};
use super::policy::Question;

/// Whether something is one's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Standing {
    /// One's own.
    Own,
    /// Somebody else's.
    Other,
    /// Nobody's, or it cannot be told.
    None,
}

impl Standing {
    /// All three.
    pub const ALL: [Self; 3] = [Self::Own, Self::Other, Self::None];

    /// `own`, `other` or `none`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Own => "own",
            Self::Other => "other",
            Self::None => "none",
        }
    }

    fn between(mine: Option<&str>, its: Option<&str>) -> Self {
        match (mine, its) {
            (Some(mine), Some(its)) if mine == its => Self::Own,
            (_, Some(_)) => Self::Other,
            (_, None) => Self::None,
        }
    }
}

/// A thing and whoever asks about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Whose {
    /// The thing's kind, as policies see it.
    pub kind: &'static str,
    /// Whose club it belongs to; `Other` also where the caller has none.
    of_club: Standing,
    /// Who made it.
    pub owner: Standing,
    /// Whether the caller's token names a club.
    pub caller_has_club: bool,
}

impl Whose {
    /// The relation that a question is about.
    pub fn of(question: &Question<'_>) -> Self {
        let (principal, resource) = (question.principal, question.resource);
        Self {
            kind: resource.kind,
            of_club: Standing::between(principal.club.as_deref(), resource.club.as_deref()),
            owner: Standing::between(Some(&principal.id), resource.owner.as_deref()),
            caller_has_club: principal.club.is_some(),
        }
    }

    /// Every relation that the host can ask about with an action.
    pub fn all(action: Action) -> impl Iterator<Item = Self> {
        action.kinds().iter().flat_map(|kind| Self::all_of(kind))
    }

    fn all_of(kind: &'static str) -> Vec<Self> {
        use Standing::{None, Other, Own};
        // A thing's club and whether the caller has one: who has none has no own one.
        let clubs: &[(Standing, bool)] = match kind {
            "host" | "plugin" => &[(None, true), (None, false)],
            // The files of all clubs together are a club without an id.
            "club" => &[
                (Own, true),
                (Other, true),
                (Other, false),
                (None, true),
                (None, false),
            ],
            _ => &[(Own, true), (Other, true), (Other, false)],
        };
        let owners: &[Standing] = match kind {
            "session" => &[Own, Other],
            // Who made a file is not always known.
            "file" => &[Own, Other, None],
            _ => &[None],
        };
        let pairs = clubs
            .iter()
            .flat_map(|club| owners.iter().map(move |o| (*club, *o)));
        pairs
            .map(|((of_club, caller_has_club), owner)| Self {
                kind,
                of_club,
                owner,
                caller_has_club,
            })
            .collect()
    }

    /// Whose club it is: `None` where the thing or the caller has none.
    pub fn club(self) -> Standing {
        if self.caller_has_club {
            self.of_club
        } else {
            Standing::None
        }
    }

    /// A thing that stands so to a user.
    pub fn resource(self, user: &str, club: &str, terrain: &str) -> Resource {
        let place = |standing: Standing, own: &str| match standing {
            Standing::Own => Some(own.to_owned()),
            Standing::Other => Some(other_than(own).to_owned()),
            Standing::None => None,
        };
        let club = place(self.of_club, club);
        let id = match self.kind {
            "host" => String::new(),
            "plugin" => "rtsp".to_owned(),
            "club" => club.clone().unwrap_or_default(),
            "terrain" => terrain.to_owned(),
            _ => format!("sess_{terrain}_1767268800000"),
        };
        let has_terrain = matches!(self.kind, "terrain" | "session" | "file");
        Resource {
            kind: self.kind,
            id,
            club,
            owner: place(self.owner, user),
            terrain: has_terrain.then(|| terrain.to_owned()),
        }
    }
}

/// An id that is another one.
fn other_than(id: &str) -> &'static str {
    if id == "18" { "19" } else { "18" }
}

impl fmt::Display for Whose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whose = match self.owner {
            Standing::Own => "own",
            Standing::Other => "somebody else's",
            Standing::None => "nobody's",
        };
        let club = match self.of_club {
            Standing::Own => "own club",
            Standing::Other if self.caller_has_club => "another club",
            Standing::Other => "a club",
            Standing::None => "no club",
        };
        match (self.kind, self.of_club) {
            ("host", _) => f.write_str("the host")?,
            ("plugin", _) => f.write_str("a plugin")?,
            ("club", Standing::None) => f.write_str("files of all clubs")?,
            ("club", _) => write!(f, "files of {club}")?,
            ("terrain", _) => write!(f, "terrain of {club}")?,
            (kind, _) => write!(f, "{whose} {kind} in {club}")?,
        }
        if !self.caller_has_club {
            f.write_str(", by a caller without a club")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use jiff::Timestamp;

    use super::super::principal::Principal;
    use super::*;

    #[test]
    fn what_is_made_for_a_relation_has_it() {
        let mut told = HashSet::new();
        for action in Action::ALL {
            for whose in Whose::all(action) {
                for user in ["17", "18"] {
                    let principal = Principal {
                        id: user.to_owned(),
                        club: whose.caller_has_club.then(|| "18".to_owned()),
                        ..Principal::default()
                    };
                    let question = Question {
                        principal: &principal,
                        action,
                        resource: &whose.resource(user, "18", "3"),
                        address: None,
                        now: Timestamp::UNIX_EPOCH,
                    };
                    assert_eq!(Whose::of(&question), whose, "{whose}");
                }
                told.insert((action, whose.to_string()));
            }
        }
        let all: usize = Action::ALL.map(|a| Whose::all(a).count()).iter().sum();
        assert_eq!(told.len(), all, "each is told in words of its own");
        assert_eq!(Whose::all(Action::SessionView).count(), 6);
        assert_eq!(Whose::all(Action::FileDownload).count(), 9);
    }

    #[test]
    fn in_words() {
        let words: Vec<String> = [Action::SessionView, Action::FileList, Action::PluginView]
            .into_iter()
            .flat_map(Whose::all)
            .map(|whose| whose.to_string())
            .collect();
        for expected in [
            "own session in own club",
            "own session in another club",
            "somebody else's session in own club",
            "somebody else's session in a club, by a caller without a club",
            "files of own club",
            "files of all clubs",
            "a plugin",
            "the host, by a caller without a club",
        ] {
            assert!(
                words.iter().any(|w| w == expected),
                "{expected} in {words:?}"
            );
        }
    }
}
