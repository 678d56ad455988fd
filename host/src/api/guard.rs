//! No answer without a question: a handler that succeeds without having asked the policy is
//! answered 500 and logged, so that a forgotten question never opens anything. What needs no
//! question is registered as such (`access`).

use axum::Router;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::MethodRouter;
use tracing::error;

use super::App;
use super::problem::Problem;
use crate::auth::Asked;

/// The request's id, as handlers see it.
#[derive(Clone, Debug)]
pub struct RequestId(pub String);

/// Watches over the handlers of a path.
pub fn watch(methods: MethodRouter<App>) -> MethodRouter<App> {
    methods.route_layer(from_fn(guarded))
}

/// Watches over the routes of a router.
pub fn watch_over(router: Router<App>) -> Router<App> {
    router.route_layer(from_fn(guarded))
}

async fn guarded(mut request: Request, next: Next) -> Response {
    let asked = Asked::default();
    request.extensions_mut().insert(asked.clone());
    let path = request.uri().path().to_owned();
    let response = next.run(request).await;
    let status = response.status();
    if asked.is_set() || status.is_client_error() || status.is_server_error() {
        return response;
    }
    error!(path, "answered without asking the policy; nothing is given");
    let detail = "the host made a mistake; nothing was given";
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "not_asked", detail).into_response()
}
