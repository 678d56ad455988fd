//! Pages of other origins: those of `server.cors_origins`, exactly as written there, read anew
//! at each request. With none the API is for its own origin only, and says nothing about it.

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};

use super::App;

const METHODS: &str = "GET, HEAD, POST, PUT, DELETE";
const HEADERS: &str =
    "Authorization, Content-Type, Last-Event-ID, Range, If-Range, If-None-Match, If-Modified-Since";
const EXPOSED: &str = "Content-Range, Content-Disposition, Accept-Ranges, ETag, Last-Modified, \
Retry-After, Allow, X-Request-Id";
/// How long a browser may remember what it was told, seconds. No longer than a change of the
/// configuration should take to be noticed.
const REMEMBERED: &str = "600";

/// Answers preflights and marks answers, failures and streams included.
pub fn wrap(router: Router<App>, app: &App) -> Router<App> {
    router.layer(from_fn_with_state(app.clone(), answer))
}

async fn answer(State(app): State<App>, request: Request, next: Next) -> Response {
    let config = app.sessions.config();
    let origins = &config.server.cors_origins;
    if origins.is_empty() {
        return next.run(request).await;
    }
    let origin = request.headers().get(header::ORIGIN);
    let origin = origin.and_then(|origin| allowed(origins, origin));
    let preflight = request.method() == Method::OPTIONS
        && request
            .headers()
            .contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    let mut response = match origin {
        // A browser sends no token with it, and no handler is asked.
        Some(_) if preflight => {
            let mut response = StatusCode::NO_CONTENT.into_response();
            set(
                response.headers_mut(),
                header::ACCESS_CONTROL_ALLOW_METHODS,
                METHODS,
            );
            set(
                response.headers_mut(),
                header::ACCESS_CONTROL_ALLOW_HEADERS,
                HEADERS,
            );
            set(
                response.headers_mut(),
                header::ACCESS_CONTROL_MAX_AGE,
                REMEMBERED,
            );
            response
        }
        _ => next.run(request).await,
    };
    let headers = response.headers_mut();
    // Also for those who are not allowed: a cache keeps the answers apart.
    headers.append(header::VARY, HeaderValue::from_static("Origin"));
    if let Some(origin) = origin {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        set(headers, header::ACCESS_CONTROL_ALLOW_CREDENTIALS, "true");
        set(headers, header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
    }
    response
}

/// The origin, where it is one of those.
fn allowed(origins: &[String], origin: &HeaderValue) -> Option<HeaderValue> {
    origins
        .iter()
        .any(|known| known.as_bytes() == origin.as_bytes())
        .then(|| origin.clone())
}

fn set(headers: &mut HeaderMap, name: HeaderName, value: &'static str) {
    headers.insert(name, HeaderValue::from_static(value));
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::{router, testing};
    use super::*;
    use crate::config::Config;

    const CLUB: (&str, &str) = ("origin", "https://club.example");

    fn config() -> Config {
        let mut config = Config::default();
        config.server.cors_origins = vec![CLUB.1.to_owned()];
        config
    }

    fn allowed(headers: &HeaderMap) -> Option<&str> {
        let origin = headers.get(header::ACCESS_CONTROL_ALLOW_ORIGIN)?;
        origin.to_str().ok()
    }

    #[tokio::test]
    async fn answers_failures_and_preflights_of_origins_that_are_named() {
        let router = router(testing::app(config()).0);
        for (path, expected) in [("/healthz", 200), ("/api/video/terrains", 401), ("/x", 404)] {
            let (status, headers, _) = testing::call(&router, "GET", path, &[CLUB]).await;
            assert_eq!(status, expected, "{path}");
            assert_eq!(allowed(&headers), Some(CLUB.1), "{path}");
            assert_eq!(headers["access-control-allow-credentials"], "true");
            assert_eq!(headers["vary"], "Origin");
        }
        let asked = ("access-control-request-method", "POST");
        let path = "/api/video/session/create";
        let (status, headers, _) = testing::call(&router, "OPTIONS", path, &[CLUB, asked]).await;
        assert_eq!((status.as_u16(), allowed(&headers)), (204, Some(CLUB.1)));
        for name in ["allow-methods", "allow-headers", "max-age"] {
            assert!(
                headers.contains_key(format!("access-control-{name}")),
                "{name}"
            );
        }
    }

    #[tokio::test]
    async fn others_are_told_nothing() {
        let router = router(testing::app(config()).0);
        let asked = ("access-control-request-method", "POST");
        for origin in [
            "https://club.example.evil",
            "http://club.example",
            "null",
            "",
        ] {
            let other = ("origin", origin);
            let (status, headers, _) = testing::call(&router, "GET", "/healthz", &[other]).await;
            assert_eq!(
                (status.as_u16(), allowed(&headers)),
                (200, None),
                "{origin}"
            );
            assert_eq!(headers["vary"], "Origin");
            let (status, headers, _) =
                testing::call(&router, "OPTIONS", "/healthz", &[other, asked]).await;
            assert_eq!(
                (status.as_u16(), allowed(&headers)),
                (405, None),
                "{origin}"
            );
        }
    }

    #[tokio::test]
    async fn a_change_of_the_configuration_applies() {
        let (app, sender) = testing::app(Config::default());
        let router = router(app);
        let (_, headers, _) = testing::call(&router, "GET", "/healthz", &[CLUB]).await;
        assert!(allowed(&headers).is_none() && !headers.contains_key("vary"));
        sender.send_replace(Arc::new(config()));
        let (_, headers, _) = testing::call(&router, "GET", "/healthz", &[CLUB]).await;
        assert_eq!(allowed(&headers), Some(CLUB.1));
    }
}
