//! What each role may do, at any hour.

use padelvar_policy_sdk::names::{action, role};
use padelvar_policy_sdk::{Decision, Request, shown};

/// The role that is bound to hours.
pub const PLAYER: &str = role::PLAYER;

/// What concerns one session.
const SESSION: [&str; 6] = [
    action::SESSION_VIEW,
    action::SESSION_CLOSE,
    action::RECORDING_START,
    action::RECORDING_STOP,
    action::RECORDING_VIEW,
    action::PREVIEW_VIEW,
];
const FILES: [&str; 3] = [
    action::FILE_LIST,
    action::FILE_DOWNLOAD,
    action::FILE_DELETE,
];

/// Why the role does not allow it; none where it does.
pub fn refusal(request: &Request) -> Option<Decision> {
    let action = request.action.as_str();
    let of_session = SESSION.contains(&action);
    let books = action == action::SESSION_CREATE;
    match request.principal.role.as_str() {
        // Actions are an open set: what is not known is denied, to everybody.
        role::SUPER_ADMIN if action::ALL.contains(&action) => None,
        role::CLUB_ADMIN if of_session || books || FILES.contains(&action) => outside(request),
        PLAYER if books => outside(request),
        PLAYER if of_session => outside(request).or_else(|| {
            let deny = || Decision::deny("not_your_session", "this is another user's session");
            (!request.is_owner()).then(deny)
        }),
        role => {
            let reason = format!("the role `{}` may not do that", shown(role));
            Some(Decision::deny("role_not_allowed", reason))
        }
    }
}

fn outside(request: &Request) -> Option<Decision> {
    let deny = || Decision::deny("not_your_club", "this belongs to another club");
    (!request.in_own_club()).then(deny)
}
