//! A handler that panics is a mistake of the host's: it is answered as one and logged, and no
//! other request notices.

use std::any::Any;

use axum::Router;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use tower_http::catch_panic::CatchPanicLayer;
use tracing::error;

use super::App;
use super::problem::Problem;

/// Answers for handlers that panic.
pub fn caught(router: Router<App>) -> Router<App> {
    router.layer(CatchPanicLayer::custom(answer))
}

// The signature is the layer's.
#[expect(clippy::needless_pass_by_value, reason = "the layer gives it away")]
fn answer(panic: Box<dyn Any + Send>) -> Response {
    let text = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied());
    error!(panic = text.unwrap_or("no text"), "a handler panicked");
    let detail = "the host made a mistake; its log says which";
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", detail).into_response()
}

#[cfg(test)]
mod tests {
    use axum::http::Method;
    use axum::routing::get;

    use super::super::{request_id, testing};
    use super::*;
    use crate::config::Config;

    #[tokio::test]
    async fn a_panic_is_an_answer() {
        let (app, _config) = testing::app(Config::default());
        let broken = |method: Method| async move {
            assert_eq!(method, Method::PUT, "of no importance");
        };
        let router = Router::new().route("/broken", get(broken));
        let router = request_id::wrap(router, &app).with_state(app);
        for _ in 0..2 {
            let (status, _, body) = testing::call(&router, "GET", "/broken", &[]).await;
            assert_eq!(
                (status.as_u16(), body["code"].as_str()),
                (500, Some("internal"))
            );
            assert!(!body.to_string().contains("importance"));
        }
    }
}
