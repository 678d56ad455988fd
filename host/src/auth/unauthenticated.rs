//! Why a request is from nobody.

use std::time::Duration;

use thiserror::Error;

/// Nobody, as far as we can tell. No text of it holds a part of what was presented.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Unauthenticated {
    /// Nothing was presented.
    #[error("a token is needed: Authorization: Bearer <token>")]
    Missing,
    /// What was presented is not good, for this reason. The text has no quotes and no
    /// backslash, so that it can stand in a header.
    #[error("{0}")]
    Bad(&'static str),
    /// No token can be checked: the identity provider's keys were not fetched yet. It is no
    /// failure of the caller's.
    #[error("keys unavailable: the identity provider does not hand out its keys; try again later")]
    KeysUnavailable,
    /// It is not good, and neither were too many before it.
    #[error("too many failed authentications from this address")]
    TooMany {
        /// When failures are told as such again.
        retry_after: Duration,
    },
}
