//! A host's API without listeners, for tests.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode, header};
use futures_util::future::{BoxFuture, ready};
use futures_util::{FutureExt, StreamExt};
use serde_json::Value;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use super::{App, OpenAnswers, SetUp};
use crate::auth::{Door, Principal, SuperAdminOnly, TokenKeys, TokenVerifier, mint};
use crate::camera::Listeners;
use crate::catalogue::{
    self, AuditRecord, Catalogue, Change, FilePage, FileQuery, FileRecord, Journal,
    RecordingRecord, SessionEntry, SessionRecord,
};
use crate::config::{Auth, Config};
use crate::library::Library;
use crate::plugins::{Cache, PluginEngine, Registry, Trust};
use crate::preview::Previews;
use crate::session::{Memory, Sessions};

const SECRET: &[u8] = b"0123456789abcdef0123456789abcdef";

/// What handlers work with, and the sender of its configuration.
pub fn app(config: Config) -> (App, watch::Sender<Arc<Config>>) {
    crate::install_crypto();
    let (sender, receiver) = watch::channel(Arc::new(config));
    let door = Door::new(
        TokenVerifier::new(&TokenKeys::Secret(SECRET.to_vec()), &Auth::default()),
        Arc::new(|_| {}),
    );
    door.replace_policy(Arc::new(SuperAdminOnly));
    let app = App {
        sessions: Sessions::new(receiver, registry(), Listeners::default(), memory()),
        door: Arc::new(door),
        previews: Arc::new(Previews::default()),
        answers: OpenAnswers::new(CancellationToken::new()),
        stopping: CancellationToken::new(),
        proxy_open: false,
        proxy_base: "http://127.0.0.1:1".to_owned(),
        set_up: Arc::new(SetUp::new(None)),
    };
    (app, sender)
}

/// A memory that keeps nothing.
fn memory() -> Memory {
    let catalogue: Arc<dyn Catalogue> = Arc::new(Nothing);
    let journal = Journal::start(Arc::clone(&catalogue));
    let nowhere = std::path::PathBuf::from("/nonexistent");
    Memory {
        library: Library::new(nowhere, catalogue, Arc::clone(&journal)),
        journal,
    }
}

/// A catalogue that keeps nothing.
struct Nothing;

type Answer<'a, T> = BoxFuture<'a, Result<T, catalogue::Error>>;

impl Catalogue for Nothing {
    fn apply<'a>(&'a self, _: &'a [Change]) -> Answer<'a, ()> {
        ready(Ok(())).boxed()
    }

    fn session<'a>(&'a self, _: &'a str) -> Answer<'a, Option<SessionRecord>> {
        ready(Ok(None)).boxed()
    }

    fn recording<'a>(&'a self, _: &'a str) -> Answer<'a, Option<RecordingRecord>> {
        ready(Ok(None)).boxed()
    }

    fn recent_sessions(&self, _: u32) -> Answer<'_, Vec<SessionEntry>> {
        ready(Ok(Vec::new())).boxed()
    }

    fn unfinished_sessions(&self, _: u32) -> Answer<'_, Vec<SessionEntry>> {
        ready(Ok(Vec::new())).boxed()
    }

    fn file<'a>(&'a self, _: &'a str) -> Answer<'a, Option<FileRecord>> {
        ready(Ok(None)).boxed()
    }

    fn files<'a>(&'a self, _: &'a FileQuery) -> Answer<'a, FilePage> {
        ready(Ok(FilePage::default())).boxed()
    }

    fn files_without_digest<'a>(&'a self, _: &'a FileQuery) -> Answer<'a, FilePage> {
        ready(Ok(FilePage::default())).boxed()
    }

    fn audit(&self, _: u32) -> Answer<'_, Vec<AuditRecord>> {
        ready(Ok(Vec::new())).boxed()
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        ready(()).boxed()
    }
}

/// The built-in plugins, compiled once.
fn registry() -> Arc<Registry> {
    static REGISTRY: OnceLock<Arc<Registry>> = OnceLock::new();
    let load = || {
        let engine = PluginEngine::new().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::open(folder.path());
        Arc::new(
            Registry::load(
                &engine,
                &cache,
                &Trust::any(),
                &folder.path().join("plugins"),
            )
            .unwrap(),
        )
    };
    Arc::clone(REGISTRY.get_or_init(load))
}

/// A token of a role.
pub fn token(role: &str) -> String {
    let principal = Principal {
        id: "1".into(),
        role: role.into(),
        ..Principal::default()
    };
    mint(SECRET, &Auth::default(), &principal, Duration::from_mins(5)).unwrap()
}

/// A call of a path by a method, with headers.
pub async fn call(
    router: &Router,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
) -> (StatusCode, HeaderMap, Value) {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Body::from("{}")).unwrap();
    let response = router.clone().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let mut bytes = Vec::new();
    let kind = parts.headers.get(header::CONTENT_TYPE);
    if kind.is_some_and(|kind| kind == "text/event-stream") {
        // It has no end.
        return (parts.status, parts.headers, Value::Null);
    }
    let mut chunks = body.into_data_stream();
    while let Some(chunk) = chunks.next().await {
        bytes.extend_from_slice(&chunk.unwrap());
    }
    let json = serde_json::from_slice(&bytes).unwrap_or_default();
    if parts.status.is_client_error() || parts.status.is_server_error() {
        let kind = parts.headers.get(header::CONTENT_TYPE).unwrap();
        assert_eq!(kind, "application/problem+json", "{method} {path}");
        assert!(parts.headers.contains_key("x-request-id"));
    }
    (parts.status, parts.headers, json)
}
