//! Who may call a route. There is no way to register a route without saying it.

use crate::auth::Action;

/// Who may call a route.
#[derive(Clone, Copy, Debug)]
pub enum Access {
    /// Everybody, for this reason.
    Public(&'static str),
    /// Whoever has a good token, for this reason: the policy has nothing to say.
    Authenticated(&'static str),
    /// Whoever the policy allows one of these actions, by token. The handler asks; one that
    /// succeeds without having asked is answered 500.
    Asks(&'static [Action]),
    /// The same by token, cookie or ticket: what a page or a player fetches by its address.
    AsksByLink(&'static [Action]),
}
