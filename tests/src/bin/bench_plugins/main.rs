//! What it takes to replace plugins under a running host. `cargo xtask bench plugins` builds what
//! it needs and runs it.
//!
//! `live`: from the renaming of a file to the event that its plugin is in force, for an adapter
//! and a policy, with compiled code in the cache and without. `swaps`: adapter and policy are
//! replaced again and again under recordings and requests; nothing may fail or be lost.
#![forbid(unsafe_code)]

mod live;
mod load;
mod stage;
mod swaps;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Times the replacing of plugins, and does it under load.
#[derive(Parser)]
#[command(
    name = "cargo xtask bench plugins",
    bin_name = "cargo xtask bench plugins"
)]
struct Arguments {
    #[command(subcommand)]
    part: Option<Part>,
}

#[derive(Clone, Copy, Subcommand)]
enum Part {
    /// From the renaming of a file to its plugin in force
    Live {
        /// How often each
        #[arg(long, default_value_t = 10)]
        rounds: u32,
    },
    /// Adapter and policy replaced under recordings and requests
    Swaps {
        /// How often
        #[arg(long, default_value_t = 200)]
        swaps: u32,
        /// Requests a second meanwhile
        #[arg(long, default_value_t = 200)]
        requests: u32,
        /// Recordings meanwhile
        #[arg(long, default_value_t = 4)]
        recordings: u32,
    },
}

#[tokio::main]
async fn main() -> ExitCode {
    let both = async {
        match Arguments::parse().part {
            Some(Part::Live { rounds }) => live::measure(rounds).await,
            Some(Part::Swaps {
                swaps,
                requests,
                recordings,
            }) => swaps::measure(swaps, requests, recordings).await,
            None => live::measure(10).await && swaps::measure(200, 200, 4).await,
        }
    };
    let kept = tokio::select! {
        kept = both => kept,
        _ = tokio::signal::ctrl_c() => false,
    };
    if kept {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
