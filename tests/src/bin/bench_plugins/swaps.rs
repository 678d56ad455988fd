//! Adapter and policy are replaced again and again under recordings and requests.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use padelvar_tests::{Config, Host, Take, cameras, clock, usage, versions};
use simcam::RtspConfig;
use tokio::time::{Instant, sleep};

use crate::load::{self, Sums};
use crate::stage;

/// Swaps before memory is looked at first: caches and pools have filled by then.
const WARM_UP: u32 = 10;
/// What memory may grow by, MiB.
const GROWTH: f64 = 10.0;
/// After a swap, before the next one. A new connection brings its first keyframe within a second.
const PAUSE: Duration = Duration::from_millis(1500);

/// Prints what came of it. Whether nothing failed and nothing was lost.
pub async fn measure(swaps: u32, requests: u32, recordings: u32) -> bool {
    let mut all = Vec::new();
    for _ in 0..recordings {
        all.push(
            cameras::rtsp(RtspConfig {
                clip: cameras::h264(),
                ..RtspConfig::default()
            })
            .await,
        );
    }
    let config = Config::new().level("info").policy("house");
    let config = all
        .iter()
        .fold(config, |config, camera| config.url(camera.url()));
    let (adapter, policy) = (versions::built_in("rtsp"), versions::built_in("club-roles"));
    let another = |wasm: &[u8], number| versions::another(wasm, number);
    let first = [
        ("rtsp", another(&adapter, 0)),
        ("house", another(&policy, 0)),
    ];
    let first: Vec<(&str, &[u8])> = first.iter().map(|(name, wasm)| (*name, &**wasm)).collect();
    let host = Host::start_in(stage::folder(&config, &first)).await;
    let folder = host.folder();
    let mut events = stage::listen(&host).await;

    let mut takes = Vec::new();
    for terrain in 1..=recordings {
        let id = host.api.create(terrain).await;
        let start_call = clock::now();
        host.api.try_start(&id, 60).await.ok(200);
        takes.push((id, start_call));
    }
    for (id, _) in &takes {
        host.api.until_recording(id, "recording").await;
    }
    let sums = Arc::new(Sums::default());
    let asking = load::ask(
        host.api.clone(),
        takes[0].0.clone(),
        requests,
        Arc::clone(&sums),
    );
    let asking = tokio::spawn(asking);
    let began = Instant::now();
    let mut before = usage::memory(host.pid()).rss;
    let mut worst = before;
    for number in 1..=swaps {
        for (name, wasm) in [("rtsp", &adapter), ("house", &policy)] {
            let version = another(wasm, number);
            stage::rename(&stage::prepare(folder.path(), name, &version), name);
            stage::until_active(&mut events, name).await;
        }
        sleep(PAUSE).await;
        let now = usage::memory(host.pid()).rss;
        if number == WARM_UP.min(swaps) {
            (before, worst) = (now, now);
        }
        worst = worst.max(now);
        if number % 20 == 0 {
            eprintln!("  {number} swaps, {now:.1} MiB");
        }
    }
    let after = usage::memory(host.pid()).rss;
    let lasted = began.elapsed().as_secs_f64();
    asking.abort();
    let log = host.log.text();
    let spliced = log.matches("adapter replaced").count();

    let mut lost = 0_u64;
    for ((id, start_call), camera) in takes.into_iter().zip(&all) {
        let take = Take::stop(&host, id, start_call).await;
        let video = take.check_uneven().await;
        let gaps = take.recording()["gaps"].as_array().map_or(0, Vec::len) as u64;
        let offsets = clock::offsets(&take.file, &video, take.recording(), camera).await;
        let steps = offsets
            .numbers
            .windows(2)
            .map(|pair| pair[1].abs_diff(pair[0] + 1));
        lost += steps.sum::<u64>() + gaps;
    }
    let (good, bad) = (
        sums.good.load(Ordering::Relaxed),
        sums.bad.load(Ordering::Relaxed),
    );
    let slowest_ms = sums.slowest_us.load(Ordering::Relaxed) as f64 / 1000.0;
    let growth = after - before;
    println!(
        "{swaps} swaps of the adapter and as many of the policy in {lasted:.0} s, under {recordings} recordings:\n\
         - {spliced} times a camera went over to another version\n\
         - {good} requests ({:.0} a second) answered as they must be, {bad} not; the slowest took {slowest_ms:.0} ms\n\
         - pictures lost: {lost}\n\
         - memory: {before:.1} MiB after {WARM_UP} swaps, {after:.1} MiB after all, {worst:.1} MiB at most",
        (good + bad) as f64 / lasted
    );
    host.end().await;
    bad == 0 && lost == 0 && growth <= GROWTH
}
