//! The wall clock is stepped while recordings are under way: nothing of it shows in them.

use std::time::Duration;

use jsonwebtoken::Algorithm;
use padelvar_tests::cameras;
use padelvar_tests::faketime::WallClock;
use padelvar_tests::{Config, Host, Take, clock, judge, machine, token};
use serde_json::{Value, json};
use simcam::RtspConfig;
use tokio::time::{Instant, sleep};

/// Planned length of a recording, seconds.
const PLANNED: f64 = 20.0;

/// A new session whose camera is live, and the host's clock less the right one in hours.
async fn create(host: &Host, terrain: u32) -> (String, f64) {
    let id = host.api.create(terrain).await;
    let created = clock::time(&host.api.session(&id).await["created_at"]);
    (id, clock::seconds(clock::now(), created) / 3600.0)
}

#[tokio::test]
async fn steps_of_the_wall_clock_show_in_no_recording() {
    let _shared = machine::shared().await;
    let camera = cameras::rtsp(RtspConfig::default()).await;
    let config = Config::of(&camera).url(camera.url()).url(camera.url());
    let wall = WallClock::right();
    let variables = wall.variables();
    let variables: Vec<_> = variables
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    let mut host = Host::start_with(Host::folder_for(&config), &variables).await;
    // Good for longer than the clock is ever ahead.
    let mut claims = token::claims("SUPER_ADMIN");
    claims["exp"] = json!(token::now() + 3 * 24 * 3600);
    let token = token::signed(Algorithm::HS256, padelvar_tests::config::SECRET, &claims);
    host.api = host.api.with_token(Some(&token));

    let (planned, off) = create(&host, 1).await;
    assert!(off.abs() < 0.1, "{off} hours off");
    let (stopped, _) = create(&host, 2).await;
    let start_call = clock::now();
    let began = Instant::now();
    host.api.try_start(&planned, PLANNED / 60.0).await.ok(200);
    host.api.start(&stopped).await;
    let mut ids = vec![planned.clone(), stopped.clone()];
    for (offset, hours) in [("-1h", -1.0), ("+1d", 24.0), ("-1h", -1.0)] {
        sleep(Duration::from_secs(3)).await;
        wall.step(offset);
        let (id, off) = create(&host, 3).await;
        assert!((off - hours).abs() < 0.1, "{off} hours off, not {hours}");
        assert!(!ids.contains(&id), "{id} twice: {ids:?}");
        host.api.try_close(&id).await.ok(200);
        ids.push(id);
        for id in [&planned, &stopped] {
            let recording = host.api.recording(id).await;
            assert_eq!(recording["status"], "recording", "{recording}");
            let told = recording["elapsed_seconds"].as_f64().unwrap_or_default();
            let elapsed = began.elapsed().as_secs_f64();
            assert!(
                (-0.5..2.5).contains(&(told - elapsed)),
                "{recording}: {elapsed}"
            );
        }
    }

    let take = Take::stop(&host, stopped, start_call).await;
    take.check_copied(&camera).await;
    let recording = host.api.until_recording(&planned, "completed").await;
    let took = began.elapsed().as_secs_f64();
    assert!(
        (PLANNED..PLANNED + 5.0).contains(&took),
        "it ended after {took} s"
    );
    assert_eq!(recording["error"], Value::Null, "{recording}");
    assert_eq!(recording["gaps"], json!([]), "{recording}");
    let video = judge::final_file(&host.video(&planned)).await;
    let started = clock::time(&recording["started_at"]);
    let expected = clock::seconds(started, start_call) + PLANNED;
    assert!(
        (video.duration - expected).abs() <= 0.3,
        "{} of {expected}",
        video.duration
    );
    let offsets = clock::offsets(&host.video(&planned), &video, &recording, &camera).await;
    offsets.consecutive();
    offsets.within(40.0);
    host.end().await;
}
