//! Answers that are not as they should be: headers, logins, redirects, trickles.

mod common;

use core::time::Duration;

use common::picture;
use padelvar_sdk::FailureClass;
use padelvar_sdk::testing::{Harness, camera};
use padelvar_sdk::wit::HttpRequest;

const PART: &[u8] = b"--b\r\nContent-Type: image/jpeg\r\n\r\n";
const MULTIPART: &[(&str, &str)] = &[("content-type", "multipart/x-mixed-replace; boundary=b")];

fn started() -> (Harness, HttpRequest) {
    let mut harness = Harness::new(camera("http://cam/mjpg"), mjpeg::run);
    harness.start();
    let request = harness.requests().remove(0);
    (harness, request)
}

fn authorized(request: &HttpRequest) -> bool {
    let mut headers = request.headers.iter();
    headers.any(|header| header.name == "Authorization")
}

#[test]
fn the_header_may_say_anything_of_the_boundary() {
    for kind in [
        "multipart/x-mixed-replace",
        "multipart/x-mixed-replace;",
        "multipart/x-mixed-replace; boundary=",
        "multipart/x-mixed-replace; boundary=\"b\"",
        "multipart/x-mixed-replace;boundary=--b",
        "multipart/x-mixed-replace; boundary=\"--b",
        "multipart/x-mixed-replace; charset=utf-8; boundary=other",
        "multipart/mixed; boundary=b; boundary=c",
        "Multipart/X-Mixed-Replace; BOUNDARY=b",
        "",
    ] {
        let (mut harness, request) = started();
        harness.response(request.id, 200, &[("content-type", kind)]);
        for tag in 1..=3 {
            harness.body(request.id, &[PART, &picture(tag)].concat(), false);
        }
        assert_eq!(harness.packets().len(), 3, "{kind}");
    }
}

#[test]
fn a_stale_nonce_is_no_wrong_password() {
    let digest = |stale: &'static str| [("www-authenticate", stale)];
    let (mut harness, request) = started();
    harness.response(request.id, 401, &digest("Digest realm=\"r\", nonce=\"1\""));
    let second = harness.requests().remove(0);
    assert!(!authorized(&request) && authorized(&second));
    let stale = "Digest realm=\"r\", nonce=\"2\", stale=TRUE";
    harness.response(second.id, 401, &digest(stale));
    let third = harness.requests().remove(0);
    assert!(authorized(&third));
    harness.response(third.id, 200, MULTIPART);
    harness.body(third.id, &[PART, &picture(1)].concat(), false);
    assert_eq!(harness.packets().len(), 1);
    // One that is never content is told so.
    let (mut harness, mut request) = started();
    for _ in 0..3 {
        harness.response(request.id, 401, &digest(stale));
        request = harness.requests().remove(0);
    }
    harness.response(request.id, 401, &digest(stale));
    assert_eq!(harness.failure().unwrap().0, FailureClass::Auth);
}

#[test]
fn a_redirect_to_a_place_that_is_not_granted_ends_with_the_reason() {
    let (mut harness, request) = started();
    let challenge = [("www-authenticate", "Basic realm=\"r\"")];
    harness.response(request.id, 401, &challenge);
    let request = harness.requests().remove(0);
    harness.response(request.id, 302, &[("location", "http://elsewhere:81/x")]);
    let request = harness.requests().remove(0);
    assert_eq!(request.url, "http://elsewhere:81/x");
    assert!(!authorized(&request), "the challenge was another server's");
    let refusal = "elsewhere:81 is not granted to this camera's adapter";
    harness.request_failed(request.id, FailureClass::Auth, refusal);
    assert_eq!(harness.failure(), Some((FailureClass::Auth, refusal)));
}

#[test]
fn redirects_to_what_is_no_http() {
    for location in ["rtsp://cam/x", "file:///etc/passwd", "http://"] {
        let (mut harness, request) = started();
        harness.response(request.id, 302, &[("location", location)]);
        let (class, message) = harness.failure().expect(location);
        assert_eq!(class, FailureClass::Protocol);
        assert!(
            !message.contains(location),
            "what a camera says is not repeated"
        );
    }
}

#[test]
fn a_busy_camera_says_when() {
    let (mut harness, request) = started();
    harness.response(request.id, 503, &[("retry-after", "7")]);
    let (class, message) = harness.failure().expect("a failure");
    assert_eq!(class, FailureClass::Unreachable);
    assert!(
        message.contains("503") && message.contains("7 s"),
        "{message}"
    );
}

#[test]
fn a_login_page_is_none_of_ours() {
    let (mut harness, request) = started();
    harness.response(
        request.id,
        200,
        &[("content-type", "text/html; charset=utf-8")],
    );
    let (class, message) = harness.failure().expect("a failure");
    assert_eq!(class, FailureClass::Unsupported);
    assert!(message.contains("web page"), "{message}");
}

#[test]
fn codings_are_not_wanted_and_refused() {
    let (mut harness, request) = started();
    let asked = request
        .headers
        .iter()
        .find(|header| header.name == "Accept-Encoding");
    let asked = asked.map(|header| padelvar_sdk::testing::render(&header.value));
    assert_eq!(asked.as_deref(), Some("identity"));
    let gzip = [MULTIPART[0], ("content-encoding", "gzip")];
    harness.response(request.id, 200, &gzip);
    let (class, message) = harness.failure().expect("a failure");
    assert_eq!(class, FailureClass::Unsupported);
    assert!(message.contains("gzip"), "{message}");
    let (mut harness, request) = started();
    let identity = [MULTIPART[0], ("content-encoding", "identity")];
    harness.response(request.id, 200, &identity);
    assert_eq!(harness.outcome(), None);
}

#[test]
fn a_byte_a_second_is_given_up() {
    let (mut harness, request) = started();
    harness.response(request.id, 200, MULTIPART);
    let bytes = [PART, &picture(1)].concat();
    for byte in bytes {
        harness.body(request.id, &[byte], false);
        harness.advance(Duration::from_secs(1));
    }
    let (class, message) = harness.failure().expect("a failure");
    assert_eq!(class, FailureClass::Unreachable);
    assert!(message.contains("no picture for 10 s"), "{message}");
}

#[test]
fn a_connection_that_ends_or_breaks_ends_the_session() {
    // HTTP/1.0 without a length ends with its connection.
    let (mut harness, request) = started();
    harness.response(request.id, 200, MULTIPART);
    harness.body(request.id, &[PART, &picture(1), PART].concat(), false);
    harness.body(request.id, b"", true);
    assert_eq!(harness.packets().len(), 1);
    assert_eq!(harness.failure().unwrap().0, FailureClass::Protocol);
    let (mut harness, request) = started();
    harness.response(request.id, 200, MULTIPART);
    harness.body(request.id, &[PART, &picture(1)].concat(), false);
    harness.request_failed(request.id, FailureClass::Protocol, "wrong chunk");
    assert_eq!(harness.packets().len(), 1);
    assert_eq!(
        harness.failure(),
        Some((FailureClass::Protocol, "wrong chunk"))
    );
}
