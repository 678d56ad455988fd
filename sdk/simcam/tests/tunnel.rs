//! RTSP within HTTP, with FFmpeg and a plain client.
#![expect(clippy::unwrap_used, reason = "a test")]

mod common;

use common::{Client, Folder, ffmpeg, frames_follow, small};
use simcam::{Auth, Handle, RtspCamera, RtspConfig, Scheme, Sound, Transports};

async fn start(transports: Transports) -> Handle {
    RtspCamera::start(RtspConfig {
        clip: small(),
        audio: Some(Sound::Pcmu),
        auth: Some(Auth::new(Scheme::DigestMd5, "admin", "pass")),
        transports,
        ..RtspConfig::default()
    })
    .await
    .unwrap()
}

#[tokio::test]
async fn ffmpeg_records_through_a_tunnel() {
    let folder = Folder::new("tunnel");
    let file = folder.file("copy.mkv");
    let camera = start(Transports::ALL).await;
    let (url, out) = (
        common::with_password(&camera, "pass"),
        file.to_str().unwrap(),
    );
    let input = ["-rtsp_transport", "http", "-i", &url, "-t", "3"];
    let done = ffmpeg(&[&input[..], &["-c", "copy", out]].concat()).await;
    let complaint = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{complaint}");
    frames_follow(&camera, &file, 50).await;
    let log = camera.sent();
    let asked = |method: &str| {
        let mut all = log.iter().flat_map(|client| &client.requests);
        all.any(|request| request.method == method && request.status == 200)
    };
    assert!(asked("GET") && asked("POST") && asked("PLAY"), "{log:?}");
    camera.stop().await;
}

#[tokio::test]
async fn other_http_is_refused() {
    for transports in [Transports::ALL, Transports::TCP] {
        let camera = start(transports).await;
        for (method, headers) in [
            ("GET", ""),
            (
                "POST",
                "x-sessioncookie: nobody\r\nContent-Length: 32767\r\n",
            ),
        ] {
            let mut client = Client::connect_http(&camera).await;
            assert_eq!(client.ask(method, "/stream1", headers).await.status, 404);
        }
        let mut client = Client::connect_http(&camera).await;
        let answer = client
            .ask("GET", "/stream1", "x-sessioncookie: me\r\n")
            .await;
        let wanted = if transports.http_tunnel { 200 } else { 404 };
        assert_eq!(answer.status, wanted);
        camera.stop().await;
    }
}
