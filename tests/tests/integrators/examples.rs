//! The examples: their own tests, and the real binary with each of them.

use std::time::Duration;

use padelvar_tests::cameras::{self, small_http};
use padelvar_tests::{Config, machine};
use serde_json::Value;
use tokio::time::{Instant, sleep};

use super::vendor::{ACCOUNT, Vendor};
use super::{guests, stage};

fn built(example: &str, file: &str) -> Vec<u8> {
    let project = guests::repository("examples").join(example);
    guests::test(&project);
    let wasm = guests::component(&project, file);
    eprintln!("{file}: {} bytes", wasm.len());
    wasm
}

#[tokio::test]
async fn the_smallest_adapter() {
    let _shared = machine::shared().await;
    let wasm = built("adapter-hello", "hello.wasm");
    let config = Config::new().camera("url = \"hello://court:1/\"\nadapter = \"hello\"");
    let host = stage::host(&config, &[("hello", &wasm)]).await;
    let video = stage::record(&host, 1).await;
    assert_eq!(video.size, (320, 240));
    assert!((2.5..4.0).contains(&video.duration), "{}", video.duration);
    host.end().await;
}

#[tokio::test]
async fn a_camera_with_a_login() {
    let _shared = machine::shared().await;
    let wasm = built("adapter-vendor", "vendor.wasm");
    let pictures = cameras::http(small_http()).await;
    let camera = Vendor::start(&pictures).await;
    let (user, password) = ACCOUNT;
    let lines = |password: &str| {
        let url = camera.url();
        format!("url = {url:?}\nadapter = \"vendor\"\nusername = {user:?}\npassword = {password:?}")
    };
    let config = Config::new()
        .camera(&lines(password))
        .camera(&lines("wrong"));
    let host = stage::host(&config, &[("vendor", &wasm)]).await;
    let video = stage::record(&host, 1).await;
    assert_eq!(video.size, (320, 180));
    assert_eq!(camera.counts(), (1, 1), "it says goodbye");

    // The camera restarts: a new login, and the session goes on.
    let id = host.api.create(1).await;
    host.api.until_camera(&id, "live").await;
    camera.forget();
    let deadline = Instant::now() + Duration::from_secs(20);
    while camera.counts().0 < 3 {
        assert!(Instant::now() < deadline, "{}", host.log.text());
        sleep(Duration::from_millis(50)).await;
    }
    host.api.until_camera(&id, "live").await;
    host.api.try_close(&id).await.ok(200);

    // A wrong password is told, and nobody learns any.
    let id = stage::open(&host.api, 2).await;
    let ask = || host.api.session(&id);
    let refused = |session: &Value| {
        let told = session["camera"]["last_error"].as_str();
        told.is_some_and(|told| told.contains("refuses the user name or password"))
    };
    host.api.until(ask, refused).await;
    let log = host.log.text();
    for secret in [password, "pa\\\\del"] {
        assert!(!log.contains(secret), "{log}");
    }
    host.end().await;
}

#[tokio::test]
async fn a_policy_with_hours() {
    let _shared = machine::shared().await;
    let wasm = built("policy-opening-hours", "opening_hours.wasm");
    let now = jiff::Timestamp::now();
    let clock = |minutes: i64| {
        let at = now + jiff::SignedDuration::from_mins(minutes);
        at.strftime("%H:%M").to_string()
    };
    // It closes in about ten minutes: the host's time is the one that counts.
    let policy = |opens: i64, closes: i64| {
        format!(
            "[policy]\nplugin = \"opening-hours\"\n[policy.settings]\nopens = {:?}\ncloses = {:?}\n\
             max_minutes = 60\n",
            clock(opens),
            clock(closes)
        )
    };
    let camera = cameras::http(small_http()).await;
    let config = Config::of(&camera).url(camera.url());
    let host = stage::host(
        &config.clone().more(&policy(-60, 10)),
        &[("opening-hours", &wasm)],
    )
    .await;
    let player = host.api.user("PLAYER", "7", 1);
    let id = player.create(1).await;
    let started = player.try_start(&id, 30).await.ok(200);
    let planned = started["recording"]["planned_seconds"]
        .as_f64()
        .expect("a plan");
    assert!((480.0..=600.0).contains(&planned), "{started}");

    // Another setting, and the club is closed; what runs may be stopped.
    let text = config.more(&policy(10, 20));
    host.configure(&text.more("[plugins]\ndir = \"plugins\"").text());
    let deadline = Instant::now() + Duration::from_secs(20);
    let refused = loop {
        let answer = player.try_create(2).await;
        if answer.status == 403 && answer.text().contains("club_closed") {
            break answer;
        }
        assert!(Instant::now() < deadline, "{}", answer.text());
        sleep(Duration::from_millis(200)).await;
    };
    let told = refused.problem(403);
    assert!(
        told["detail"]
            .as_str()
            .is_some_and(|d| d.contains(&clock(10))),
        "{told}"
    );
    host.api.until_recording(&id, "recording").await;
    player.try_stop(&id).await.ok(200);
    host.end().await;
}
