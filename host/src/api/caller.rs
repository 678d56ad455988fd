//! What a request brought along to prove who it is from.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::header;
use axum::http::request::Parts;

use super::App;
use super::guard::RequestId;
use super::input::Params;
use super::problem::Problem;
use crate::auth::{self, Asked, Presented, Principal, Purpose};

/// Bearer token and ticket, unchecked, and where they came from.
pub struct Papers {
    presented: Presented,
    address: Option<IpAddr>,
    request_id: Option<String>,
    asked: Asked,
}

impl Papers {
    /// Who it is, by a token or by a ticket for this session and purpose.
    pub async fn caller(
        &self,
        app: &App,
        session: &str,
        purpose: Purpose,
    ) -> Result<auth::Caller, Problem> {
        let principal = app
            .door
            .by_ticket_or_token(&self.presented, session, purpose)
            .await?;
        Ok(self.of(principal))
    }

    /// Nobody is asked here: the configuration opened it to all.
    pub fn open_to_all(&self) {
        self.asked.open();
    }

    fn of(&self, principal: Principal) -> auth::Caller {
        auth::Caller {
            principal,
            address: self.address,
            request_id: self.request_id.clone(),
            asked: self.asked.clone(),
        }
    }
}

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
        let address = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        Ok(Self {
            presented: Presented {
                bearer,
                ticket,
                cookie: None,
                address: address.map(|ConnectInfo(address)| address.ip()),
            },
            address: address.map(|ConnectInfo(address)| address.ip()),
            request_id: parts.extensions.get::<RequestId>().map(|id| id.0.clone()),
            asked: parts.extensions.get::<Asked>().cloned().unwrap_or_default(),
        })
    }
}

/// Somebody with a good token. As an argument of a handler it comes before the body, so that
/// nobody learns anything of a body's checks without a token.
pub struct Caller(pub auth::Caller);

impl FromRequestParts<App> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let Ok(papers) = Papers::from_request_parts(parts, app).await;
        let principal = app.door.by_token(&papers.presented).await?.principal;
        Ok(Self(papers.of(principal)))
    }
}
