//! Pages of other origins: none may read anything, but those that the configuration names.

use padelvar_tests::{Answer, Config, Host, machine};
use reqwest::Method;

const NAMED: &str = "https://club.example";
const ALSO_NAMED: &str = "http://127.0.0.1:8000";
const PATH: &str = "/api/video/session/create";

async fn preflight(host: &Host, origin: &str, method: &str) -> Answer {
    let headers = [
        ("origin", origin),
        ("access-control-request-method", method),
        (
            "access-control-request-headers",
            "authorization,content-type",
        ),
    ];
    let api = host.api.with_token(None);
    api.send(Method::OPTIONS, PATH, &headers).await
}

fn allowed_origin(answer: &Answer) -> Option<&str> {
    let header = answer.headers.get("access-control-allow-origin")?;
    header.to_str().ok()
}

#[tokio::test]
async fn exactly_the_named_origins() {
    let _shared = machine::shared().await;
    let line = format!("cors_origins = [\"{NAMED}\", \"{ALSO_NAMED}\"]");
    let host = Host::start(&Config::new().server(&line)).await;
    for origin in [NAMED, ALSO_NAMED] {
        let answer = preflight(&host, origin, "POST").await;
        assert!(matches!(answer.status, 200 | 204), "{}", answer.text());
        assert_eq!(allowed_origin(&answer), Some(origin));
        assert_eq!(answer.header("access-control-allow-credentials"), "true");
        let list = |name: &str| answer.header(name).to_ascii_lowercase();
        let headers = list("access-control-allow-headers");
        for header in ["authorization", "content-type"] {
            assert!(headers.contains(header), "{headers}");
        }
        for method in ["POST", "DELETE", "GET"] {
            let answer = preflight(&host, origin, method).await;
            let methods = answer.header("access-control-allow-methods");
            assert!(methods.contains(method), "{methods}");
        }
        // With credentials a star means nothing to a browser.
        assert!(!headers.contains('*'));
        assert!(
            answer
                .header("vary")
                .to_ascii_lowercase()
                .contains("origin")
        );
        // Answers themselves, failures among them: else a page cannot tell why.
        let headers = [("origin", origin)];
        for (path, status) in [("/api/video/health", 200), ("/api/nothing", 404)] {
            let answer = host.api.send(Method::GET, path, &headers).await;
            assert_eq!(answer.status, status);
            assert_eq!(allowed_origin(&answer), Some(origin), "{path}");
            let credentials = answer.header("access-control-allow-credentials");
            assert_eq!(credentials, "true", "{path}");
        }
        let stranger = host.api.with_token(None);
        let answer = stranger
            .send(Method::GET, "/api/video/session/list", &headers)
            .await;
        assert_eq!(allowed_origin(&answer), Some(origin));
        answer.problem(401);
    }
    for other in [
        "https://club.example.evil.example",
        "https://evilclub.example",
        "http://club.example",
        "https://club.example:8443",
        "https://CLUB.example",
        "null",
        "*",
        "http://127.0.0.1:8001",
        "",
    ] {
        assert_eq!(
            allowed_origin(&preflight(&host, other, "POST").await),
            None,
            "{other}"
        );
        let headers = [("origin", other)];
        let answer = host
            .api
            .send(Method::GET, "/api/video/health", &headers)
            .await;
        assert_eq!(allowed_origin(&answer), None, "{other}");
        assert!(
            !answer
                .headers
                .contains_key("access-control-allow-credentials")
        );
    }
    host.end().await;
}

#[tokio::test]
async fn none_by_default() {
    let _shared = machine::shared().await;
    let host = Host::start(&Config::new()).await;
    let own = host.api.base.clone();
    for origin in [NAMED, ALSO_NAMED, "null", own.as_str()] {
        let answer = preflight(&host, origin, "POST").await;
        assert_eq!(allowed_origin(&answer), None, "{origin}");
        let headers = [("origin", origin)];
        let answer = host
            .api
            .send(Method::GET, "/api/video/health", &headers)
            .await;
        assert_eq!(
            (answer.status, allowed_origin(&answer)),
            (200, None),
            "{origin}"
        );
    }
    host.end().await;
}
