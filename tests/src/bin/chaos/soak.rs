//! Whether the host grows.

use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use clap::Args;
use padelvar_tests::chaos::growth::{Growth, Sample};
use padelvar_tests::chaos::{soak, table};
use serde_json::{Value, json};

use crate::Report;

/// Lines of the table; the verdict is of all samples.
const LINES: usize = 9;

#[derive(Args, Clone, Debug)]
pub struct Options {
    /// Length of the run
    #[arg(long, default_value_t = 40.0)]
    minutes: f64,
}

/// Records, samples and judges.
pub async fn run(options: &Options, keep: &Path) -> Report {
    let length = Duration::from_secs_f64((options.minutes * 60.0).clamp(0.0, 86_400.0));
    let (samples, outcome) = soak::run(length, &keep.join("soak")).await;
    let mut broken = outcome.broken.clone();
    let growth = Growth::of(&samples);
    match growth {
        Some(growth) => broken.extend(growth.broken()),
        None => broken.push("too short to tell whether anything grows".into()),
    }
    Report {
        section: "soak",
        text: text(options.minutes, &samples, growth, &table::text(&outcome)),
        json: json!({
            "minutes": options.minutes,
            "samples": samples.iter().map(numbers).collect::<Vec<_>>(),
            "growth": growth.map(|growth| json!({
                "rss_mib": growth.rss,
                "pss_mib": growth.pss,
                "descriptors": growth.descriptors,
                "threads": growth.threads,
                "children": growth.children,
            })),
            "recordings": table::json(&outcome),
            "broken": broken,
        }),
        broken,
    }
}

fn numbers(sample: &Sample) -> Value {
    json!({
        "minute": sample.minute,
        "rss_mib": sample.rss,
        "pss_mib": sample.pss,
        "descriptors": sample.descriptors,
        "threads": sample.threads,
        "children": sample.children,
    })
}

fn text(minutes: f64, samples: &[Sample], growth: Option<Growth>, faults: &str) -> String {
    let mut text = format!("{minutes} min, 4 cameras, each gone for 5 s every 2 min:\n\n");
    text += "| minute | RSS, MiB | PSS, MiB | descriptors | threads | children |\n";
    text += "|-------:|---------:|---------:|------------:|--------:|---------:|\n";
    let shown = samples.len().min(LINES);
    for line in 1..=shown {
        let sample = &samples[(samples.len() - 1) * line / shown];
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "| {:6.1} | {:8.1} | {:8.1} | {:11} | {:7} | {:8} |",
            sample.minute,
            sample.rss,
            sample.pss,
            sample.descriptors,
            sample.threads,
            sample.children
        );
    }
    if let Some(growth) = growth {
        let _ = writeln!(
            text,
            "\nGrowth after a quarter of the run, of {} samples: RSS {:+.1} MiB, PSS {:+.1} MiB at \
             the worst; {:+} descriptors, {:+} threads, {:+} children at the end.",
            samples.len(),
            growth.rss,
            growth.pss,
            growth.descriptors,
            growth.threads,
            growth.children
        );
    }
    let _ = write!(text, "\n{faults}");
    text
}
