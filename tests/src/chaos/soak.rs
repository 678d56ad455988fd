//! A long recording of four cameras that are gone now and then, and what the host uses.

use std::fs;
use std::path::Path;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use super::faults::strike;
use super::growth::Sample;
use super::plan::{Camera, Fault};
use super::probe::Done;
use super::run::{Outcome, judge_one, keep_files, only_files};
use super::stage::Stage;
use super::{name_of, now};
use crate::{processes, usage};

/// The cameras.
const CAMERAS: [Camera; 4] = [
    Camera::Rtsp { gop: 25 },
    Camera::Rtsp { gop: 50 },
    Camera::Rtsp { gop: 25 },
    Camera::Mjpeg,
];
/// Between two samples.
const SAMPLE: Duration = Duration::from_secs(10);
/// Between two outages of a camera.
const OUTAGES: Duration = Duration::from_mins(2);
/// How long a camera is gone, seconds.
const GONE: f64 = 5.0;
/// The cameras are gone one after the other, so long apart.
const STAGGERED: Duration = Duration::from_secs(20);

/// Records so long. What the host used, and what is to be said of the files.
pub async fn run(length: Duration, keep: &Path) -> (Vec<Sample>, Outcome) {
    let stage = Stage::start(&CAMERAS).await;
    let mut started = Vec::new();
    {
        let host = stage.host().await;
        for terrain in 1..=CAMERAS.len() as u32 {
            let id = host.api.create(terrain).await;
            let called = now();
            let minutes = length.as_secs_f64() / 60.0 + 10.0;
            host.api.try_start(&id, minutes).await.ok(200);
            started.push((id, called));
        }
    }
    let zero = Instant::now();
    let outages =
        (0..CAMERAS.len()).map(|court| outages(&stage, court, &started[court].0, zero, length));
    let (samples, struck) = tokio::join!(samples(&stage, zero, length), crate::together(outages));
    let mut outcome = Outcome::default();
    let sessions = started.into_iter().zip(struck).enumerate();
    for (place, ((id, start_call), (struck, problems))) in sessions {
        let court = &stage.courts[place];
        let host = stage.host().await;
        let done = Done::stop(&host, id, start_call).await;
        outcome.broken.extend(problems);
        let sent = stage.sent(place);
        let name = name_of(court.camera);
        judge_one(&mut outcome, done, name, &court.handle, &sent, struck).await;
    }
    only_files(&stage, &mut outcome).await;
    if !outcome.broken.is_empty() {
        keep_files(&stage, keep).await;
    }
    outcome.paused = stage.watch.words();
    stage.end().await;
    (samples, outcome)
}

async fn outages(
    stage: &Stage,
    court: usize,
    session: &str,
    zero: Instant,
    length: Duration,
) -> (Vec<super::judge::Struck>, Vec<String>) {
    let (mut struck, mut problems) = (Vec::new(), Vec::new());
    let mut at = STAGGERED * (court as u32 + 1);
    while at + STAGGERED < length {
        sleep_until(zero + at).await;
        match strike(stage, court, session, Fault::Outage(GONE)).await {
            Ok(done) => struck.push(done),
            Err(error) => problems.push(format!("{session}: {error}")),
        }
        at += OUTAGES;
    }
    (struck, problems)
}

async fn samples(stage: &Stage, zero: Instant, length: Duration) -> Vec<Sample> {
    let pid = stage.host().await.pid();
    let mut samples = Vec::new();
    let mut at = SAMPLE;
    while at <= length {
        sleep_until(zero + at).await;
        let memory = usage::memory(pid);
        let entries =
            |name: &str| fs::read_dir(format!("/proc/{pid}/{name}")).map_or(0, Iterator::count);
        let sample = Sample {
            minute: at.as_secs_f64() / 60.0,
            rss: memory.rss,
            pss: memory.pss,
            descriptors: entries("fd") as f64,
            threads: entries("task") as f64,
            children: processes::below(pid).len() as f64,
        };
        eprintln!(
            "  {:5.1} min  RSS {:.1} MiB, PSS {:.1} MiB, {} descriptors, {} threads, {} children",
            sample.minute,
            sample.rss,
            sample.pss,
            sample.descriptors,
            sample.threads,
            sample.children
        );
        samples.push(sample);
        at += SAMPLE;
    }
    samples
}
