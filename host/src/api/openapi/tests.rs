use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::super::testing;
use super::*;
use crate::api;
use crate::config::Config;

/// The document that was looked at and found right.
const ACCEPTED: &str = include_str!("../../../openapi.json");

fn document() -> OpenApi {
    api::routes().finish().1
}

/// Every operation: its method, its path, what is said of it.
fn operations() -> Vec<(String, String, Map<String, Value>)> {
    let document = serde_json::to_value(document()).unwrap();
    let paths = document["paths"].as_object().unwrap();
    let all = paths.iter().flat_map(|(path, item)| {
        let methods = item.as_object().unwrap().iter();
        methods.map(|(method, operation)| {
            let operation = operation.as_object().unwrap().clone();
            (method.to_uppercase(), path.clone(), operation)
        })
    });
    all.collect()
}

#[test]
fn the_document_is_the_accepted_one() {
    let now = text(&document());
    if std::env::var_os("UPDATE_SNAPSHOT").is_some() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.json");
        std::fs::write(path, &now).unwrap();
        return;
    }
    if now == ACCEPTED {
        return;
    }
    let differing = now.lines().zip(ACCEPTED.lines()).position(|(a, b)| a != b);
    let line = differing.unwrap_or_else(|| now.lines().count().min(ACCEPTED.lines().count()));
    panic!(
        "the API's document differs from host/openapi.json, first in line {}:\n  now      {}\n  \
         accepted {}\nWhere the change is wanted: UPDATE_SNAPSHOT=1 cargo test -p padelvar --lib \
         openapi, then look at what git says has changed",
        line + 1,
        now.lines().nth(line).unwrap_or("(ends)"),
        ACCEPTED.lines().nth(line).unwrap_or("(ends)"),
    );
}

#[test]
fn every_operation_is_described_whole() {
    let mut ids = BTreeSet::new();
    for (method, path, operation) in operations() {
        let name = format!("{method} {path}");
        let access = ["x-public", "x-authenticated", "x-action"]
            .into_iter()
            .filter(|key| operation.contains_key(*key));
        assert_eq!(access.count(), 1, "{name}: who may call it");
        let known = Action::ALL.map(Action::name);
        for action in operation
            .get("x-action")
            .into_iter()
            .flat_map(|a| a.as_array().unwrap())
        {
            assert!(
                known.contains(&action.as_str().unwrap()),
                "{name}: {action}"
            );
        }
        let id = operation["operationId"].as_str().unwrap().to_owned();
        assert!(ids.insert(id.clone()), "{name}: {id} is there twice");
        let tag = operation["tags"][0].as_str().unwrap();
        assert!(TAGS.iter().any(|(known, _)| *known == tag), "{name}: {tag}");
        for (status, response) in operation["responses"].as_object().unwrap() {
            let kinds: Vec<_> = response["content"]
                .as_object()
                .into_iter()
                .flatten()
                .collect();
            if status.as_str() >= "400" {
                let shown = &response["content"][PROBLEM]["schema"]["$ref"];
                assert_eq!(shown, "#/components/schemas/Problem", "{name} {status}");
                assert_eq!(kinds.len(), 1, "{name} {status}");
            }
            assert!(
                !response["description"].as_str().unwrap().is_empty(),
                "{name} {status}"
            );
        }
    }
}

#[tokio::test]
async fn whoever_shows_no_token_gets_nothing_but_what_is_public() {
    let router = api::router(testing::app(Config::default()).0);
    for (method, path, operation) in operations() {
        let path = path
            .replace("{id}", "sess_1_1")
            .replace("{file}", "start.js");
        let public = operation.contains_key("x-public");
        let (status, ..) = testing::call(&router, &method, &path, &[]).await;
        let described = &operation["responses"];
        assert_eq!(status != 401, public, "{method} {path}: {status}");
        assert!(
            described.get(status.as_str()).is_some(),
            "{method} {path}: {status}"
        );
    }
}

#[tokio::test]
async fn whatever_is_asked_for_is_answered_as_described() {
    let router = api::router(testing::app(Config::default()).0);
    for role in ["SUPER_ADMIN", "PLAYER"] {
        let bearer = format!("Bearer {}", testing::token(role));
        let headers = [("authorization", bearer.as_str())];
        for (method, path, operation) in operations() {
            let path = path
                .replace("{id}", "sess_1_1")
                .replace("{file}", "nothing");
            let (status, _, body) = testing::call(&router, &method, &path, &headers).await;
            let described = operation["responses"].get(status.as_str());
            assert!(
                described.is_some(),
                "{role} {method} {path}: {status} {body}"
            );
            assert_ne!(status, 500, "{role} {method} {path}: {body}");
        }
    }
}

#[tokio::test]
async fn methods_and_paths_that_there_are_not() {
    let router = api::router(testing::app(Config::default()).0);
    let (status, headers, _) = testing::call(&router, "DELETE", "/healthz", &[]).await;
    assert_eq!(
        (status.as_u16(), &headers["allow"]),
        (405, &"GET,HEAD".parse().unwrap())
    );
    let create = "/api/video/session/create";
    let (status, headers, _) = testing::call(&router, "GET", create, &[]).await;
    assert_eq!(
        (status.as_u16(), &headers["allow"]),
        (405, &"POST".parse().unwrap())
    );
    let (status, ..) = testing::call(&router, "OPTIONS", "/healthz", &[]).await;
    assert_eq!(status, 405);
    let (status, ..) = testing::call(&router, "HEAD", "/healthz", &[]).await;
    assert_eq!(status, 200);
    let (status, ..) = testing::call(&router, "GET", "/api/nothing", &[]).await;
    assert_eq!(status, 404);
}

#[tokio::test]
async fn the_document_and_its_page_are_there() {
    let router = api::router(testing::app(Config::default()).0);
    let (status, headers, body) = testing::call(&router, "GET", "/api/openapi.json", &[]).await;
    assert_eq!(
        (status.as_u16(), &headers["content-type"]),
        (200, &"application/json".parse().unwrap())
    );
    assert_eq!(body["openapi"], "3.1.0");
    for (path, kind) in [
        ("/docs", "text/html; charset=utf-8"),
        ("/docs/start.js", "text/javascript; charset=utf-8"),
        ("/docs/swagger-ui.css", "text/css"),
        ("/docs/swagger-ui-bundle.js", "text/javascript"),
        ("/docs/favicon-32x32.png", "image/png"),
    ] {
        let (status, headers, _) = testing::call(&router, "GET", path, &[]).await;
        assert_eq!(
            (status.as_u16(), headers["content-type"].to_str().unwrap()),
            (200, kind),
            "{path}"
        );
        assert!(headers.contains_key("content-security-policy"), "{path}");
    }
    for path in ["/docs/index.html", "/docs/..%2fCargo.toml", "/docs/%ff"] {
        assert_eq!(
            testing::call(&router, "GET", path, &[]).await.0,
            404,
            "{path}"
        );
    }
}
