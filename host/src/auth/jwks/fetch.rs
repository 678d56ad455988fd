//! Fetching a set of keys over HTTP.

use std::time::Duration;

use futures_util::future::BoxFuture;
use reqwest::redirect::{Attempt, Policy};
use reqwest::{Client, StatusCode};

use super::key_set::KeySet;

/// Longest set, bytes. Stops a server that sends without end.
const MOST_BYTES: usize = 256 << 10;
/// Headers of the answer.
const MOST_HEADERS: usize = 100;
/// Redirects that are followed, all on the same origin.
const MOST_REDIRECTS: usize = 3;
/// How long all of it may take: a request that waits for it waits no longer.
pub const PATIENCE: Duration = Duration::from_secs(5);

/// Something that fetches the set at a URL.
pub type Fetch = Box<dyn Fn(String) -> BoxFuture<'static, Result<KeySet, String>> + Send + Sync>;

/// Fetches over HTTP, without a proxy from the environment and without cookies.
pub fn http() -> Fetch {
    Box::new(|url| Box::pin(async move { fetch(&url).await }))
}

/// Fetches once; an error says why that failed, without the URL.
pub async fn fetch(url: &str) -> Result<KeySet, String> {
    let body = tokio::time::timeout(PATIENCE, body(url))
        .await
        .map_err(|_| format!("no answer within {} s", PATIENCE.as_secs()))??;
    KeySet::read(&body)
}

async fn body(url: &str) -> Result<Vec<u8>, String> {
    // A client a fetch: there is one in a quarter of an hour, and none of it needs to be kept.
    let client = Client::builder()
        .no_proxy()
        .redirect(Policy::custom(same_origin))
        .http1_only()
        .http1_max_headers(MOST_HEADERS)
        .pool_max_idle_per_host(0)
        .build()
        .map_err(explain)?;
    let mut response = client.get(url).send().await.map_err(explain)?;
    if response.status() != StatusCode::OK {
        return Err(format!("the answer is {}", response.status().as_u16()));
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(explain)? {
        if body.len() + chunk.len() > MOST_BYTES {
            return Err(format!("the answer has over {MOST_BYTES} bytes"));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// Whoever can name another place for the keys can make any token, so that only the place that
/// the configuration names is believed.
fn same_origin(attempt: Attempt<'_>) -> reqwest::redirect::Action {
    let origin = attempt.url().origin();
    let previous = attempt.previous();
    if previous.len() > MOST_REDIRECTS {
        return attempt.error("too many redirects");
    }
    if previous.iter().any(|url| url.origin() != origin) {
        return attempt.error("a redirect to another origin");
    }
    attempt.follow()
}

/// An error and its causes in one line, without the URL.
fn explain(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(&error);
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::http::StatusCode;
    use axum::response::Redirect;
    use axum::routing::get;
    use serde_json::json;
    use tokio::net::TcpListener;

    use super::super::super::test_keys::TestKey;
    use super::*;

    async fn serve(router: Router) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        // It ends with the test's runtime.
        tokio::spawn(async move { axum::serve(listener, router).await });
        format!("http://{address}")
    }

    #[tokio::test]
    async fn sets_and_what_is_none() {
        crate::install_crypto();
        let set = json!({"keys": [TestKey::ed().jwk("a")]}).to_string();
        let other = serve(Router::new().route(
            "/keys",
            get({
                let set = set.clone();
                || async { set }
            }),
        ))
        .await;
        let away = format!("{other}/keys");
        let padded = format!("{}{set}", " ".repeat(MOST_BYTES - set.len()));
        let over = format!(" {padded}");
        let router = Router::new()
            .route("/keys", get(|| async { set }))
            .route("/padded", get(|| async { padded }))
            .route("/over", get(|| async { over }))
            .route("/here", get(|| async { Redirect::temporary("/keys") }))
            .route("/loop", get(|| async { Redirect::temporary("/loop") }))
            .route("/away", get(|| async move { Redirect::temporary(&away) }))
            .route("/none", get(|| async { StatusCode::NO_CONTENT }))
            .route("/page", get(|| async { "<html>" }));
        let base = serve(router).await;
        let rows = [
            ("/keys", "1"),
            ("/padded", "1"),
            ("/here", "1"),
            ("/over", "over 262144 bytes"),
            ("/loop", "too many redirects"),
            ("/away", "another origin"),
            ("/none", "204"),
            ("/gone", "404"),
            ("/page", "not JSON"),
        ];
        for (path, expected) in rows {
            let found = fetch(&format!("{base}{path}")).await;
            let found = found.map_or_else(|error| error, |keys| keys.len().to_string());
            assert!(found.contains(expected), "{path}: {found}");
            assert!(!found.contains(&base), "{path}: {found}");
        }
        let closed = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = closed.local_addr().unwrap();
        drop(closed);
        assert!(fetch(&format!("http://{address}/keys")).await.is_err());
    }
}
