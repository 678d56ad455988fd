//! The cookie: for what a browser fetches by itself, and for nothing else.

use padelvar_tests::{Api, Config, Host, cameras, machine, token};
use reqwest::Method;
use serde_json::json;
use simcam::RtspConfig;

const PATH: &str = "/api/auth/cookie";

/// The cookie as it is set, and its attributes in lower case, sorted.
async fn set_by(api: &Api, headers: &[(&str, &str)]) -> (String, Vec<String>) {
    let answer = api.send(Method::POST, PATH, headers).await;
    assert_eq!(answer.status, 204, "{}", answer.text());
    assert!(answer.bytes.is_empty());
    let cookies: Vec<_> = answer.headers.get_all("set-cookie").iter().collect();
    assert_eq!(cookies.len(), 1, "{cookies:?}");
    let text = cookies[0].to_str().expect("text");
    let mut parts = text.split(';').map(|part| part.trim().to_owned());
    let cookie = parts.next().expect("a cookie");
    let mut attributes: Vec<_> = parts.map(|part| part.to_ascii_lowercase()).collect();
    attributes.sort();
    (cookie, attributes)
}

#[tokio::test]
async fn what_it_is_and_where_it_is_taken() {
    let _shared = machine::shared().await;
    let camera = cameras::rtsp(RtspConfig::default()).await;
    let host = Host::start(&Config::of(&camera)).await;
    let (cookie, attributes) = set_by(&host.api, &[]).await;
    let value = cookie.strip_prefix("padelvar_token=").expect("its name");
    assert!(value.len() > 20, "{cookie}");
    let expected = ["httponly", "max-age=", "path=/", "samesite=strict"];
    assert_eq!(attributes.len(), expected.len(), "{attributes:?}");
    for (found, expected) in attributes.iter().zip(expected) {
        assert!(found.starts_with(expected), "{attributes:?}");
    }
    let age = attributes[1]
        .rsplit('=')
        .next()
        .and_then(|n| n.parse().ok());
    let age: i64 = age.expect("a number");
    assert!((3500..=3600).contains(&age), "{age} s of a token's hour");

    let id = host.api.create(1).await;
    host.api.start(&id).await;
    host.api.until_recording(&id, "recording").await;
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    host.api.stop(&id).await;
    let id = [id, host.api.create(1).await];
    let browser = host.api.with_token(None);
    let [file, live] = &id;
    let beside = format!("theme=dark; {cookie}; padelvar_tokens=x");
    for (cookie, good) in [
        (cookie.as_str(), true),
        (&beside, true),
        ("padelvar_token=", false),
        ("padelvar_token=a.b.c", false),
        (&cookie.replace("padelvar_token", "Padelvar_Token"), false),
        (&cookie[..cookie.len() - 3], false),
    ] {
        for path in [
            format!("/api/preview/{live}/snapshot.jpg"),
            format!("/api/preview/{live}/stream.mjpeg"),
            format!("/api/preview/{live}/info"),
            format!("/api/video/files/{file}/download"),
            "/api/video/events".to_owned(),
        ] {
            let headers = [("cookie", cookie)];
            // Streams do not end: only the head is read.
            let answer = browser.open(Method::GET, &path, &headers).await;
            let status = if good { 200 } else { 401 };
            assert_eq!(answer.status(), status, "{path} with {cookie}");
        }
    }
    // The proxy listener takes it too.
    let session = host.api.session(live).await;
    let feed = session["proxy_url"].as_str().expect("a URL");
    let feed = feed.split('?').next().unwrap_or_default();
    for (cookie, status) in [(cookie.as_str(), 200), ("padelvar_token=x", 401)] {
        let asked = browser.client.get(feed).header("cookie", cookie).send();
        assert_eq!(asked.await.expect("it answers").status(), status);
    }
    nothing_else(&browser, &cookie, live, file).await;
    // The contract names no other way to say who one is.
    assert_eq!(host.api.session(live).await["status"], "active");
    host.end().await;
}

/// Another site's form or picture could bring the cookie along, so it changes nothing.
async fn nothing_else(browser: &Api, cookie: &str, live: &str, file: &str) {
    let headers = [("cookie", cookie)];
    for path in [
        "/api/video/session/list".to_owned(),
        format!("/api/video/session/{live}"),
        format!("/api/video/record/status/{file}"),
        format!("/api/video/record/report/{file}"),
        "/api/video/terrains".to_owned(),
        "/api/video/files/list".to_owned(),
        "/api/plugins".to_owned(),
    ] {
        let answer = browser.send(Method::GET, &path, &headers).await;
        answer.problem(401);
    }
    let body = json!({"session_id": live, "terrain_id": 1}).to_string();
    for path in [
        "/api/video/session/create",
        "/api/video/session/close",
        "/api/video/record/start",
        "/api/video/record/stop",
        "/api/video/cleanup",
        PATH,
    ] {
        let request = browser.client.post(format!("{}{path}", browser.base));
        let request = request.header("cookie", cookie);
        let request = request.header("content-type", "application/json");
        let answer = request.body(body.clone()).send().await.expect("it answers");
        assert_eq!(answer.status(), 401, "{path}");
    }
    let path = format!("/api/video/files/{file}/delete");
    let answer = browser.send(Method::DELETE, &path, &headers).await;
    answer.problem(401);
}

#[tokio::test]
async fn secure_under_https_and_only_for_good_tokens() {
    let _shared = machine::shared().await;
    let behind = Config::new().server("trusted_proxies = [\"127.0.0.1\"]");
    let host = Host::start(&behind).await;
    let https = [
        ("x-forwarded-proto", "https"),
        ("x-forwarded-for", "203.0.113.7"),
    ];
    let (_, attributes) = set_by(&host.api, &https).await;
    assert!(attributes.iter().any(|a| a == "secure"), "{attributes:?}");
    let (_, attributes) = set_by(&host.api, &[]).await;
    assert!(!attributes.iter().any(|a| a == "secure"), "{attributes:?}");
    for token in [None, Some("a.b.c"), Some(token::UNSIGNED)] {
        let api = host.api.with_token(token);
        let answer = api.send(Method::POST, PATH, &[]).await;
        assert!(!answer.headers.contains_key("set-cookie"));
        answer.problem(401);
    }
    host.api.get(PATH).await.problem(405);
    host.end().await;
}
