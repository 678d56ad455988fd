//! What a request brought along to prove who it is from.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;

use super::App;
use super::input::Params;
use super::problem::Problem;
use crate::auth::{Presented, Principal};

/// Bearer token and ticket, unchecked.
pub struct Papers(pub Presented);

impl<S: Send + Sync> FromRequestParts<S> for Papers {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        let bearer = parts
            .headers
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
            .map(|(_, token)| token.trim().to_owned());
        let ticket = Params::of(&parts.uri).get("ticket").map(str::to_owned);
        Ok(Self(Presented { bearer, ticket }))
    }
}

/// Somebody with a good token. As an argument of a handler it comes before the body, so that
/// nobody learns anything of a body's checks without a token.
pub struct Caller(pub Principal);

impl FromRequestParts<App> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let Ok(Papers(presented)) = Papers::from_request_parts(parts, app).await;
        Ok(Self(app.door.by_token(&presented)?))
    }
}
