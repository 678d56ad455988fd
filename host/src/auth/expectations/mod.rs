//! Tables of expectations: what a policy has to answer, before it is put in force.
//!
//! A table is a TOML file for administrators:
//!
//! ```toml
//! # The matrix: a row an action, a column a role.
//! roles = ["SUPER_ADMIN", "CLUB_ADMIN", "PLAYER"]
//! anything_else = "no"       # roles without a column, actions without a row
//!
//! [matrix]
//! session.create = ["yes", "yes", "own club"]
//! "session.view session.close" = ["yes", "own club, own session", "own session"]
//! system.cleanup = ["yes", "yes", "no"]
//! plugin.view    = "no"      # for all of them
//!
//! # Single expectations, for what a matrix cannot say.
//! [[expect]]
//! name = "nobody books at night"
//! role = "PLAYER"
//! action = "session.create"
//! at = 2026-06-01T23:30:00Z
//! allow = false
//! code = "closed_at_night"
//! ```
//!
//! A cell of the matrix is `yes`, `no`, `own club` (what belongs to the user's club), `own
//! session` (what the user made, in their own club), `own club, own session` (what belongs to
//! their club, and what they made anywhere), `own session anywhere`, or `-` (nothing is
//! expected). Each is tried on everything that the host can ask: own and other people's things,
//! in the user's club and in another one, by users with and without a club.
//!
//! In `[[expect]]`, `role` and `action` are a text or a list of them, and so are `club` and
//! `owner` (`own`, `other`, `none`; `club = "none"` also where the user has none): those that are
//! left out are all. `code` and `obligations` are only looked at where they are given;
//! `obligations = {}` says that there are none.
//!
//! The circumstances, for the whole table at its top and in each `[[expect]]`: `at` (a time with
//! a zone, or a list of them; noon of a winter's Thursday in UTC unless told), `address` (of the
//! client), `claims` (further ones of the token), `user`, `user_club` and `terrain` (ids).

mod evaluate;
mod grant;
mod parse;
mod report;
mod section;

#[cfg(test)]
mod tests;

use std::net::IpAddr;

use jiff::Timestamp;

use super::action::Action;
use super::limits::Limits;
use super::whose::Standing;

pub(super) use evaluate::ask;
pub use grant::Grant;
pub use report::{Report, Unmet};

/// Most questions that a table may ask: at a tenth of a millisecond each it takes two seconds,
/// and a policy that needs its whole time for each holds nothing up for much longer.
const MOST_QUESTIONS: usize = 20_000;
/// The time of questions whose time is not told: 2026-01-01T12:00:00Z.
pub const NOON: i64 = 1_767_268_800;

/// A table that was read and found good.
#[derive(Clone, Debug, PartialEq)]
pub struct Expectations {
    /// The file, as messages name it.
    file: String,
    rows: Vec<Row>,
}

/// One thing that is expected, of every combination of what stands in it.
#[derive(Clone, Debug, PartialEq)]
struct Row {
    /// Line and column, from 1.
    place: (usize, usize),
    /// What it is called: its name, or what stands in the cell.
    label: String,
    roles: Vec<String>,
    actions: Vec<Action>,
    clubs: Vec<Standing>,
    owners: Vec<Standing>,
    circumstances: Vec<Circumstances>,
    wanted: Wanted,
}

/// What is expected.
#[derive(Clone, Debug, PartialEq)]
enum Wanted {
    /// It is allowed on what this covers, and denied on all else.
    Grant(Grant),
    /// This answer.
    Answer {
        allow: bool,
        code: Option<String>,
        limits: Option<Limits>,
    },
}

/// Who asks, when and from where.
#[derive(Clone, Debug, PartialEq)]
pub struct Circumstances {
    /// When.
    pub at: Timestamp,
    /// Whether that is the table's own choice, and worth telling.
    pub at_is_told: bool,
    /// From where.
    pub address: Option<IpAddr>,
    /// What else the token says.
    pub claims: Vec<(String, String)>,
    /// The user's id.
    pub user: String,
    /// The id of the user's club, where they have one.
    pub club: String,
    /// The terrain's id.
    pub terrain: String,
}

impl Default for Circumstances {
    fn default() -> Self {
        Self {
            at: Timestamp::constant(NOON, 0),
            at_is_told: false,
            address: Some(IpAddr::from([192, 0, 2, 1])),
            claims: Vec::new(),
            user: "17".to_owned(),
            club: "7".to_owned(),
            terrain: "3".to_owned(),
        }
    }
}
