//! Faults of every kind, seed after seed.

use std::fmt::Write as _;
use std::path::Path;

use clap::Args;
use padelvar_tests::chaos::plan::{Camera, Wanted, plan};
use padelvar_tests::chaos::stage::{self, Stage};
use padelvar_tests::chaos::{run, table};
use serde_json::json;

use crate::Report;

/// A run that is shorter has fewer cameras: it is made on a machine that tests.
const SHORT_MINUTES: f64 = 1.5;

#[derive(Args, Clone, Debug)]
pub struct Options {
    /// Length of a run
    #[arg(long, default_value_t = 8.0)]
    minutes: f64,
    /// What chance decides: the same number is the same plan; several are several runs
    #[arg(long, value_delimiter = ',', default_value = "1")]
    seed: Vec<u64>,
    /// The host does not die
    #[arg(long)]
    without_host_deaths: bool,
    /// Only print what would be done
    #[arg(long)]
    plan: bool,
}

/// Runs and judges.
pub async fn run(options: &Options, keep: &Path) -> Report {
    let mut report = Report {
        section: "faults",
        text: String::new(),
        json: json!({ "minutes": options.minutes, "runs": [] }),
        broken: Vec::new(),
    };
    for seed in &options.seed {
        let cameras = cameras(options.minutes);
        let wanted = Wanted {
            seed: *seed,
            seconds: options.minutes * 60.0,
            cameras: cameras.clone(),
            deaths: !options.without_host_deaths,
        };
        let plan = plan(&wanted);
        let (minutes, count) = (options.minutes, cameras.len());
        // Writing to a string cannot fail.
        let _ = writeln!(
            report.text,
            "Seed {seed}, {minutes} min, {count} cameras:\n"
        );
        if options.plan {
            let _ = writeln!(report.text, "{plan:#?}");
            continue;
        }
        eprintln!("seed {seed}, {minutes} min:");
        let stage = Stage::start(&cameras).await;
        let folder = keep.join(format!("seed-{seed}"));
        let mut outcome = run::run(&plan, stage, &folder).await;
        if stage::fragile().is_none() {
            let reason = format!("adapter traps: {} names no component", stage::FRAGILE);
            outcome.skipped.push(reason);
        }
        let _ = writeln!(report.text, "{}", table::text(&outcome));
        let mut found = table::json(&outcome);
        found["seed"] = json!(seed);
        if let Some(runs) = report.json["runs"].as_array_mut() {
            runs.push(found);
        }
        let broken = outcome.broken.into_iter();
        report
            .broken
            .extend(broken.map(|b| format!("seed {seed}: {b}")));
    }
    report
}

fn cameras(minutes: f64) -> Vec<Camera> {
    let mut cameras = vec![Camera::Rtsp { gop: 25 }, Camera::Mjpeg];
    if minutes > SHORT_MINUTES {
        cameras.push(Camera::Rtsp { gop: 50 });
    }
    if stage::fragile().is_some() {
        cameras.push(Camera::Fragile);
    }
    cameras
}
