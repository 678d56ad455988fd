//! An id for every request, in the answer's header, in failures, and in the log; and the
//! bodies of failures.

use std::sync::atomic::{AtomicU64, Ordering};

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use tracing::{Instrument, debug, info_span};

use super::App;
use super::guard::RequestId;
use super::metering::counted;
use super::problem::Problem;
use super::{cors, panics};

const HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// Adds ids, failures' bodies, and answers for paths and methods that there are not, for panics
/// and for pages of other origins.
pub fn wrap(router: Router<App>, app: &App) -> Router<App> {
    let router = router
        .fallback(|| async { Problem::not_found("there is nothing at this path") })
        .method_not_allowed_fallback(|| async {
            let status = StatusCode::METHOD_NOT_ALLOWED;
            Problem::new(
                status,
                "method_not_allowed",
                "this path does not know this method",
            )
        });
    cors::wrap(panics::caught(router), app)
        .layer(from_fn(with_id))
        .layer(from_fn(counted))
}

/// Gives a request its id, and its failure a body.
pub async fn with_id(mut request: Request, next: Next) -> Response {
    let id = new_id();
    request.extensions_mut().insert(RequestId(id.clone()));
    // The path only: a query may hold a ticket.
    let span = info_span!("request", id, method = %request.method(), path = request.uri().path());
    let mut response = next.run(request).instrument(span.clone()).await;
    span.in_scope(|| debug!(status = response.status().as_u16(), "answered"));
    let status = response.status();
    let told = response.extensions_mut().remove::<Problem>();
    let failed = status.is_client_error() || status.is_server_error();
    // What a library answered (a range that cannot be satisfied, say) is told like the rest.
    if let Some(problem) = told.or_else(|| failed.then(|| Problem::of(status))) {
        let (mut parts, _) = response.into_parts();
        parts.headers.remove(header::CONTENT_LENGTH);
        let kind = HeaderValue::from_static("application/problem+json");
        parts.headers.insert(header::CONTENT_TYPE, kind);
        response = Response::from_parts(parts, Body::from(problem.body(&id).to_string()));
    }
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(HEADER, value);
    }
    let nosniff = HeaderValue::from_static("nosniff");
    response
        .headers_mut()
        .insert(header::X_CONTENT_TYPE_OPTIONS, nosniff);
    response.into_response()
}

/// Unique within a run of the host, and not to be mixed up with another run's.
fn new_id() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    format!("req_{:x}_{number:x}", crate::clock::now_us())
}
