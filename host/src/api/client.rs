//! Where a request comes from.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{Extensions, HeaderMap};

use super::App;
use crate::auth::client_address;
use crate::config::Network;

/// Headers that proxies add: with one of them the client is not who connected.
const OF_PROXIES: [&str; 6] = [
    "forwarded",
    "via",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
    "x-real-ip",
];

/// Who sent a request, as far as addresses tell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Client {
    /// The client's address, by what proxies that are believed say.
    pub address: Option<IpAddr>,
    /// Who connected.
    peer: Option<IpAddr>,
    /// Whether a proxy stands between, believed or not.
    forwarded: bool,
    /// Whether a proxy that is believed was reached by HTTPS.
    https: bool,
}

impl Client {
    /// The client of a request. `trusted`: `server.trusted_proxies`.
    pub fn of(headers: &HeaderMap, extensions: &Extensions, trusted: &[Network]) -> Self {
        let forwarded = OF_PROXIES.iter().any(|name| headers.contains_key(*name));
        let connected = extensions.get::<ConnectInfo<SocketAddr>>();
        let Some(peer) = connected.map(|ConnectInfo(peer)| peer.ip().to_canonical()) else {
            return Self {
                forwarded,
                ..Self::default()
            };
        };
        // A line that is no text says nothing, and neither does what stands before it.
        let lines = headers.get_all("x-forwarded-for").iter();
        let lines = lines.map(|line| line.to_str().unwrap_or_default());
        let lines: Vec<_> = lines.collect();
        let believed = trusted.iter().any(|network| network.contains(peer));
        let scheme = headers.get("x-forwarded-proto");
        // With several proxies the first of the list is the client's own.
        let scheme = scheme.and_then(|scheme| scheme.to_str().ok()?.split(',').next());
        let https = scheme.is_some_and(|scheme| scheme.trim().eq_ignore_ascii_case("https"));
        Self {
            address: Some(client_address(peer, lines.into_iter(), trusted)),
            peer: Some(peer),
            forwarded,
            https: believed && https,
        }
    }

    /// Whether it runs on this machine and nobody stands between.
    pub fn is_local(&self) -> bool {
        !self.forwarded && self.peer.is_some_and(|peer| peer.is_loopback())
    }

    /// Whether it came by HTTPS, which the host itself does not speak.
    pub fn is_https(&self) -> bool {
        self.https
    }
}

impl FromRequestParts<App> for Client {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Infallible> {
        let config = app.sessions.config();
        let trusted = &config.server.trusted_proxies;
        Ok(Self::of(&parts.headers, &parts.extensions, trusted))
    }
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    fn client(peer: &str, headers: &[(&str, &str)]) -> Client {
        let mut request = Request::builder();
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (mut parts, ()) = request.body(()).unwrap().into_parts();
        let peer = SocketAddr::new(peer.parse().unwrap(), 4711);
        parts.extensions.insert(ConnectInfo(peer));
        let trusted = ["127.0.0.1".parse().unwrap()];
        Client::of(&parts.headers, &parts.extensions, &trusted)
    }

    #[test]
    fn addresses_and_schemes() {
        let told = [
            ("X-Forwarded-For", "1.1.1.1, 192.0.2.1"),
            ("X-Forwarded-Proto", "HTTPS, http"),
        ];
        let believed = client("127.0.0.1", &told);
        assert_eq!(believed.address, Some("192.0.2.1".parse().unwrap()));
        assert!(believed.is_https());
        let stranger = client("198.51.100.1", &told);
        assert_eq!(stranger.address, Some("198.51.100.1".parse().unwrap()));
        assert!(!stranger.is_https());
        assert!(!client("127.0.0.1", &[("X-Forwarded-Proto", "http")]).is_https());
        let two = [("X-Forwarded-For", "192.0.2.1"), ("X-Forwarded-For", "ü")];
        assert_eq!(
            client("127.0.0.1", &two).address,
            Some("127.0.0.1".parse().unwrap())
        );
        let nobody = Client::of(&HeaderMap::new(), &Extensions::new(), &[]);
        assert_eq!(nobody, Client::default());
        assert!(!nobody.is_local());
    }

    #[test]
    fn who_is_local() {
        assert!(client("127.0.0.1", &[]).is_local());
        assert!(client("::1", &[]).is_local());
        assert!(client("::ffff:127.0.0.2", &[]).is_local());
        assert!(!client("192.0.2.1", &[]).is_local());
        for name in OF_PROXIES {
            assert!(!client("127.0.0.1", &[(name, "")]).is_local(), "{name}");
        }
    }
}
