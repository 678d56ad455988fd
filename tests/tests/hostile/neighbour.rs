//! All misdeeds on one host, beside a recording that must not notice.

use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream;
use padelvar_tests::{Config, Host, machine};
use tokio::time::{Instant, timeout};

use crate::bystander::{self, Bystander};
use crate::guests;
use crate::misdeeds::{Misdeed, all};
use crate::stage::{
    PASSWORD, Stage, assert_no_secret, assert_presentable, hostile_camera, last_error,
    nth_hostile_camera, until_hostiles,
};
use crate::target::Target;

/// Sessions that misbehave at the same time.
const AT_ONCE: usize = 8;
/// A session's end: a second for the goodbye, and room for a machine that is kept busy.
const CLOSED_WITHIN: Duration = Duration::from_secs(6);

/// The lines of a misdeed's camera.
fn lines(n: usize, misdeed: &Misdeed, camera: &Target, other: &Target, granted: &Target) -> String {
    let Misdeed {
        order,
        after,
        options,
        reach,
        ..
    } = misdeed;
    let mut all = format!("do = {order:?}, after = {after}");
    if !options.is_empty() {
        all = format!("{all}, {options}");
    }
    let url = format!("http://127.0.0.1:{}/", camera.port);
    nth_hostile_camera(n, &url, &all, reach)
        .replace("CAMERA", &camera.port.to_string())
        .replace("OTHER", &other.port.to_string())
        .replace("GRANTED", &granted.port.to_string())
}

/// A whole session of one misdeed.
async fn session(host: &Host, terrain: u32, misdeed: &Misdeed) {
    let Misdeed { order, told, .. } = misdeed;
    let asked = Instant::now();
    let body = host.api.try_create(terrain).await.ok(201);
    assert!(asked.elapsed() < Duration::from_secs(10), "{order}: create");
    let id = body["session"]["session_id"].as_str().expect("it has one");
    let wanted = |session: &serde_json::Value| {
        let error = last_error(session);
        // The cause that is looked for may be another than that of the first attempt's end.
        told.iter().any(|text| error.contains(text))
    };
    let found = timeout(
        Duration::from_secs(50),
        host.api.until(|| host.api.session(id), wanted),
    )
    .await;
    let Ok(session) = found else {
        let last = host.api.session(id).await;
        panic!("{order}: not {told:?} but {last}");
    };
    assert_presentable(last_error(&session));
    close(host, order, id).await;
}

async fn close(host: &Host, order: &str, id: &str) {
    let asked = Instant::now();
    host.api.try_close(id).await.ok(200);
    let took = asked.elapsed();
    assert!(took < CLOSED_WITHIN, "{order}: closed after {took:?}");
}

#[tokio::test]
async fn misdeeds_end_and_the_neighbour_loses_no_frame() {
    let _alone = machine::alone().await;
    let good = bystander::camera().await;
    let other = Target::other(("127.0.0.1", 0)).await;
    let granted = Target::other(("127.0.0.1", 0)).await;
    let camera = Target::camera(other.port).await;
    let misdeeds = all();
    let numbered = misdeeds.iter().enumerate();
    let config = numbered.fold(Config::of(&good), |config, (n, misdeed)| {
        config.camera(&lines(n, misdeed, &camera, &other, &granted))
    });
    let stage = Stage::new();
    let host = stage.start(&config).await;
    // Not before the start: so many files would hold it up.
    stage.hostiles(misdeeds.len());
    // Nor beside the sessions: what is told of some misdeeds is a rate, which a machine that
    // compiles does not reach.
    until_hostiles(&host, misdeeds.len()).await;

    let bystander = Bystander::record(&host, &good).await;

    let numbered = misdeeds.iter().zip(2..);
    stream::iter(numbered)
        .for_each_concurrent(AT_ONCE, |(misdeed, terrain)| {
            session(&host, terrain, misdeed)
        })
        .await;

    let recording = bystander.lost_nothing().await;
    assert!(
        recording["elapsed_seconds"].as_f64() > Some(5.0),
        "{recording}"
    );
    assert_eq!(other.visits(), 0, "somebody was where nobody may be");
    assert!(camera.visits() > 0, "the camera was reached");
    assert_no_secret(&granted.heard());
    assert!(camera.heard().contains(PASSWORD), "the camera may know it");
    let log = host.log.text();
    assert_no_secret(&log);
    for trouble in ["a panic in the host", "thread '", "NOT STOPPED"] {
        let lines = || log.lines().filter(|line| line.contains(trouble));
        // What a guest says of its own panic is told as such.
        assert_eq!(lines().next(), None, "in the log");
    }
    host.end().await;
}

#[tokio::test]
async fn extremes_that_must_be_lived_with() {
    let _shared = machine::shared().await;
    let camera = Target::camera(1).await;
    let url = format!("http://127.0.0.1:{}/", camera.port);
    let orders = ["timestamps", "references", "giant-log", "ignore-stop"];
    let config = orders.iter().fold(Config::new(), |config, order| {
        let options = format!("do = {order:?}, after = 3");
        config.camera(&hostile_camera(&url, &options, ""))
    });
    let stage = Stage::new();
    stage.plugin("hostile", &guests::hostile());
    let host = stage.start(&config).await;
    for (order, terrain) in orders.into_iter().zip(1_u32..) {
        let id = host.api.create(terrain).await;
        let session = host.api.session(&id).await;
        assert_eq!(last_error(&session), "", "{order}: {session}");
        close(&host, order, &id).await;
    }
    let longest = host.log.text().lines().map(str::len).max();
    assert!(longest < Some(6000), "lines are cut: {longest:?}");
    host.end().await;
}
