//! Permission tables: what is expected of a policy, and where it differs.

use super::{Cell, Harness, Standing};
use crate::Policy;

/// What a role may do an action on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grant {
    /// Everything.
    Everything,
    /// What belongs to the user's own club.
    OwnClub,
    /// What belongs to the user's own club, and what the user made.
    OwnClubOrOwn,
    /// What the user made in their own club.
    OwnInOwnClub,
    /// Nothing.
    Nothing,
}

impl Grant {
    /// Whether it covers a cell.
    pub fn covers(self, cell: &Cell<'_>) -> bool {
        let own_club = cell.asker_has_club && cell.club == Standing::Own;
        let own = cell.owner == Standing::Own;
        match self {
            Self::Everything => true,
            Self::OwnClub => own_club,
            Self::OwnClubOrOwn => own_club || own,
            Self::OwnInOwnClub => own_club && own,
            Self::Nothing => false,
        }
    }
}

/// One row of a table: some actions, and what each role may do them on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expectation {
    /// Actions by name.
    pub actions: Vec<String>,
    /// Roles by name.
    pub grants: Vec<(String, Grant)>,
}

/// Reads a table in the form of the documentation, so that a test can hold a policy to
/// the very text that people read:
///
/// ```
/// # use padelvar_policy_sdk::testing::{Grant, markdown};
/// let table = markdown(
///     "| Action | CLUB_ADMIN | PLAYER |
///      |---|---|---|
///      | `session.view`, `session.close` | own club, own session | own session |
///      | `file.list` | yes | no |",
/// );
/// assert_eq!(table[0].grants[1], ("PLAYER".to_owned(), Grant::OwnInOwnClub));
/// ```
///
/// A cell is `yes`, `no`, `own club`, `own session` (in one's own club) or `own club, own
/// session` (either). What cannot be read fails the test.
#[track_caller]
pub fn markdown(text: &str) -> Vec<Expectation> {
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let roles = split(lines.next().unwrap_or_default());
    let rows = lines.map(split).filter(|row| !row[0].starts_with("---"));
    rows.map(|row| {
        assert_eq!(row.len(), roles.len(), "{row:?} has not a cell a role");
        let grants = roles.iter().zip(&row).skip(1);
        Expectation {
            actions: actions(&row[0]),
            grants: grants
                .map(|(role, cell)| (role.clone(), grant(cell)))
                .collect(),
        }
    })
    .collect()
}

fn split(line: &str) -> Vec<String> {
    let cells = line.trim_matches('|').split('|');
    cells.map(|cell| cell.trim().to_owned()).collect()
}

fn actions(cell: &str) -> Vec<String> {
    let names = cell.split(['`', ',', ' ']).filter(|name| !name.is_empty());
    names.map(str::to_owned).collect()
}

#[track_caller]
fn grant(cell: &str) -> Grant {
    match cell {
        "yes" => Grant::Everything,
        "no" => Grant::Nothing,
        "own club" => Grant::OwnClub,
        "own session" => Grant::OwnInOwnClub,
        "own club, own session" => Grant::OwnClubOrOwn,
        other => panic!("the cell {other:?} means nothing"),
    }
}

/// What a table says of a cell; no, where it says nothing.
pub fn expected(table: &[Expectation], cell: &Cell<'_>) -> bool {
    table
        .iter()
        .filter(|row| row.actions.iter().any(|action| action == cell.action))
        .flat_map(|row| &row.grants)
        .any(|(role, grant)| role == cell.role && grant.covers(cell))
}

/// The cells that a policy answers otherwise than expected, a readable line each.
#[track_caller]
pub fn differences<'a, P: Policy>(
    policy: &Harness<P>,
    cells: impl IntoIterator<Item = Cell<'a>>,
    expected: impl Fn(&Cell<'a>) -> bool,
) -> Vec<String> {
    let mut differences = Vec::new();
    for cell in cells {
        let decision = policy.ask(&cell.request());
        if decision.allow != expected(&cell) {
            let (is, code) = (
                if decision.allow { "allowed" } else { "denied" },
                decision.code,
            );
            differences.push(format!("{cell} is {is} ({code})"));
        }
    }
    differences
}
