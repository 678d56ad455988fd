//! The login call.

use padelvar_sdk::secret::credential;
use padelvar_sdk::wit::{Credential, Encoding};
use padelvar_sdk::{Camera, Error, Io, Request, Segment};
use serde_json::Value;

/// An honest answer has a hundred bytes.
const ANSWER_BYTES: usize = 16 << 10;
/// Characters of a session's name.
const SESSION_CHARS: usize = 256;

/// Logs in; the value of the `Cookie` header for what follows.
pub async fn login(camera: &Camera, io: &Io, base: &str) -> Result<String, Error> {
    if !camera.has_credentials {
        let message = "the camera wants a user name and password, and none is configured";
        return Err(Error::auth(message));
    }
    let request = Request::new("POST", &format!("{base}/login"))
        .header("User-Agent", &camera.user_agent)
        .header("Content-Type", "application/json")
        .body(body());
    let mut response = io.request(request).await?;
    match response.status {
        200 => {}
        401 | 403 => {
            let message = "the camera refuses the user name or password";
            return Err(Error::auth(message));
        }
        429 | 503 => return Err(Error::unreachable("the camera is busy")),
        other => {
            let message = format!("the camera answers the login with status {other}");
            return Err(Error::protocol(message));
        }
    }
    let answer = response.body.read_to_end(ANSWER_BYTES).await?;
    session(&answer).map(|session| format!("session={session}"))
}

/// `{"username": "…", "password": "…"}`, with recipes where the secrets belong: the host fills
/// them in, escaped for JSON, while it writes to the camera. They never come in here.
fn body() -> Vec<Segment> {
    let text = |text: &str| Segment::Bytes(text.as_bytes().to_vec());
    vec![
        text("{\"username\": \""),
        credential(Credential::Username, Encoding::Json),
        text("\", \"password\": \""),
        credential(Credential::Password, Encoding::Json),
        text("\"}"),
    ]
}

/// The session's name, fit for a header: a camera must not be able to write others into it.
fn session(answer: &[u8]) -> Result<String, Error> {
    let answer: Value = serde_json::from_slice(answer)
        .map_err(|_| Error::protocol("the camera answers the login with what is not JSON"))?;
    let good = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    match answer["session"].as_str() {
        Some(name) if !name.is_empty() && name.len() <= SESSION_CHARS && name.chars().all(good) => {
            Ok(name.to_owned())
        }
        _ => Err(Error::protocol("the camera's login names no session")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_a_word() {
        assert_eq!(session(br#"{"session": "a-1"}"#).as_deref(), Ok("a-1"));
        for odd in [
            &b""[..],
            b"<html>",
            b"[]",
            b"{}",
            br#"{"session": 1}"#,
            br#"{"session": ""}"#,
            br#"{"session": "a\r\nX: y"}"#,
            br#"{"session": "a; b=c"}"#,
        ] {
            assert!(session(odd).is_err(), "{}", String::from_utf8_lossy(odd));
        }
        let long = format!("{{\"session\": \"{}\"}}", "x".repeat(257));
        assert!(session(long.as_bytes()).is_err());
    }
}
