//! Pain 15: what cameras do and should not.

use std::time::Duration;

use padelvar_tests::{Config, Host, Take, cameras, clock, machine};
use reqwest::Method;
use simcam::{Fault, Handle, RtspConfig};
use tokio::time::sleep;

/// The most connections that a camera had at the same time.
fn most_at_once(camera: &Handle) -> usize {
    let clients = camera.sent();
    let open = |at: Duration| {
        let open = clients
            .iter()
            .filter(|client| client.connected <= at && client.ended.is_none_or(|ended| ended > at));
        open.count()
    };
    clients
        .iter()
        .map(|client| open(client.connected))
        .max()
        .unwrap_or(0)
}

#[tokio::test]
async fn pain_15_sound_that_mp4_cannot_hold_and_cameras_that_serve_one_client() {
    let _shared = machine::shared().await;
    // G.711, announced first and sent to whoever plays.
    let camera = cameras::rtsp(RtspConfig {
        sound: true,
        ..RtspConfig::default()
    })
    .await;
    let host = Host::start(&Config::of(&camera)).await;
    let id = host.api.create(1).await;
    let called = clock::now();
    host.api.start(&id).await;
    // Viewers and the proxy's clients share the one connection.
    let session = host.api.session(&id).await;
    let mut watching = Vec::new();
    for _ in 0..2 {
        let path = format!("/api/preview/{id}/stream.mjpeg");
        watching.push(host.api.open(Method::GET, &path, &[]).await);
        let url = session["proxy_url"].as_str().expect("a URL");
        let client = host.api.client.get(url).send().await.expect("it answers");
        assert_eq!(client.status(), 200);
        watching.push(client);
    }
    sleep(Duration::from_secs(4)).await;
    let take = Take::stop(&host, id, called).await;
    take.check_copied(&camera).await;
    drop(watching);

    // What was left of a session does not stand in the way of the next one.
    let id = host.api.create(1).await;
    for _ in 0..3 {
        camera.inject(Fault::Close);
        host.api.until_camera(&id, "lost").await;
        host.api.until_camera(&id, "live").await;
    }
    host.api.try_close(&id).await.ok(200);
    assert_eq!(most_at_once(&camera), 1, "{:?}", camera.sent().len());
    let goodbyes = camera.sent().into_iter().flat_map(|client| client.requests);
    let goodbyes = goodbyes
        .filter(|request| request.method == "TEARDOWN")
        .count();
    assert!(goodbyes >= 2, "each session is given back: {goodbyes}");
    host.end().await;
}
