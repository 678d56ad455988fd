//! No answer without a question: a handler that succeeds without having asked the policy is
//! answered 500 and logged, so that a forgotten question never opens anything. What needs no
//! question is registered as public, in one list, and what needs only to know who asks stands
//! in `WITHOUT_ACTION`.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::Router;
use axum::extract::{MatchedPath, Request};
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use tracing::error;

use super::problem::Problem;
use crate::auth::Asked;

/// The request's id, as handlers see it.
#[derive(Clone, Debug)]
pub struct RequestId(pub String);

/// Paths that no action stands for, each with the reason why it is enough to know who asks.
const WITHOUT_ACTION: [(&str, &str); 1] = [(
    "/api/auth/cookie",
    "the caller is given their own token again, and every use of it is asked about",
)];

/// Whether it is known in the course of a request who asks. Clones are the same mark.
#[derive(Clone, Debug, Default)]
pub struct Known(Arc<AtomicBool>);

impl Known {
    /// It is.
    pub fn set(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Watches over the routes of a router.
pub fn watch_over<S: Clone + Send + Sync + 'static>(router: Router<S>) -> Router<S> {
    router.route_layer(from_fn(guarded))
}

async fn guarded(mut request: Request, next: Next) -> Response {
    let asked = Asked::default();
    request.extensions_mut().insert(asked.clone());
    let known = Known::default();
    request.extensions_mut().insert(known.clone());
    let matched = request.extensions().get::<MatchedPath>();
    let without_action = matched.is_some_and(|matched| {
        WITHOUT_ACTION
            .iter()
            .any(|(path, _)| *path == matched.as_str())
    });
    let path = request.uri().path().to_owned();
    let response = next.run(request).await;
    let status = response.status();
    let settled = asked.is_set() || (without_action && known.is_set());
    if settled || status.is_client_error() || status.is_server_error() {
        return response;
    }
    error!(path, "answered without asking the policy; nothing is given");
    let detail = "the host made a mistake; nothing was given";
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "not_asked", detail).into_response()
}

#[cfg(test)]
mod tests {
    use axum::Extension;
    use axum::body::Body;
    use axum::routing::get;
    use tower::ServiceExt;

    use super::*;

    #[tokio::test]
    async fn an_answer_needs_a_question() {
        let router = Router::new()
            .route(
                "/asked",
                get(|Extension(asked): Extension<Asked>| async move { asked.open() }),
            )
            .route("/forgotten", get(|| async {}))
            .route(
                "/known",
                get(|Extension(known): Extension<Known>| async move { known.set() }),
            )
            .route("/refused", get(|| async { StatusCode::UNAUTHORIZED }))
            .route("/moved", get(|| async { StatusCode::FOUND }))
            .route(
                "/api/auth/cookie",
                get(|Extension(known): Extension<Known>| async move { known.set() })
                    .post(|| async {}),
            );
        let router: Router = watch_over(router);
        let rows = [
            ("GET", "/asked", 200),
            ("GET", "/forgotten", 500),
            ("GET", "/known", 500),
            ("GET", "/refused", 401),
            ("GET", "/moved", 500),
            ("GET", "/api/auth/cookie", 200),
            ("POST", "/api/auth/cookie", 500),
            ("GET", "/nothing", 404),
        ];
        for (method, path, status) in rows {
            let request = Request::builder().method(method).uri(path);
            let request = request.body(Body::empty()).unwrap();
            let response = router.clone().oneshot(request).await.unwrap();
            assert_eq!(response.status(), status, "{method} {path}");
        }
    }
}
