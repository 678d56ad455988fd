//! The adapter with the SDK's harness as the host.

use core::time::Duration;

use padelvar_sdk::FailureClass;
use padelvar_sdk::testing::{Harness, camera, render};
use padelvar_sdk::wit::HttpRequest;

/// The smallest thing that passes for a JPEG: markers, no picture.
const PICTURE: [u8; 25] = [
    0xff, 0xd8, 0xff, 0xc4, 0, 3, 1, 0xff, 0xc0, 0, 8, 8, 0, 16, 0, 16, 1, 0xff, 0xda, 0, 2, 7, 8,
    0xff, 0xd9,
];

fn started() -> Harness {
    let mut host = Harness::new(camera("vendor://cam:8080"), vendor::run);
    host.start();
    host
}

fn request(host: &mut Harness) -> HttpRequest {
    let mut requests = host.requests();
    assert_eq!(requests.len(), 1);
    requests.remove(0)
}

fn header(request: &HttpRequest, name: &str) -> Option<String> {
    let mut headers = request.headers.iter();
    let found = headers.find(|header| header.name == name)?;
    Some(render(&found.value))
}

fn answer(host: &mut Harness, request: &HttpRequest, status: u16, body: &[u8]) {
    host.response(request.id, status, &[]);
    host.body(request.id, body, true);
}

fn frame(clock: u64) -> Vec<u8> {
    let mut frame = b"VC".to_vec();
    frame.extend(u32::try_from(PICTURE.len()).unwrap().to_be_bytes());
    frame.extend(clock.to_be_bytes());
    frame.extend(PICTURE);
    frame
}

fn streaming() -> (Harness, HttpRequest) {
    let mut host = started();
    let login = request(&mut host);
    answer(&mut host, &login, 200, br#"{"session": "s-1"}"#);
    let live = request(&mut host);
    (host, live)
}

#[test]
fn login_stream_logout() {
    let mut host = started();
    let login = request(&mut host);
    assert_eq!(
        (login.method.as_str(), login.url.as_str()),
        ("POST", "http://cam:8080/login")
    );
    // Recipes and not passwords.
    assert_eq!(
        render(&login.body),
        r#"{"username": "<username>", "password": "<password>"}"#
    );
    answer(&mut host, &login, 200, br#"{"session": "s-1"}"#);
    let live = request(&mut host);
    assert_eq!(live.url, "http://cam:8080/live");
    assert_eq!(header(&live, "Cookie").as_deref(), Some("session=s-1"));
    host.response(live.id, 200, &[]);
    // Borders of reads are not those of pictures.
    let bytes = [frame(40_000), frame(80_000)].concat();
    for piece in bytes.chunks(10) {
        host.body(live.id, piece, false);
        host.advance(Duration::from_millis(1));
    }
    assert_eq!(host.tracks().len(), 1);
    let packets = host.packets();
    let clocks: Vec<_> = packets.iter().map(|packet| packet.timestamp).collect();
    assert_eq!(clocks, [Some(40_000), Some(80_000)]);
    assert_eq!(packets[0].arrived, 1_000_000);
    assert!(packets.iter().all(|packet| packet.data == PICTURE));

    host.stop();
    let logout = request(&mut host);
    assert_eq!(logout.url, "http://cam:8080/logout");
    assert_eq!(header(&logout, "Cookie").as_deref(), Some("session=s-1"));
    assert_eq!(host.outcome(), None, "it waits for the answer");
    answer(&mut host, &logout, 200, b"");
    assert_eq!(host.outcome(), Some(&Ok(())));
}

#[test]
fn a_camera_that_does_not_say_goodbye_is_left() {
    let (mut host, live) = streaming();
    host.response(live.id, 200, &[]);
    host.stop();
    request(&mut host);
    host.advance(Duration::from_millis(700));
    assert_eq!(host.outcome(), Some(&Ok(())));
}

#[test]
fn logins_that_fail() {
    for (status, body, class) in [
        (401, &b""[..], FailureClass::Auth),
        (403, b"", FailureClass::Auth),
        (503, b"", FailureClass::Unreachable),
        (302, b"", FailureClass::Protocol),
        (200, b"<html>", FailureClass::Protocol),
        (200, b"{}", FailureClass::Protocol),
    ] {
        let mut host = started();
        let login = request(&mut host);
        answer(&mut host, &login, status, body);
        assert_eq!(host.failure().expect("it gives up").0, class, "{status}");
    }
    let mut nobody = camera("vendor://cam");
    nobody.has_credentials = false;
    let mut host = Harness::new(nobody, vendor::run);
    host.start();
    assert_eq!(host.failure().expect("it gives up").0, FailureClass::Auth);
    assert!(host.requests().is_empty());
}

#[test]
fn streams_that_fail_say_goodbye_too() {
    let giant = [b"VC".to_vec(), vec![0xff; 12]].concat();
    for (status, body, class) in [
        (401, &b""[..], FailureClass::Protocol),
        (503, b"", FailureClass::Unreachable),
        (200, b"", FailureClass::Protocol),
        (200, b"<html>and so on</html>", FailureClass::Protocol),
        (200, &giant, FailureClass::Protocol),
        (200, &frame(1)[..20], FailureClass::Protocol),
    ] {
        let (mut host, live) = streaming();
        answer(&mut host, &live, status, body);
        let logout = request(&mut host);
        host.request_failed(logout.id, FailureClass::Unreachable, "refused");
        assert_eq!(host.failure().expect("it gives up").0, class, "{status}");
    }
}
