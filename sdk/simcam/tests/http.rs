//! The HTTP camera: FFmpeg as the client, then byte by byte.
#![expect(clippy::unwrap_used, reason = "a test")]

mod common;

use std::time::Duration;

use common::{Client, Folder, ffmpeg, frames_follow, small, with_password};
use simcam::{
    Auth, Boundary, ClipParams, Codec, Fault, Handle, HttpCamera, HttpConfig, Scheme, Transfer,
    judge,
};
use tokio::io::AsyncReadExt;

fn base() -> HttpConfig {
    let clip = ClipParams {
        codec: Codec::Jpeg,
        ..small()
    };
    HttpConfig {
        clip,
        ..HttpConfig::default()
    }
}

async fn record(name: &str, config: HttpConfig) {
    let folder = Folder::new(name);
    let file = folder.file("copy.mkv");
    let camera = HttpCamera::start(config).await.unwrap();
    let url = with_password(&camera, "pass");
    let out = file.to_str().unwrap();
    let line = [
        "-f",
        "mpjpeg",
        "-i",
        &url,
        "-frames:v",
        "30",
        "-c",
        "copy",
        out,
    ];
    let done = ffmpeg(&line).await;
    assert!(
        done.status.success(),
        "{name}: {}",
        String::from_utf8_lossy(&done.stderr)
    );
    frames_follow(&camera, &file, 30).await;
    camera.stop().await;
}

#[tokio::test]
async fn ffmpeg_reads_every_kind_of_stream() {
    let auth = |scheme, qop| {
        Some(Auth {
            qop,
            ..Auth::new(scheme, "admin", "pass")
        })
    };
    let basic = HttpConfig {
        auth: auth(Scheme::Basic, false),
        ..base()
    };
    let no_length = HttpConfig {
        content_length: false,
        auth: auth(Scheme::DigestMd5, true),
        ..base()
    };
    let chunked = HttpConfig {
        transfer: Transfer::Chunked,
        boundary: Boundary::quoted(),
        ..base()
    };
    let http_10 = HttpConfig {
        transfer: Transfer::Http10,
        boundary: Boundary::dashes_in_header(),
        ..base()
    };
    let https = HttpConfig {
        boundary: Boundary::differs(),
        tls: true,
        ..base()
    };
    tokio::join!(
        record("basic", basic),
        record("nolength", no_length),
        record("chunked", chunked),
        record("http10", http_10),
        record("https", https),
    );
}

async fn strip_of(camera: &Handle, jpeg: Vec<u8>) -> u32 {
    let params = camera.clip().params();
    let size = (params.width, params.height);
    let strips = judge::strips_of_bytes("ffmpeg".as_ref(), "mjpeg", jpeg.into(), size);
    strips.await.unwrap()[0].unwrap()
}

#[tokio::test]
async fn snapshots_show_the_present() {
    let camera = HttpCamera::start(base()).await.unwrap();
    let mut client = Client::connect(&camera).await;
    let first = client.ask("GET", "/snapshot.jpg", "").await;
    assert_eq!(first.header("Content-Type"), Some("image/jpeg"));
    tokio::time::sleep(Duration::from_millis(200)).await;
    // The same connection serves again.
    let second = client.ask("GET", "/snapshot.jpg?x=1", "").await;
    let frames = &camera.sent()[0].frames;
    assert_eq!(strip_of(&camera, first.body).await, frames[0].index);
    assert_eq!(strip_of(&camera, second.body).await, frames[1].index);
    assert!(frames[1].number >= frames[0].number + 4);
    assert_eq!(client.ask("GET", "/other", "").await.status, 404);
    assert_eq!(client.ask("POST", "/snapshot.jpg", "").await.status, 405);
    let url = camera.snapshot_url().unwrap();
    let done = ffmpeg(&["-i", &url, "-f", "null", "-"]).await;
    assert!(done.status.success());
}

#[tokio::test]
async fn a_snapshot_without_length_ends_with_the_connection() {
    let config = HttpConfig {
        content_length: false,
        ..base()
    };
    let camera = HttpCamera::start(config).await.unwrap();
    let mut client = Client::connect(&camera).await;
    client.send("GET", "/snapshot.jpg", "").await;
    let mut all = Vec::new();
    client.stream.read_to_end(&mut all).await.unwrap();
    let start = all.windows(2).position(|w| w == [0xFF, 0xD8]).unwrap();
    assert!(!String::from_utf8_lossy(&all[..start]).contains("Content-Length"));
    strip_of(&camera, all[start..].to_vec()).await;
}

#[tokio::test]
async fn digest_with_sha_256_and_another_password() {
    let auth = Some(Auth {
        qop: true,
        ..Auth::new(Scheme::DigestSha256, "admin", "pass")
    });
    let camera = HttpCamera::start(HttpConfig { auth, ..base() })
        .await
        .unwrap();
    let mut client = Client::connect(&camera).await;
    let denied = client.ask("GET", "/snapshot.jpg", "").await;
    client.authenticate(&denied);
    assert_eq!(client.ask("GET", "/snapshot.jpg", "").await.status, 200);
    camera.inject(Fault::Password("other".into()));
    client.drain().await;
    let mut client = Client::connect(&camera).await;
    let denied = client.ask("GET", "/snapshot.jpg", "").await;
    client.authenticate(&denied);
    assert_eq!(client.ask("GET", "/snapshot.jpg", "").await.status, 401);
}

#[tokio::test]
async fn redirects_lost_frames_and_lies() {
    let camera = HttpCamera::start(base()).await.unwrap();
    let mut client = Client::connect(&camera).await;
    camera.inject(Fault::Redirect(Some("http://127.0.0.1:1/x".into())));
    let moved = client.ask("GET", "/stream.mjpeg", "").await;
    assert_eq!(
        (moved.status, moved.header("Location")),
        (302, Some("http://127.0.0.1:1/x"))
    );
    camera.inject(Fault::Redirect(None));
    camera.inject(Fault::LengthLie(u64::MAX));
    client.send("GET", "/snapshot.jpg", "").await;
    let mut head = vec![0; 120];
    client.stream.read_exact(&mut head).await.unwrap();
    assert!(String::from_utf8_lossy(&head).starts_with("HTTP/1.1 200"));

    let mut client = Client::connect(&camera).await;
    camera.inject(Fault::DropNext(2));
    client.send("GET", "/stream.mjpeg", "").await;
    let head = client.answer().await;
    assert!(
        head.header("Content-Type")
            .unwrap()
            .ends_with("boundary=simcamframe")
    );
    let mut some = vec![0; 60_000];
    client.stream.read_exact(&mut some).await.unwrap();
    camera.inject(Fault::Close);
    client.drain().await;
    let log = camera.sent();
    let frames = &log.last().unwrap().frames;
    assert_eq!(frames.iter().filter(|f| !f.whole).count(), 2);
    assert!(frames.windows(2).all(|w| w[1].number == w[0].number + 1));
}

#[tokio::test]
async fn the_certificate_is_the_one_that_is_told() {
    let camera = HttpCamera::start(HttpConfig {
        tls: true,
        ..base()
    })
    .await
    .unwrap();
    assert!(camera.url().starts_with("https://127.0.0.1:"));
    assert_eq!(camera.certificate_sha256().map(str::len), Some(64));
}
