//! Counts requests, by what the router knows of them.

use axum::extract::{MatchedPath, Request};
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::Response;
use tokio::time::Instant;

use crate::telemetry::metrics::metrics;

/// Counts a request when its answer begins. Paths that there are not are all one route, and
/// methods that nobody knows all one method, so that nobody can make new lines.
pub async fn counted(request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>();
    let route = route.map_or("unmatched", MatchedPath::as_str).to_owned();
    let method = method(request.method());
    let began = Instant::now();
    let response = next.run(request).await;
    let took = began.elapsed().as_secs_f64();
    let metrics = metrics();
    if response.status() == StatusCode::UNAUTHORIZED {
        metrics.authentication_failures.inc();
    }
    let labels = [("method", method.to_owned()), ("route", route.clone())];
    metrics.http_seconds.get_or_create(&labels).observe(took);
    let class = format!("{}xx", response.status().as_u16() / 100);
    let labels = [
        ("method", method.to_owned()),
        ("route", route),
        ("status", class),
    ];
    metrics.http_requests.get_or_create(&labels).inc();
    response
}

fn method(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        Method::PATCH => "PATCH",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}
