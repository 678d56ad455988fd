//! A plan is carried out, and every file is judged.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use super::faults::strike;
use super::judge::{self, Struck, Verdict};
use super::plan::{Plan, Planned, Take};
use super::probe::{self, Done, words};
use super::stage::Stage;
use super::{disk, name_of, now};
use crate::files;

/// A session and what is to be said of it.
#[derive(Clone, Debug)]
pub struct Judged {
    /// What was done.
    pub done: Done,
    /// Name of its camera.
    pub camera: String,
    /// What was done to it.
    pub struck: Vec<Struck>,
    /// What is missing.
    pub verdict: Verdict,
    /// Whether it is one MP4 that decodes without error.
    pub whole: bool,
}

/// All of a run.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// The sessions.
    pub sessions: Vec<Judged>,
    /// Promises that are broken, each with the session that it was made to.
    pub broken: Vec<String>,
    /// What could not be done, and why.
    pub skipped: Vec<String>,
    /// What the machine itself did, in words, if it did anything.
    pub paused: String,
}

/// A recording and the faults that it met.
type Taken = (Done, Vec<Struck>);

/// Carries it out on this stage, and judges.
pub async fn run(plan: &Plan, stage: Stage, keep: &Path) -> Outcome {
    let stage = Arc::new(stage);
    let zero = Instant::now();
    let courts: Vec<_> = (plan.takes.iter().enumerate())
        .map(|(court, takes)| {
            let (stage, takes) = (Arc::clone(&stage), takes.clone());
            tokio::spawn(async move { drive(&stage, court, &takes, zero).await })
        })
        .collect();
    let full = tokio::spawn(disk::run(plan.full_disks.clone(), zero));
    let mut outcome = Outcome::default();
    let mut deaths = Vec::new();
    for death in &plan.deaths {
        sleep_until(zero + seconds(death.at)).await;
        eprintln!("  {:6.1} s  {}", death.at, death.fault);
        deaths.push(stage.kill_host(death.fault.lasts(), false).await);
    }
    for (court, task) in courts.into_iter().enumerate() {
        let court_name = name(&stage, court);
        let (taken, problems) = match task.await {
            Ok(driven) => driven,
            Err(error) => (Vec::new(), vec![words("it broke off", error)]),
        };
        let camera = &stage.courts[court].handle;
        for problem in problems {
            outcome.broken.push(format!("{court_name}: {problem}"));
        }
        for (done, mut struck) in taken {
            let met = |death: &&Struck| death.from > done.start_call && death.from < done.stop_call;
            struck.extend(deaths.iter().filter(met));
            struck.sort_by(|a, b| a.from.total_cmp(&b.from));
            let sent = stage.sent(court);
            judge_one(&mut outcome, done, &court_name, camera, &sent, struck).await;
        }
    }
    only_files(&stage, &mut outcome).await;
    match full.await {
        Ok(Ok(others)) => {
            outcome.sessions.extend(others.sessions);
            outcome.broken.extend(others.broken);
        }
        Ok(Err(reason)) => outcome.skipped.push(format!("disk full: {reason}")),
        Err(error) => outcome.broken.push(words("the full disk", error)),
    }
    if !outcome.broken.is_empty() {
        keep_files(&stage, keep).await;
    }
    outcome.paused = stage.watch.words();
    match Arc::try_unwrap(stage) {
        Ok(stage) => {
            if let Err(error) = tokio::spawn(stage.end()).await {
                outcome.broken.push(words("the host's end", error));
            }
        }
        // A task that broke off may hold it; its end is the process's.
        Err(_) => outcome.broken.push("something is still at work".into()),
    }
    outcome
}

/// Judges one session and notes what is broken.
pub async fn judge_one(
    outcome: &mut Outcome,
    done: Done,
    camera_name: &str,
    camera: &simcam::Handle,
    sent: &judge::Sent,
    struck: Vec<Struck>,
) {
    let (recorded, wrong) = probe::recorded(&done, camera, sent).await;
    let mut verdict = judge::judge(sent, &recorded, &struck);
    if recorded.shown.is_empty() {
        // There is one reason, and it is told.
        verdict.broken.clear();
    }
    let whole = wrong.is_empty();
    let told = done.report["whole"].as_bool();
    verdict.broken.extend(judge::belied(&verdict, told));
    verdict.broken.extend(wrong);
    for problem in &verdict.broken {
        let id = &done.id;
        outcome
            .broken
            .push(format!("{camera_name}, {id}: {problem}"));
    }
    outcome.sessions.push(Judged {
        done,
        camera: camera_name.to_owned(),
        struck,
        verdict,
        whole,
    });
}

/// One court's recordings, one after the other; what could not be done in words.
async fn drive(
    stage: &Stage,
    court: usize,
    takes: &[Take],
    zero: Instant,
) -> (Vec<Taken>, Vec<String>) {
    let (mut taken, mut problems) = (Vec::new(), Vec::new());
    for take in takes {
        sleep_until(zero + seconds(take.from)).await;
        let (id, start_call) = {
            let host = stage.host().await;
            let id = host.api.create(court as u32 + 1).await;
            let start_call = now();
            host.api.start(&id).await;
            host.api.until_recording(&id, "recording").await;
            (id, start_call)
        };
        let mut struck = Vec::new();
        for Planned { at, fault } in &take.faults {
            sleep_until(zero + seconds(*at)).await;
            eprintln!("  {at:6.1} s  {}: {fault}", name(stage, court));
            match strike(stage, court, &id, *fault).await {
                Ok(at) => struck.push(at),
                Err(error) => problems.push(format!("{id}: {fault} at {at:.1} s: {error}")),
            }
        }
        sleep_until(zero + seconds(take.until)).await;
        let host = stage.host().await;
        let done = Done::stop(&host, id, start_call).await;
        taken.push((done, struck));
    }
    (taken, problems)
}

/// One session is one file, and nothing else is there.
pub(super) async fn only_files(stage: &Stage, outcome: &mut Outcome) {
    let folder = stage.host().await.videos();
    let mut expected: Vec<_> = (outcome.sessions.iter())
        .map(|session| session.done.file.clone())
        .collect();
    expected.sort();
    let found = files::entries(&folder);
    for file in found.iter().filter(|file| !expected.contains(file)) {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        outcome
            .broken
            .push(format!("{name} is no session's one file"));
    }
}

/// Copies what there is to find out why.
pub(super) async fn keep_files(stage: &Stage, keep: &Path) {
    let host = stage.host().await;
    // What an earlier run left there.
    let _ = fs::remove_dir_all(keep);
    let copied = fs::create_dir_all(keep).and_then(|()| {
        let status = Command::new("cp")
            .arg("-a")
            .args([host.path("."), keep.to_owned()])
            .status()?;
        fs::write(keep.join("host.log"), host.log.text())?;
        Ok(status.success())
    });
    match copied {
        Ok(true) => eprintln!("the files are kept in {}", keep.display()),
        _ => eprintln!("the files could not be kept in {}", keep.display()),
    }
}

fn name(stage: &Stage, court: usize) -> String {
    let camera = name_of(stage.courts[court].camera);
    format!("court {} ({camera})", court + 1)
}

fn seconds(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds.max(0.0))
}
