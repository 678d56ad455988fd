//! Host and FFmpeg are killed together, at moments of chance.

use std::path::Path;
use std::time::Duration;

use tokio::time::sleep;

use super::dice::Dice;
use super::plan::Camera;
use super::probe::Done;
use super::run::{Outcome, judge_one, keep_files, only_files};
use super::stage::Stage;
use super::{name_of, now};
use crate::together;

/// The cameras that are recorded at each death.
const CAMERAS: [Camera; 2] = [Camera::Rtsp { gop: 25 }, Camera::Mjpeg];
/// The moment of the death, seconds after the recording was started.
const MOMENT: (f64, f64) = (0.5, 8.0);
/// How long the host is away, seconds.
const AWAY: (f64, f64) = (0.0, 3.0);
/// What is recorded once it is back.
const AFTER: Duration = Duration::from_secs(4);

/// Kills so often; every session is judged.
pub async fn run(count: u32, seed: u64, keep: &Path) -> Outcome {
    let stage = Stage::start(&CAMERAS).await;
    let mut dice = Dice::new(seed, 200);
    let mut outcome = Outcome::default();
    for number in 1..=count {
        let moment = dice.between(MOMENT.0, MOMENT.1);
        let away = dice.between(AWAY.0, AWAY.1);
        eprintln!("  death {number} of {count}: after {moment:.1} s, for {away:.1} s");
        once(&stage, moment, away, &mut outcome).await;
    }
    only_files(&stage, &mut outcome).await;
    if !outcome.broken.is_empty() {
        keep_files(&stage, keep).await;
    }
    outcome.paused = stage.watch.words();
    stage.end().await;
    outcome
}

async fn once(stage: &Stage, moment: f64, away: f64, outcome: &mut Outcome) {
    let mut started = Vec::new();
    {
        let host = stage.host().await;
        for terrain in 1..=stage.courts.len() as u32 {
            started.push((host.api.create(terrain).await, 0.0));
        }
        for (id, called) in &mut started {
            *called = now();
            host.api.start(id).await;
        }
    }
    sleep(Duration::from_secs_f64(moment)).await;
    let death = stage.kill_host(away, true).await;
    let host = stage.host().await;
    let waiting = started
        .iter()
        .map(|(id, _)| host.api.until_recording(id, "recording"));
    together(waiting).await;
    sleep(AFTER).await;
    for (place, (id, start_call)) in started.into_iter().enumerate() {
        let court = &stage.courts[place];
        let done = Done::stop(&host, id, start_call).await;
        let sent = stage.sent(place);
        let name = name_of(court.camera);
        judge_one(outcome, done, name, &court.handle, &sent, vec![death]).await;
    }
}
