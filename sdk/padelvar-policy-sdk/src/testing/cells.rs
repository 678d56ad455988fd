//! Every question that a permission table answers.

use core::fmt;

use super::question;
use crate::Request;

/// The id of the user who asks in tests.
pub const ASKER: &str = "17";

/// A club or an owner, seen from the user who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// The user's own.
    Own,
    /// Another one.
    Other,
    /// None.
    None,
}

use Standing::{None as Nobody, Other, Own};

/// One cell: a role, an action, and what is between the user and the resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell<'a> {
    /// The user's role.
    pub role: &'a str,
    /// What is wanted.
    pub action: &'a str,
    /// Whose club it is in.
    pub club: Standing,
    /// Who made it.
    pub owner: Standing,
    /// Whether the token names a club.
    pub asker_has_club: bool,
}

impl Cell<'_> {
    /// The cell as a question.
    pub fn request(&self) -> Request {
        let mut request = question(self.role, self.action);
        let own = request.principal.club.clone();
        request.principal.club = own.clone().filter(|_| self.asker_has_club);
        request.resource.club = match self.club {
            Own => own,
            Other => Some("8".to_owned()),
            Nobody => None,
        };
        request.resource.owner = match self.owner {
            Own => Some(ASKER.to_owned()),
            Other => Some("18".to_owned()),
            Nobody => None,
        };
        request.resource.terrain = self.club.named().then(|| "3".to_owned());
        request
    }
}

impl Standing {
    fn named(self) -> bool {
        self != Nobody
    }
}

impl fmt::Display for Cell<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { role, action, .. } = self;
        let club = match self.club {
            Own => "own club",
            Other => "other club",
            Nobody => "no club",
        };
        let owner = match self.owner {
            Own => "own",
            Other => "others'",
            Nobody => "nobody's",
        };
        let asker = if self.asker_has_club {
            ""
        } else {
            ", asked by somebody without a club"
        };
        write!(f, "{role:?} {action:?} ({club}, {owner}{asker})")
    }
}

/// Every cell of these roles and actions: 15 combinations of club and owner each.
pub fn cells<'a>(roles: &'a [&'a str], actions: &'a [&'a str]) -> impl Iterator<Item = Cell<'a>> {
    // Somebody without a club has no own one.
    let clubs = [
        (Own, true),
        (Other, true),
        (Nobody, true),
        (Other, false),
        (Nobody, false),
    ];
    let standings = clubs.into_iter().flat_map(|(club, asker_has_club)| {
        [Own, Other, Nobody].map(|owner| (club, owner, asker_has_club))
    });
    let asked = roles
        .iter()
        .flat_map(|role| actions.iter().map(move |action| (*role, *action)));
    asked.flat_map(move |(role, action)| {
        standings
            .clone()
            .map(move |(club, owner, asker_has_club)| Cell {
                role,
                action,
                club,
                owner,
                asker_has_club,
            })
    })
}
