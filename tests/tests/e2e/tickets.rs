//! Tickets: a link that works without a token, for one session and one purpose.

use std::time::Duration;

use padelvar_tests::{Config, Host, cameras, machine};
use reqwest::Method;
use serde_json::Value;
use simcam::RtspConfig;
use tokio::time::sleep;

fn ticket(url: &Value) -> String {
    let url = url.as_str().unwrap_or_else(|| panic!("no link: {url}"));
    let (_, ticket) = url.split_once("ticket=").expect("a ticket");
    ticket.to_owned()
}

#[tokio::test]
async fn one_session_one_purpose() {
    let _shared = machine::shared().await;
    let camera = cameras::rtsp(RtspConfig::default()).await;
    let host = Host::start(&Config::of(&camera).url(camera.url())).await;
    let nobody = host.api.with_token(None);
    let (first, second) = (host.api.create(1).await, host.api.create(2).await);
    host.api.start(&first).await;
    host.api.until_recording(&first, "recording").await;
    sleep(Duration::from_secs(1)).await;
    let stopped = host.api.stop(&first).await;
    let session = host.api.session(&second).await;
    let preview = ticket(&session["preview"]["mjpeg_url"]);
    let snapshot = ticket(&session["preview"]["snapshot_url"]);
    let feed = ticket(&session["proxy_url"]);
    let download = ticket(&stopped["file"]["download_url"]);

    let status = async |path: &str, ticket: &str| {
        let path = format!("{path}?ticket={ticket}");
        let answer = nobody.open(Method::GET, &path, &[]).await;
        answer.status().as_u16()
    };
    let at = |id: &str, name: &str| format!("/api/preview/{id}/{name}");
    let file = |id: &str| format!("/api/video/files/{id}/download");
    for name in ["stream.mjpeg", "snapshot.jpg"] {
        for ticket in [&preview, &snapshot] {
            assert_eq!(status(&at(&second, name), ticket).await, 200, "{name}");
            // Another session, open or not.
            assert_eq!(status(&at(&first, name), ticket).await, 401, "{name}");
        }
        assert_eq!(status(&at(&second, name), &download).await, 401);
        assert_eq!(status(&at(&first, name), &download).await, 401);
    }
    assert_eq!(status(&file(&first), &download).await, 200);
    assert_eq!(status(&file(&second), &download).await, 401);
    for ticket in [&preview, &snapshot, &feed] {
        assert_eq!(status(&file(&first), ticket).await, 401);
        assert_eq!(status(&file(&second), ticket).await, 401);
    }
    // A ticket is no token and no cookie, and for nothing but its purpose.
    for path in [
        "/api/video/session/list".to_owned(),
        format!("/api/video/session/{second}"),
        "/api/video/files/list".to_owned(),
        "/api/video/terrains".to_owned(),
    ] {
        for ticket in [&preview, &download] {
            assert_eq!(status(&path, ticket).await, 401, "{path}");
        }
    }
    for secret in [&preview, &download] {
        let bearer = nobody.with_token(Some(secret));
        bearer.get(&at(&second, "snapshot.jpg")).await.problem(401);
        let cookie = format!("padelvar_token={secret}");
        let headers = [("cookie", cookie.as_str())];
        let path = at(&second, "snapshot.jpg");
        let answer = nobody.send(Method::GET, &path, &headers).await;
        answer.problem(401);
    }
    let path = format!("/api/video/files/{first}/delete?ticket={download}");
    nobody.send(Method::DELETE, &path, &[]).await.problem(401);
    // Changed in any place.
    let path = at(&second, "snapshot.jpg");
    for at in (0..preview.len()).step_by(9) {
        let mut bytes = preview.clone().into_bytes();
        if !bytes[at].is_ascii_alphanumeric() {
            continue;
        }
        bytes[at] = if bytes[at] == b'A' { b'Q' } else { b'A' };
        let changed = String::from_utf8(bytes).expect("ASCII");
        // An address of its own: failures are counted.
        let path = format!("{path}?ticket={changed}");
        let answer = nobody.from(77).get(&path).await;
        assert_eq!(answer.status, 401, "changed at {at}");
    }
    for odd in ["", "%00", "%ff", "..", &"x".repeat(9000)] {
        assert_eq!(status(&path, odd).await, 401, "{odd}");
    }
    // A good token serves beside a ticket that is none.
    let answer = host.api.get(&format!("{path}?ticket=none")).await;
    assert!(matches!(answer.status, 200 | 401), "{}", answer.text());
    host.end().await;
}
