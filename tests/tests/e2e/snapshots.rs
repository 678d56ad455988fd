//! Single pictures, and what is told of a preview.

use std::time::Duration;

use jiff::fmt::rfc2822::DateTimeParser;
use padelvar_tests::cameras::{self, small_http};
use padelvar_tests::jpeg::{self, Parts};
use padelvar_tests::{Api, Config, Host, clock, machine};
use reqwest::Method;
use serde_json::Value;
use simcam::{ClipParams, Fault, RtspConfig};
use tokio::time::{Instant, sleep, timeout};

async fn info(api: &Api, id: &str) -> Value {
    let path = format!("/api/preview/{id}/info");
    api.get(&path).await.ok(200)
}

#[tokio::test]
async fn one_picture_has_one_tag() {
    let _shared = machine::shared().await;
    let (h264, mjpeg) = (
        // Keyframes so far apart that two calls see the same one.
        cameras::rtsp(RtspConfig {
            clip: ClipParams {
                gop: 250,
                ..ClipParams::default()
            },
            ..RtspConfig::default()
        })
        .await,
        cameras::http(small_http()).await,
    );
    let host = Host::start(&Config::of(&h264).url(mjpeg.url())).await;
    for terrain in [1, 2] {
        let id = host.api.create(terrain).await;
        let path = format!("/api/preview/{id}/snapshot.jpg");
        let get = async |headers: &[(&str, &str)]| host.api.send(Method::GET, &path, headers).await;
        let mut unchanged = 0;
        for _ in 0..5 {
            let first = get(&[]).await;
            assert_eq!(first.status, 200, "{}", first.text());
            jpeg::size(&first.bytes);
            let tag = first.header("etag").to_owned();
            assert!(
                tag.trim_start_matches("W/").starts_with('"') && tag.len() > 4,
                "{tag}"
            );
            let modified = first.header("last-modified").to_owned();
            assert!(modified.ends_with(" GMT"), "{modified}");
            let modified = modified.replace("GMT", "+0000");
            let modified = DateTimeParser::new()
                .parse_timestamp(&modified)
                .expect("a date");
            let age = clock::seconds(modified, clock::now());
            assert!((-1.0..15.0).contains(&age), "{age} s old");
            // A camera with a new picture every 40 ms may have one by now.
            let again = get(&[("if-none-match", &tag)]).await;
            match again.status {
                304 => {
                    assert!(again.bytes.is_empty());
                    assert_eq!(again.header("etag"), tag);
                    unchanged += 1;
                }
                200 => assert_ne!(again.header("etag"), tag),
                other => panic!("{other}: {}", again.text()),
            }
        }
        assert!(
            terrain == 2 || unchanged >= 3,
            "{unchanged} of 5 are the same keyframe"
        );
        let other = get(&[("if-none-match", "\"another\"")]).await;
        assert_eq!(other.status, 200);
        let head = host.api.send(Method::HEAD, &path, &[]).await;
        assert_eq!((head.status, head.bytes.len()), (200, 0));
        assert!(
            other.header("cache-control").contains("no-"),
            "{:?}",
            other.headers
        );
    }
    // Out of reach: the last picture is there all the same, at once, and does not change.
    mjpeg.inject(Fault::Outage(Duration::from_secs(30)));
    let listed = host.api.get("/api/video/session/list").await.ok(200);
    let sessions = listed["sessions"].as_array().expect("a list");
    let session = sessions
        .iter()
        .find(|s| s["terrain_id"] == 2)
        .expect("it is open");
    let id = session["session_id"].as_str().expect("an id");
    host.api.until_camera(id, "lost").await;
    let path = format!("/api/preview/{id}/snapshot.jpg");
    let asked = Instant::now();
    let last = host.api.get(&path).await;
    assert!(
        asked.elapsed() < Duration::from_secs(2),
        "{:?}",
        asked.elapsed()
    );
    assert_eq!(last.status, 200, "{}", last.text());
    let tag = [("if-none-match", last.header("etag"))];
    assert_eq!(host.api.send(Method::GET, &path, &tag).await.status, 304);
    host.end().await;
}

#[tokio::test]
async fn what_is_told_of_a_preview() {
    let _shared = machine::shared().await;
    let (h264, mjpeg) = (
        cameras::rtsp(RtspConfig::default()).await,
        cameras::http(small_http()).await,
    );
    let host = Host::start(&Config::of(&h264).url(mjpeg.url())).await;
    for (terrain, codec, size, camera) in [
        (1, "h264", (640, 360), &h264),
        (2, "mjpeg", (320, 180), &mjpeg),
    ] {
        let id = host.api.create(terrain).await;
        // The rate is known once it was seen for a while.
        let rate = |told: &Value| {
            told["fps"]
                .as_f64()
                .is_some_and(|fps| (fps - 25.0).abs() < 3.0)
        };
        let told = host.api.until(|| info(&host.api, &id), rate).await;
        assert_eq!(told["codec"], codec, "{told}");
        assert_eq!(
            (&told["width"], &told["height"]),
            (&size.0.into(), &size.1.into()),
            "{told}"
        );
        assert_eq!(
            (&told["state"], &told["viewers"]),
            (&"live".into(), &0.into()),
            "{told}"
        );
        let age = told["last_frame_age_ms"].as_f64().expect("a number");
        assert!((0.0..2000.0).contains(&age), "{told}");
        let stream = format!("/api/preview/{id}/stream.mjpeg");
        let mut viewers = Vec::new();
        for _ in 0..2 {
            let mut parts = Parts::of(host.api.open(Method::GET, &stream, &[]).await);
            parts.next().await;
            viewers.push(parts);
        }
        assert_eq!(info(&host.api, &id).await["viewers"], 2);
        drop(viewers);
        host.api
            .until(|| info(&host.api, &id), |told| told["viewers"] == 0)
            .await;
        camera.inject(Fault::Outage(Duration::from_secs(3)));
        let lost = host
            .api
            .until(|| info(&host.api, &id), |told| told["state"] == "lost")
            .await;
        sleep(Duration::from_secs(1)).await;
        let later = info(&host.api, &id).await;
        if later["state"] == "lost" {
            let age = |told: &Value| told["last_frame_age_ms"].as_f64().unwrap_or(-1.0);
            assert!(age(&later) > age(&lost) + 500.0, "{lost} {later}");
        }
        host.api.try_close(&id).await.ok(200);
        host.api
            .get(&format!("/api/preview/{id}/info"))
            .await
            .problem(410);
        host.api
            .get(&format!("/api/preview/{id}/snapshot.jpg"))
            .await
            .problem(410);
    }
    host.end().await;
}

#[tokio::test]
async fn whoever_hangs_up_early_keeps_nobody_waiting() {
    let _shared = machine::shared().await;
    let camera = cameras::rtsp(RtspConfig::default()).await;
    let host = Host::start(&Config::of(&camera)).await;
    let id = host.api.create(1).await;
    let path = format!("/api/preview/{id}/snapshot.jpg");
    // As a page does that asks five times a second, whatever becomes of the last question: a
    // new keyframe takes longer than that to be decoded, and must be all the same.
    let (mut tags, since) = (std::collections::BTreeSet::new(), Instant::now());
    while tags.len() < 4 {
        assert!(
            since.elapsed() < Duration::from_mins(1),
            "pictures: {tags:?}"
        );
        let asked = host.api.send(Method::GET, &path, &[]);
        if let Ok(answer) = timeout(Duration::from_millis(100), asked).await {
            assert_eq!(answer.status, 200, "{}", answer.text());
            tags.insert(answer.header("etag").to_owned());
        }
        sleep(Duration::from_millis(100)).await;
    }
    host.end().await;
}
