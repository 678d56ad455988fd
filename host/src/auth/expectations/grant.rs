//! A cell of the matrix: on what a role may do an action.

use super::super::whose::{Standing, Whose};

/// What a cell may say.
pub const CELLS: [&str; 7] = [
    "yes",
    "no",
    "own club",
    "own session",
    "own club, own session",
    "own session anywhere",
    "-",
];

/// On what something is expected to be allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grant {
    /// `yes`: everything.
    Everything,
    /// `no`: nothing.
    Nothing,
    /// `own club`: what belongs to the user's club.
    OwnClub,
    /// `own session`: what the user made in their own club.
    OwnInOwnClub,
    /// `own club, own session`: what belongs to the user's club, and what the user made, wherever.
    OwnClubOrOwn,
    /// `own session anywhere`: what the user made.
    Own,
}

impl Grant {
    /// Reads a cell: a grant, or none for `-`, which expects nothing. An error where it says
    /// something else. Blanks and the order of the two parts do not matter.
    pub fn parse(cell: &str) -> Result<Option<Self>, ()> {
        let mut parts: Vec<String> = cell
            .split(',')
            .map(|part| part.split_whitespace().collect::<Vec<_>>().join(" "))
            .collect();
        parts.sort_unstable();
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        Ok(Some(match parts.as_slice() {
            ["yes"] => Self::Everything,
            ["no"] => Self::Nothing,
            ["own club"] => Self::OwnClub,
            ["own session"] => Self::OwnInOwnClub,
            ["own club", "own session" | "own session anywhere"] => Self::OwnClubOrOwn,
            ["own session anywhere"] => Self::Own,
            ["-"] => return Ok(None),
            _ => return Err(()),
        }))
    }

    /// Whether it covers what stands so to the user.
    pub fn covers(self, whose: Whose) -> bool {
        let own_club = whose.club() == Standing::Own;
        let own = whose.owner == Standing::Own;
        match self {
            Self::Everything => true,
            Self::Nothing => false,
            Self::OwnClub => own_club,
            Self::OwnInOwnClub => own_club && own,
            Self::OwnClubOrOwn => own_club || own,
            Self::Own => own,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells() {
        for cell in CELLS {
            assert_eq!(Grant::parse(cell).map(|g| g.is_none()), Ok(cell == "-"));
        }
        let either = Ok(Some(Grant::OwnClubOrOwn));
        assert_eq!(Grant::parse(" own session ,own  club"), either);
        for wrong in ["", "Yes", "own", "yes, no", "own club, own club", "no,"] {
            assert_eq!(Grant::parse(wrong), Err(()), "{wrong:?}");
        }
    }
}
