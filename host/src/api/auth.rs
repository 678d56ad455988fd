//! `/api/auth/…`

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;

use super::caller::Papers;
use super::client::Client;
use super::problem::Problem;
use super::{App, cookie};

/// Token as a cookie
///
/// The token of the header as the cookie `padelvar_token`, for as long as it is good: what a page
/// fetches by its address (previews, downloads, events) then needs no ticket. What the token may
/// do is asked where the cookie is used.
#[utoipa::path(
    post,
    path = "/api/auth/cookie",
    tag = "auth",
    responses(
        (status = 204, description = "The cookie is set"),
        (status = 422, description = "`token_too_long`: browsers keep no cookie of over 4096 bytes"),
    )
)]
pub async fn set_cookie(
    State(app): State<App>,
    papers: Papers,
    client: Client,
) -> Result<Response, Problem> {
    let (token, expires) = papers.token(&app).await?;
    let left_s = expires.as_second() - Timestamp::now().as_second();
    // Past by the leeway: 0 has the browser forget it at once.
    let left_s = u64::try_from(left_s).unwrap_or(0);
    let cookie = cookie::set(token, left_s, client.is_https()).ok_or_else(|| {
        let detail = "the token is too long for a cookie: browsers keep 4096 bytes";
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "token_too_long", detail)
    })?;
    let headers = [
        (header::SET_COOKIE, cookie),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    Ok((StatusCode::NO_CONTENT, headers).into_response())
}
