//! Nobody gets in without a good token, and only a `SUPER_ADMIN` may do anything.

use jsonwebtoken::Algorithm;
use padelvar_tests::config::SECRET;
use padelvar_tests::{Api, Config, Host, cameras, machine, token};
use reqwest::Method;
use serde_json::json;
use simcam::RtspConfig;

/// Every call that asks for a token, of a session.
fn calls(id: &str) -> Vec<(Method, String)> {
    let get = [
        "/api/video/session/list".to_owned(),
        format!("/api/video/session/{id}"),
        format!("/api/video/record/status/{id}"),
        format!("/api/video/files/{id}/download"),
        format!("/api/preview/{id}/snapshot.jpg"),
        format!("/api/preview/{id}/stream.mjpeg"),
    ];
    let post = [
        "session/create",
        "session/close",
        "record/start",
        "record/stop",
    ];
    let post = post.map(|path| format!("/api/video/{path}"));
    let get = get.into_iter().map(|path| (Method::GET, path));
    get.chain(post.into_iter().map(|path| (Method::POST, path)))
        .collect()
}

async fn call(api: &Api, id: &str, method: &Method, path: &str) -> padelvar_tests::Answer {
    let body = json!({"session_id": id, "terrain_id": 1})
        .to_string()
        .into_bytes();
    let body = (*method == Method::POST).then_some(("application/json", body));
    api.call(method.clone(), path, body).await
}

#[tokio::test]
async fn bad_tokens_are_401_and_other_roles_403() {
    let _shared = machine::shared().await;
    let camera = cameras::rtsp(RtspConfig::default()).await;
    let host = Host::start(&Config::of(&camera)).await;
    let id = host.api.create(1).await;
    host.api.start(&id).await;
    let claims = token::claims("SUPER_ADMIN");
    let changed = |name: &str, value| {
        let mut claims = claims.clone();
        claims[name] = value;
        token::signed(Algorithm::HS256, SECRET, &claims)
    };
    let good = token::of("SUPER_ADMIN");
    let bad = [
        None,
        Some(String::new()),
        Some("garbage".to_owned()),
        Some("a.b.c".to_owned()),
        Some(token::UNSIGNED.to_owned()),
        Some(token::signed(Algorithm::HS512, SECRET, &claims)),
        Some(token::signed(Algorithm::HS384, SECRET, &claims)),
        Some(token::signed(
            Algorithm::HS256,
            "another secret, as long as the right one",
            &claims,
        )),
        Some(changed("exp", json!(token::now() - 3600))),
        Some(changed("exp", json!("soon"))),
        Some(changed("nbf", json!(token::now() + 3600))),
        Some(changed("sub", json!(null))),
        Some(good[..good.len() - 2].to_owned()),
        Some(good.replacen('.', "..", 1)),
        Some(format!("{good}{}", "x".repeat(12_000))),
    ];
    for token in &bad {
        let api = host.api.with_token(token.as_deref());
        for (method, path) in calls(&id) {
            let body = call(&api, &id, &method, &path).await.problem(401);
            // A part of a token in an answer ends up in somebody's log.
            let shown = token.as_deref().filter(|t| t.len() > 10);
            assert!(
                shown.is_none_or(|t| !body.to_string().contains(t)),
                "{body}"
            );
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
    for role in [
        "CLUB_ADMIN",
        "PLAYER",
        "super_admin",
        "SUPER_ADMIN ",
        "",
        "REFEREE",
    ] {
        let api = host.api.with_token(Some(&token::of(role)));
        for (method, path) in calls(&id) {
            let answer = call(&api, &id, &method, &path).await;
            if path.ends_with("/list") {
                // A list is of what the caller may see: nothing.
                if answer.status == 200 {
                    assert_eq!(answer.json["sessions"], json!([]), "{role}");
                    continue;
                }
            }
            if path.ends_with("/download") && answer.status == 404 {
                // There is no file yet, whoever asks.
                continue;
            }
            answer.problem(403);
        }
    }
    // A role that is none, and a role that is missing.
    for role in [json!(1), json!(["SUPER_ADMIN"]), json!(null)] {
        let api = host.api.with_token(Some(&changed("role", role)));
        let status = api.get(&format!("/api/video/session/{id}")).await.status;
        assert!(status == 403 || status == 401, "{status}");
    }
    // A number as the user is as good as a text, and the leeway holds.
    for token in [
        changed("sub", json!(7)),
        changed("exp", json!(token::now() - 5)),
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
