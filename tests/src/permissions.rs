//! The contract's table of permissions, as values.

/// Whose a resource is, as seen by the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ownership {
    /// It belongs to the caller's club.
    pub own_club: bool,
    /// The caller made it.
    pub own: bool,
}

impl Ownership {
    /// All four, in the order of [`Self::number`].
    pub const ALL: [Self; 4] = [
        Self::of(true, true),
        Self::of(true, false),
        Self::of(false, true),
        Self::of(false, false),
    ];

    const fn of(own_club: bool, own: bool) -> Self {
        Self { own_club, own }
    }

    /// Its place in [`Self::ALL`].
    pub fn number(self) -> usize {
        usize::from(!self.own_club) * 2 + usize::from(!self.own)
    }
}

/// A cell of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rule {
    /// yes
    Yes,
    /// no
    No,
    /// own club
    Club,
    /// own club, own session
    ClubOrOwn,
    /// own session, which also means: in the player's own club
    OwnInClub,
}

use Rule::{Club, ClubOrOwn, No, OwnInClub, Yes};

/// Section 4 of the contract: for `SUPER_ADMIN`, `CLUB_ADMIN`, `PLAYER`.
const TABLE: [(&str, [Rule; 3]); 16] = [
    ("session.create", [Yes, Yes, Club]),
    ("session.view", [Yes, ClubOrOwn, OwnInClub]),
    ("session.close", [Yes, ClubOrOwn, OwnInClub]),
    ("recording.start", [Yes, ClubOrOwn, OwnInClub]),
    ("recording.stop", [Yes, ClubOrOwn, OwnInClub]),
    ("recording.view", [Yes, ClubOrOwn, OwnInClub]),
    ("preview.view", [Yes, ClubOrOwn, OwnInClub]),
    ("file.list", [Yes, Club, No]),
    ("file.download", [Yes, Club, No]),
    ("file.delete", [Yes, Club, No]),
    ("system.cleanup", [Yes, Yes, No]),
    ("plugin.view", [Yes, No, No]),
    ("plugin.manage", [Yes, No, No]),
    ("camera.discover", [Yes, No, No]),
    ("camera.probe", [Yes, No, No]),
    ("terrain.edit", [Yes, No, No]),
];

/// The roles that the table knows, and some that it does not: names are compared as they are.
pub const ROLES: [&str; 7] = [
    "COACH",
    "player",
    "Super_Admin",
    "",
    "PLAYER",
    "CLUB_ADMIN",
    "SUPER_ADMIN",
];

/// Every action of the table.
pub fn actions() -> impl Iterator<Item = &'static str> {
    TABLE.iter().map(|(action, _)| *action)
}

/// Whether the table allows that. Anything that is not in it is denied.
pub fn allowed(role: &str, action: &str, ownership: Ownership) -> bool {
    let column = match role {
        "SUPER_ADMIN" => 0,
        "CLUB_ADMIN" => 1,
        "PLAYER" => 2,
        _ => return false,
    };
    let row = TABLE.iter().find(|(name, _)| *name == action);
    let (_, rules) = row.unwrap_or_else(|| panic!("{action} is not in the table"));
    match rules[column] {
        Yes => true,
        No => false,
        Club => ownership.own_club,
        ClubOrOwn => ownership.own_club || ownership.own,
        OwnInClub => ownership.own_club && ownership.own,
    }
}
