//! What recording costs and how soon a camera is live, measured on this machine
//! and over the public API, as tables. `cargo xtask bench record` builds what it
//! needs and runs it; parts may be named: `cost`, `memory`, `live`.
//!
//! Everything is on loopback and ends with this program, also on Ctrl-C.
#![forbid(unsafe_code)]

mod cost;
mod live;
mod memory;

use std::process::ExitCode;

use padelvar_tests::simulated::Cameras;

const PARTS: [&str; 3] = ["cost", "memory", "live"];

#[tokio::main]
async fn main() -> ExitCode {
    let named: Vec<String> = std::env::args().skip(1).collect();
    if let Some(unknown) = named.iter().find(|part| !PARTS.contains(&part.as_str())) {
        eprintln!("error: no part `{unknown}`\n  hint: {}", PARTS.join(", "));
        return ExitCode::from(2);
    }
    let wanted = |part: &str| named.is_empty() || named.iter().any(|name| name == part);
    // What is measured is dropped with the future, and its processes with it.
    tokio::select! {
        () = measure(wanted) => ExitCode::SUCCESS,
        _ = tokio::signal::ctrl_c() => ExitCode::FAILURE,
    }
}

async fn measure(wanted: impl Fn(&str) -> bool) {
    if let Ok(load) = std::fs::read_to_string("/proc/loadavg") {
        let load: Vec<&str> = load.split(' ').take(3).collect();
        let load = load.join(" ");
        println!("Load of this machine before: {load}. Other work makes every number worse.\n");
    }
    if wanted("cost") || wanted("memory") {
        let cameras = Cameras::start(memory::CAMERAS, "tcp").await;
        if wanted("cost") {
            cost::measure(&cameras).await;
        }
        if wanted("memory") {
            memory::measure(&cameras).await;
        }
    }
    if wanted("live") {
        live::measure().await;
    }
}
