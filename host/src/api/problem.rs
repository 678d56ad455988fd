//! Failures as RFC 9457 `application/problem+json`, and the one place where the host's errors
//! become HTTP statuses.

use std::borrow::Cow;
use std::io;

use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use crate::auth::{Denied, Unauthenticated};
use crate::config::edit::EditError;
use crate::library::LibraryError;
use crate::recording::Refused;
use crate::session::SessionError;

/// A failure as it is answered. `request_id` is added on the way out.
#[derive(Clone, Debug)]
pub struct Problem {
    status: StatusCode,
    code: Cow<'static, str>,
    detail: String,
    more: Map<String, Value>,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl Problem {
    /// `code` is stable and for programs, `detail` for people.
    pub fn new(
        status: StatusCode,
        code: impl Into<Cow<'static, str>>,
        detail: impl Into<String>,
    ) -> Self {
        Self {
            status,
            code: code.into(),
            detail: detail.into(),
            more: Map::new(),
            headers: Vec::new(),
        }
    }

    /// A failure of which nothing but the status is known.
    pub fn of(status: StatusCode) -> Self {
        let code = match status {
            StatusCode::RANGE_NOT_SATISFIABLE => "range_not_satisfiable",
            StatusCode::NOT_FOUND => "not_found",
            StatusCode::PRECONDITION_FAILED => "precondition_failed",
            _ if status.is_server_error() => "internal",
            _ => "bad_request",
        };
        Self::new(
            status,
            code,
            status.canonical_reason().unwrap_or("the request failed"),
        )
    }

    /// A value that cannot be used, with the field that holds it.
    pub fn bad_value(field: &str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_value", detail)
            .with("field", field.into())
    }

    /// Nothing of that name.
    pub fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", detail)
    }

    /// One more member of the answer.
    pub fn with(mut self, name: &str, value: Value) -> Self {
        self.more.insert(name.to_owned(), value);
        self
    }

    /// One more header of the answer.
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// The answer's body.
    pub fn body(&self, request_id: &str) -> Value {
        let mut body = self.more.clone();
        body.insert(
            "type".into(),
            json!(format!("urn:padelvar:problem:{}", self.code)),
        );
        body.insert(
            "title".into(),
            json!(self.status.canonical_reason().unwrap_or("Failure")),
        );
        body.insert("status".into(), json!(self.status.as_u16()));
        body.insert("detail".into(), json!(self.detail));
        body.insert("success".into(), json!(false));
        body.insert("code".into(), json!(self.code));
        body.insert("request_id".into(), json!(request_id));
        Value::Object(body)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        let headers = response.headers_mut();
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("10"));
        }
        for (name, value) in &self.headers {
            headers.insert(name.clone(), value.clone());
        }
        // The body is written by `request_id`, which knows the id.
        response.extensions_mut().insert(self);
        response
    }
}

impl From<Unauthenticated> for Problem {
    fn from(error: Unauthenticated) -> Self {
        use Unauthenticated as E;
        let (status, code) = match error {
            E::Missing | E::Bad(_) => (StatusCode::UNAUTHORIZED, "unauthenticated"),
            E::KeysUnavailable => (StatusCode::UNAUTHORIZED, "keys_unavailable"),
            E::TooMany { .. } => (StatusCode::TOO_MANY_REQUESTS, "too_many_failures"),
        };
        let problem = Self::new(status, code, error.to_string());
        match error {
            E::Missing | E::KeysUnavailable => problem,
            // RFC 6750 section 3: a reason only where something was presented.
            E::Bad(reason) => {
                let challenge =
                    format!("Bearer error=\"invalid_token\", error_description=\"{reason}\"");
                match HeaderValue::from_str(&challenge) {
                    Ok(challenge) => problem.with_header(header::WWW_AUTHENTICATE, challenge),
                    Err(_) => problem,
                }
            }
            E::TooMany { retry_after } => {
                let seconds = retry_after.as_secs() + 1;
                problem.with_header(header::RETRY_AFTER, HeaderValue::from(seconds))
            }
        }
    }
}

impl From<Denied> for Problem {
    fn from(denied: Denied) -> Self {
        Self::new(StatusCode::FORBIDDEN, denied.code, denied.reason)
    }
}

impl From<LibraryError> for Problem {
    fn from(error: LibraryError) -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "no_catalogue",
            error.to_string(),
        )
    }
}

impl From<EditError> for Problem {
    fn from(error: EditError) -> Self {
        use EditError as E;
        let (status, code) = match &error {
            E::Changed { .. } => (StatusCode::CONFLICT, "configuration_changed"),
            E::Exists(_) => (StatusCode::CONFLICT, "terrain_exists"),
            E::NoTerrain(_) => (StatusCode::NOT_FOUND, "unknown_terrain"),
            E::Form { .. } | E::Toml { .. } => (StatusCode::CONFLICT, "configuration_form"),
            E::Exposed { .. } => (StatusCode::CONFLICT, "configuration_exposed"),
            E::Invalid(_) => (StatusCode::UNPROCESSABLE_ENTITY, "invalid_configuration"),
            E::OtherHost => {
                return Self::bad_value("camera.password", error.to_string());
            }
            E::SecretInUrl => return Self::bad_value("camera.url", error.to_string()),
            E::Write { source, .. } if source.kind() == io::ErrorKind::StorageFull => {
                (StatusCode::INSUFFICIENT_STORAGE, "no_disk")
            }
            E::Read(_) | E::Write { .. } => {
                (StatusCode::INTERNAL_SERVER_ERROR, "configuration_file")
            }
        };
        Self::new(status, code, error.to_string())
    }
}

impl From<SessionError> for Problem {
    fn from(error: SessionError) -> Self {
        use SessionError as E;
        let detail = error.to_string();
        let (status, code) = match &error {
            E::UnknownTerrain(_) => (StatusCode::NOT_FOUND, "unknown_terrain"),
            E::UnknownSession(_) => (StatusCode::NOT_FOUND, "unknown_session"),
            E::NoRecording => (StatusCode::NOT_FOUND, "no_recording"),
            E::TerrainBusy { .. } => (StatusCode::CONFLICT, "terrain_busy"),
            E::NotRecording => (StatusCode::CONFLICT, "not_recording"),
            E::NoPicture => (StatusCode::CONFLICT, "no_picture"),
            E::Closed => (StatusCode::GONE, "session_closed"),
            E::NoFfmpeg(_) => (StatusCode::SERVICE_UNAVAILABLE, "no_ffmpeg"),
            E::LimitReached { .. } => (StatusCode::FORBIDDEN, "limit_reached"),
            E::Stopping => (StatusCode::SERVICE_UNAVAILABLE, "stopping"),
            E::Refused(Refused::TooMany { .. }) => {
                (StatusCode::SERVICE_UNAVAILABLE, "too_many_recordings")
            }
            E::Refused(Refused::NoCpu { .. }) => (StatusCode::SERVICE_UNAVAILABLE, "no_cpu"),
            E::Refused(Refused::NoDisk { .. } | Refused::NoFolder(_)) => {
                (StatusCode::INSUFFICIENT_STORAGE, "no_disk")
            }
        };
        let problem = Self::new(status, code, detail);
        match error {
            E::Refused(Refused::NoDisk {
                needed_bytes,
                left_bytes,
            }) => problem
                .with("needed_bytes", needed_bytes.into())
                .with("left_bytes", left_bytes.into()),
            _ => problem,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn who_is_nobody() {
        let retry_after = Duration::from_millis(41_900);
        let bad = "Bearer error=\"invalid_token\", error_description=\"the token's name\"";
        let rows = [
            (
                Unauthenticated::Missing,
                401,
                "unauthenticated",
                Some("Bearer"),
                None,
            ),
            (
                Unauthenticated::KeysUnavailable,
                401,
                "keys_unavailable",
                Some("Bearer"),
                None,
            ),
            (
                Unauthenticated::Bad("the token's name"),
                401,
                "unauthenticated",
                Some(bad),
                None,
            ),
            (
                Unauthenticated::TooMany { retry_after },
                429,
                "too_many_failures",
                None,
                Some("42"),
            ),
        ];
        for (error, status, code, challenge, retry) in rows {
            let problem = Problem::from(error);
            assert_eq!(problem.body("r")["code"], code);
            let response = problem.into_response();
            assert_eq!(response.status(), status, "{error:?}");
            let header = |name: HeaderName| response.headers().get(name)?.to_str().ok();
            assert_eq!(header(header::WWW_AUTHENTICATE), challenge, "{error:?}");
            assert_eq!(header(header::RETRY_AFTER), retry, "{error:?}");
        }
    }
}
