//! Guessing tokens is slowed down; those who have one never notice.

use padelvar_tests::{Answer, Api, Config, Host, machine};
use reqwest::Method;

const PATH: &str = "/api/video/session/list";
/// Failures a minute that an address may have.
const MAY_FAIL: usize = 100;

/// Fails until it is held up; how often it failed, and the refusal.
async fn fail_until_held_up(api: &Api, headers: &[(&str, &str)]) -> (usize, Answer) {
    let bad = api.with_token(Some("a.b.c"));
    for failed in 0..MAY_FAIL * 2 {
        let answer = bad.send(Method::GET, PATH, headers).await;
        if answer.status != 401 {
            return (failed, answer);
        }
    }
    panic!("nothing holds it up");
}

#[tokio::test]
async fn by_address() {
    let _shared = machine::shared().await;
    let host = Host::start(&Config::new()).await;
    let (one, other) = (host.api.from(2), host.api.from(3));
    let (failed, refused) = fail_until_held_up(&one, &[]).await;
    // On a busy machine the first of them are a minute ago before the last one comes.
    assert!(failed >= MAY_FAIL, "held up after {failed}");
    assert!(failed < MAY_FAIL + 20, "held up after {failed} only");
    let after = refused.header("retry-after").to_owned();
    let after: u64 = after.parse().unwrap_or_else(|_| panic!("{after}"));
    assert!((1..=60).contains(&after), "{after} s");
    refused.problem(429);
    // Wherever it asks, and whomever it says it asks for.
    let bad = one.with_token(Some("x"));
    let forwarded = [
        ("x-forwarded-for", "203.0.113.7"),
        ("forwarded", "for=203.0.113.7"),
    ];
    bad.send(Method::GET, PATH, &forwarded).await.problem(429);
    bad.get("/api/video/files/list").await.problem(429);
    bad.get("/api/preview/sess_1_1/snapshot.jpg?ticket=x")
        .await
        .problem(429);
    // A good token from there, and a bad one from elsewhere.
    for _ in 0..20 {
        one.get(PATH).await.ok(200);
    }
    other.with_token(Some("x")).get(PATH).await.problem(401);
    // Whoever shows nothing where nothing is asked for is not held up either.
    let nobody = one.with_token(None);
    nobody.get("/healthz").await.ok(200);
    nobody.get("/api/video/health").await.ok(200);
    host.end().await;
}

#[tokio::test]
async fn by_the_address_that_a_trusted_proxy_reports() {
    let _shared = machine::shared().await;
    let config = Config::new().server("trusted_proxies = [\"127.0.0.0/30\"]");
    let host = Host::start(&config).await;
    let proxy = host.api.from(2);
    // What the client itself wrote stands to the left of what the proxy added.
    let client = [("x-forwarded-for", "198.51.100.9, 203.0.113.7")];
    let (failed, refused) = fail_until_held_up(&proxy, &client).await;
    assert!((MAY_FAIL..MAY_FAIL + 20).contains(&failed), "{failed}");
    refused.problem(429);
    let bad = proxy.with_token(Some("x"));
    for (forwarded, status) in [
        ("203.0.113.7", 429),
        ("192.0.2.55, 203.0.113.7, 127.0.0.1", 429),
        ("203.0.113.7, 203.0.113.8", 401),
        ("198.51.100.9", 401),
    ] {
        let headers = [("x-forwarded-for", forwarded)];
        let answer = bad.send(Method::GET, PATH, &headers).await;
        assert_eq!(answer.status, status, "{forwarded}");
    }
    // Nobody else's word counts.
    let stranger = host.api.from(200).with_token(Some("x"));
    let headers = [("x-forwarded-for", "203.0.113.7")];
    stranger
        .send(Method::GET, PATH, &headers)
        .await
        .problem(401);
    host.end().await;
}
