//! Host and FFmpeg die together.

use std::fmt::Write as _;
use std::path::Path;

use clap::Args;
use padelvar_tests::chaos::{kills, table};

use crate::Report;

#[derive(Args, Clone, Debug)]
pub struct Options {
    /// How often
    #[arg(long, default_value_t = 20)]
    count: u32,
    /// What chance decides: the same number is the same moments
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// Kills and judges.
pub async fn run(options: &Options, keep: &Path) -> Report {
    let Options { count, seed } = options;
    eprintln!("seed {seed}, {count} deaths:");
    let outcome = kills::run(*count, *seed, &keep.join(format!("kills-{seed}"))).await;
    let mut text = format!("Seed {seed}, {count} deaths, two sessions each:\n\n");
    // Writing to a string cannot fail.
    let _ = write!(text, "{}", table::text(&outcome));
    Report {
        section: "kills",
        text,
        json: table::json(&outcome),
        broken: outcome.broken,
    }
}
