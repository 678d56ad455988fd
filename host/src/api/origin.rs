//! Pages of other origins. Pure.
//!
//! `SameSite=Strict` keeps the cookie back from other sites, but another port and another name
//! of the same domain are the same site to browsers; and any page may open a WebSocket anywhere
//! and read it: the server has to look where it comes from (RFC 6455, 10.2).

use axum::http::{HeaderMap, header, uri::Authority};
use url::Url;

/// Whether the request comes from no page, from one of this host (by its own name and port, as
/// the browser knows them), or from one of the configured origins.
pub fn is_welcome(headers: &HeaderMap, configured: &[String]) -> bool {
    let mut origins = headers.get_all(header::ORIGIN).iter();
    let Some(origin) = origins.next() else {
        return true;
    };
    let (Ok(origin), None) = (origin.to_str(), origins.next()) else {
        return false;
    };
    configured
        .iter()
        .any(|known| known.eq_ignore_ascii_case(origin))
        || is_same_host(headers, origin)
}

fn is_same_host(headers: &HeaderMap, origin: &str) -> bool {
    let host = headers.get(header::HOST);
    let host = host.and_then(|host| host.to_str().ok()?.parse::<Authority>().ok());
    let (Some(host), Ok(origin)) = (host, Url::parse(origin)) else {
        return false;
    };
    // TLS may end in front of this host, so that the origin alone knows the scheme, and with
    // it the port that is left out.
    let port = host.port_u16().or(match origin.scheme() {
        "https" => Some(443),
        _ => Some(80),
    });
    let named = |name: &str| name.eq_ignore_ascii_case(host.host());
    matches!(origin.scheme(), "http" | "https")
        && origin.host_str().is_some_and(named)
        && origin.port_or_known_default() == port
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn welcome(host: &str, origin: &str) -> bool {
        let headers = [(header::HOST, host), (header::ORIGIN, origin)];
        let headers = headers.map(|(name, value)| (name, value.parse().unwrap()));
        is_welcome(
            &headers.into_iter().collect(),
            &["https://club.example".into()],
        )
    }

    #[test]
    fn this_host_and_those_that_are_configured() {
        for (host, origin) in [
            ("127.0.0.1:5000", "http://127.0.0.1:5000"),
            ("video.example", "https://video.example"),
            ("video.example:443", "https://video.example"),
            ("Video.Example", "http://video.example"),
            ("[::1]:5000", "http://[::1]:5000"),
            ("127.0.0.1:5000", "https://club.example"),
        ] {
            assert!(welcome(host, origin), "{host} {origin}");
        }
        for (host, origin) in [
            ("127.0.0.1:5000", "http://127.0.0.1:5001"),
            ("127.0.0.1:5000", "http://localhost:5000"),
            ("video.example", "https://evil.example"),
            ("video.example", "https://video.example.evil.example"),
            ("video.example", "https://video.example:8443"),
            ("video.example", "http://video.example:443"),
            ("video.example", "https://video.example@evil.example"),
            ("video.example", "null"),
            ("null", "null"),
            ("", ""),
            ("video.example", ""),
            ("video.example", "file:///video.example"),
            ("video.example", "ftp://video.example:80"),
            ("", "http://video.example"),
            ("127.0.0.1:5000", "http://club.example"),
        ] {
            assert!(!welcome(host, origin), "{host} {origin}");
        }
        assert!(is_welcome(&HeaderMap::new(), &[]), "no page");
        let mut headers = HeaderMap::new();
        let mut add = |origin: &[u8]| {
            let origin = HeaderValue::from_bytes(origin).unwrap();
            headers.append(header::ORIGIN, origin);
            is_welcome(&headers, &["https://club.example".into()])
        };
        assert!(add(b"https://club.example"), "without a Host");
        assert!(
            !add(b"https://club.example"),
            "which of the two is believed?"
        );
        headers.clear();
        headers.insert(header::ORIGIN, HeaderValue::from_bytes(b"\xff").unwrap());
        assert!(!is_welcome(&headers, &[]));
    }
}
