//! Nobody gets in without a good token, and nobody does anything in a role that no policy knows.

use jsonwebtoken::Algorithm;
use padelvar_tests::config::SECRET;
use padelvar_tests::{Answer, Api, Config, Host, cameras, machine, token};
use reqwest::Method;
use serde_json::{Value, json};
use simcam::RtspConfig;

/// Calls that ask for a token, of a session.
fn calls(id: &str) -> Vec<(Method, String)> {
    let get = [
        "/api/video/session/list".to_owned(),
        format!("/api/video/session/{id}"),
        format!("/api/video/record/status/{id}"),
        format!("/api/video/record/report/{id}"),
        "/api/video/terrains".to_owned(),
        "/api/video/files/list".to_owned(),
        format!("/api/video/files/{id}/download"),
        format!("/api/preview/{id}/snapshot.jpg"),
        format!("/api/preview/{id}/stream.mjpeg"),
        format!("/api/preview/{id}/info"),
        "/api/video/events".to_owned(),
        "/api/plugins".to_owned(),
    ];
    let post = [
        "video/session/create",
        "video/session/close",
        "video/record/start",
        "video/record/stop",
        "video/cleanup",
        "auth/cookie",
    ];
    let post = post.map(|path| format!("/api/{path}"));
    let get = get.into_iter().map(|path| (Method::GET, path));
    let delete = (Method::DELETE, format!("/api/video/files/{id}/delete"));
    get.chain(post.into_iter().map(|path| (Method::POST, path)))
        .chain([delete])
        .collect()
}

async fn call(api: &Api, id: &str, method: &Method, path: &str) -> Answer {
    let body = json!({"session_id": id, "terrain_id": 1})
        .to_string()
        .into_bytes();
    let body = (*method == Method::POST).then_some(("application/json", body));
    api.call(method.clone(), path, body).await
}

/// Good claims but for one.
fn changed(name: &str, value: Value) -> String {
    let mut claims = token::claims("SUPER_ADMIN");
    claims[name] = value;
    token::signed(Algorithm::HS256, SECRET, &claims)
}

fn without(name: &str) -> String {
    let mut claims = token::claims("SUPER_ADMIN");
    claims.as_object_mut().expect("an object").remove(name);
    token::signed(Algorithm::HS256, SECRET, &claims)
}

/// Tokens that stand for nobody, and what is wrong with each.
fn bad() -> Vec<(&'static str, Option<String>)> {
    let claims = token::claims("SUPER_ADMIN");
    let good = token::of("SUPER_ADMIN");
    let signed = |algorithm, key| token::signed(algorithm, key, &claims);
    let other_key = "another secret, as long as the right one";
    let table = [
        ("empty", String::new()),
        ("garbage", "garbage".to_owned()),
        ("three parts of nothing", "a.b.c".to_owned()),
        ("unsigned", token::UNSIGNED.to_owned()),
        ("HS512", signed(Algorithm::HS512, SECRET)),
        ("HS384", signed(Algorithm::HS384, SECRET)),
        ("wrong key", signed(Algorithm::HS256, other_key)),
        ("expired", changed("exp", json!(token::now() - 3600))),
        ("just expired", changed("exp", json!(token::now() - 40))),
        ("no expiry", without("exp")),
        ("expiry is text", changed("exp", json!("soon"))),
        ("expiry is negative", changed("exp", json!(-1))),
        ("not yet valid", changed("nbf", json!(token::now() + 3600))),
        ("no user", without("sub")),
        ("null user", changed("sub", json!(null))),
        ("truncated", good[..good.len() - 2].to_owned()),
        (
            "without signature",
            good[..=good.rfind('.').expect("dots")].to_owned(),
        ),
        ("four parts", good.replacen('.', "..", 1)),
        ("12 KB behind", format!("{good}{}", "x".repeat(12_000))),
        (
            "12 KB of claims",
            changed("more", json!("x".repeat(12_000))),
        ),
        (
            "100 KB of claims",
            changed("more", json!("x".repeat(100_000))),
        ),
    ];
    let some = table.map(|(what, token)| (what, Some(token)));
    [("none", None)].into_iter().chain(some).collect()
}

#[tokio::test]
async fn bad_tokens_are_401_and_other_roles_403() {
    let _shared = machine::shared().await;
    let camera = cameras::rtsp(RtspConfig::default()).await;
    let host = Host::start(&Config::of(&camera)).await;
    let id = host.api.create(1).await;
    host.api.start(&id).await;
    // Each from an address of its own, so that none is held up for the others' failures.
    for ((what, token), address) in bad().into_iter().zip(10..) {
        let api = host.api.with_token(token.as_deref()).from(address);
        for (method, path) in calls(&id) {
            let answer = call(&api, &id, &method, &path).await;
            assert!(
                answer.status == 401 || (answer.status == 431 && what.starts_with("100 KB")),
                "{what}: {method} {path}: {}",
                answer.text()
            );
            // A part of a token in an answer ends up in somebody's log.
            let shown = token.as_deref().filter(|t| t.len() > 10);
            assert!(
                shown.is_none_or(|t| !answer.text().contains(t)),
                "{what}: {}",
                answer.text()
            );
            if answer.status == 401 {
                answer.problem(401);
            }
        }
    }
    // So long a header need not be read, but must not hurt.
    let huge = "x".repeat(3 << 20);
    let request = host
        .api
        .client
        .get(format!("{}/api/video/session/list", host.api.base));
    if let Ok(answer) = request.bearer_auth(&huge).send().await {
        let status = answer.status().as_u16();
        assert!(matches!(status, 401 | 431), "{status}");
    }
    let roles = ["super_admin", "SUPER_ADMIN ", "Player", "", "REFEREE"];
    let roles = roles.iter().map(|role| token::of(role));
    // A role that is none, and a role that is missing.
    let odd = [json!(1), json!(["SUPER_ADMIN"]), json!(null)];
    let odd = odd.into_iter().map(|role| changed("role", role));
    for token in roles.chain(odd).chain([without("role")]) {
        strangers_are_refused(&host.api.with_token(Some(&token)), &id).await;
    }
    // A number as the user is as good as a text, and the leeway holds.
    for token in [
        changed("sub", json!(7)),
        changed("exp", json!(token::now() - 5)),
        changed("nbf", json!(token::now() + 5)),
    ] {
        host.api.with_token(Some(&token)).session(&id).await;
    }
    // Whoever asked, the recording goes on.
    assert_ne!(host.api.recording(&id).await["status"], "failed");
    assert_eq!(host.api.session(&id).await["status"], "active");
    // No token is asked for where a load balancer has none.
    let nobody = host.api.with_token(None);
    nobody.get("/healthz").await.ok(200);
    nobody.get("/readyz").await.ok(200);
    nobody.get("/api/video/health").await.ok(200);
    nobody.get("/api/nothing").await.problem(404);
    host.end().await;
}

/// Somebody whom the policy knows nothing of.
async fn strangers_are_refused(api: &Api, id: &str) {
    for (method, path) in calls(id) {
        if path.ends_with("/events") || path.ends_with("/cookie") {
            // Both are for whoever has a good token: there is nothing in them for this one.
            continue;
        }
        let answer = call(api, id, &method, &path).await;
        let list = ["/session/list", "/terrains", "/files/list"];
        if answer.status == 200 && list.iter().any(|list| path.ends_with(list)) {
            // A list is of what the caller may see: nothing.
            let lists = ["sessions", "terrains", "files"].map(|name| &answer.json[name]);
            let full = lists
                .iter()
                .any(|list| list.as_array().is_some_and(|l| !l.is_empty()));
            assert!(!full, "{}", answer.text());
            continue;
        }
        if path.contains("/files/sess") && answer.status == 404 {
            // There is no file yet, whoever asks.
            continue;
        }
        answer.problem(403);
    }
}

#[tokio::test]
async fn issuer_audience_and_names_of_claims() {
    let _shared = machine::shared().await;
    let config = Config::new()
        .auth("issuer = \"https://club.example\"\naudience = \"padelvar\"")
        .auth("user_claim = \"uid\"\nrole_claim = \"rank\"\nclub_claim = \"home\"");
    let host = Host::start(&config).await;
    let good = json!({
        "uid": 7, "rank": "SUPER_ADMIN", "home": "1", "exp": token::now() + 3600,
        "iss": "https://club.example", "aud": ["other", "padelvar"],
    });
    let status = async |claims: &Value| {
        let token = token::signed(Algorithm::HS256, SECRET, claims);
        let api = host.api.with_token(Some(&token));
        let answer = api.get("/api/video/session/list").await;
        let status = answer.status;
        assert!(matches!(status, 200 | 401 | 403), "{}", answer.text());
        status
    };
    assert_eq!(status(&good).await, 200);
    for (name, value) in [
        ("aud", json!("another")),
        ("aud", json!(["a", "b"])),
        ("aud", json!(null)),
        ("aud", json!(7)),
        ("iss", json!("https://other.example")),
        ("iss", json!(null)),
        ("uid", json!(null)),
    ] {
        let mut claims = good.clone();
        claims[name] = value;
        assert_eq!(status(&claims).await, 401, "{claims}");
        claims.as_object_mut().expect("an object").remove(name);
        assert_eq!(status(&claims).await, 401, "{claims}");
    }
    // The usual names mean nothing here.
    assert_eq!(status(&token::claims("SUPER_ADMIN")).await, 401);
    host.end().await;
}
