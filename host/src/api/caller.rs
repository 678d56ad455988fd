//! What a request brought along to prove who it is from.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{Method, header};
use jiff::Timestamp;

use super::client::Client;
use super::guard::RequestId;
use super::input::Params;
use super::problem::Problem;
use super::{App, cookie, origin};
use crate::auth::{self, Asked, Presented, Principal, Purpose};

/// Bearer token, ticket and cookie, unchecked, and where they came from.
///
/// Only handlers of previews, downloads, events and feeds take it as it is: there a ticket or the
/// cookie is as good as a token. All others take a [`Caller`].
pub struct Papers {
    presented: Presented,
    request_id: Option<String>,
    asked: Asked,
}

impl Papers {
    /// Who it is, by a token, by a ticket for this session and purpose, or by the cookie.
    pub async fn caller(
        &self,
        app: &App,
        session: &str,
        purpose: Purpose,
    ) -> Result<auth::Caller, Problem> {
        let found = app
            .door
            .by_ticket_or_token(&self.presented, session, purpose);
        Ok(self.of(found.await?))
    }

    /// Who wants to be told of events, by a token, the cookie or a ticket for a session's
    /// preview; with such a ticket, the only session that they may be told of.
    ///
    /// A stream that was opened goes on past the end of what opened it, as long as the policy,
    /// which is asked again and again, allows it.
    pub async fn watcher(&self, app: &App) -> Result<(auth::Caller, Option<String>), Problem> {
        let (principal, session) = app.door.watcher(&self.presented).await?;
        Ok((self.of(principal), session))
    }

    /// The token of the header, where it is good, and when it ends.
    pub async fn token(&self, app: &App) -> Result<(&str, Timestamp), Problem> {
        let verified = app.door.by_token(&self.presented).await?;
        let token = self.presented.bearer.as_deref().unwrap_or_default();
        Ok((token, verified.expires))
    }

    /// Nobody is asked here: the configuration opened it to all.
    pub fn open_to_all(&self) {
        self.asked.open();
    }

    fn of(&self, principal: Principal) -> auth::Caller {
        auth::Caller {
            principal,
            address: self.presented.address,
            request_id: self.request_id.clone(),
            asked: self.asked.clone(),
        }
    }
}

impl FromRequestParts<App> for Papers {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Infallible> {
        let Ok(client) = Client::from_request_parts(parts, app).await;
        let config = app.sessions.config();
        Ok(Self {
            presented: presented(parts, client, &config.server.cors_origins),
            request_id: parts.extensions.get::<RequestId>().map(|id| id.0.clone()),
            asked: parts.extensions.get::<Asked>().cloned().unwrap_or_default(),
        })
    }
}

fn presented(parts: &Parts, client: Client, cors_origins: &[String]) -> Presented {
    let bearer = parts
        .headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| token.trim().to_owned());
    let params = Params::of(&parts.uri);
    let ticket = params.get("ticket").filter(|ticket| !ticket.is_empty());
    // Nothing is changed on behalf of a cookie: browsers send it without being asked to.
    let reads = parts.method == Method::GET || parts.method == Method::HEAD;
    let from_page = reads && origin::is_welcome(&parts.headers, cors_origins);
    Presented {
        bearer,
        ticket: ticket.map(str::to_owned),
        cookie: from_page.then(|| cookie::token(&parts.headers)).flatten(),
        address: client.address,
    }
}

/// Somebody with a good token in the header. As an argument of a handler it comes before the
/// body, so that nobody learns anything of a body's checks without a token.
pub struct Caller(pub auth::Caller);

impl FromRequestParts<App> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let Ok(papers) = Papers::from_request_parts(parts, app).await;
        let verified = app.door.by_token(&papers.presented).await?;
        Ok(Self(papers.of(verified.principal)))
    }
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    fn of(method: &str, uri: &str, headers: &[(&str, &str)]) -> Presented {
        let mut request = Request::builder().method(method).uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (parts, ()) = request.body(()).unwrap().into_parts();
        presented(&parts, Client::default(), &[])
    }

    #[test]
    fn bearer_tokens() {
        let rows = [
            ("Bearer a.b.c", Some("a.b.c")),
            ("bearer  a.b.c ", Some("a.b.c")),
            ("Bearer ", Some("")),
            ("Bearer", None),
            ("Basic YTpi", None),
            ("", None),
            ("Bearer ü", None),
        ];
        for (value, expected) in rows {
            let presented = of("GET", "/", &[("Authorization", value)]);
            assert_eq!(presented.bearer.as_deref(), expected, "{value}");
        }
    }

    #[test]
    fn tickets_and_cookies() {
        let cookie = ("Cookie", "padelvar_token=c");
        let got = of("GET", "/x?ticket=t&y", &[cookie]);
        assert_eq!(got.ticket.as_deref(), Some("t"));
        assert_eq!(got.cookie.as_deref(), Some("c"));
        assert!(of("GET", "/x?ticket=", &[]).ticket.is_none());
        assert!(of("HEAD", "/x", &[cookie]).cookie.is_some());
        for method in ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"] {
            assert!(of(method, "/x", &[cookie]).cookie.is_none(), "{method}");
        }
        let elsewhere = [cookie, ("Host", "h"), ("Origin", "https://other")];
        assert!(of("GET", "/x", &elsewhere).cookie.is_none());
    }
}
