//! `padelvar camera discover`

use std::time::Duration;

use anyhow::{Result, bail};
use clap::Args;
use serde_json::json;

use crate::discovery::{Interface, MAX_TIME, Report, discover};

/// Where to look.
#[derive(Args)]
pub struct DiscoverArguments {
    /// The network: an interface's name, such as eth0, or its address. Default: the one of the
    /// default route.
    #[arg(long, value_name = "NAME_OR_ADDRESS")]
    interface: Option<String>,
    /// How long to wait for answers, at most 30.
    #[arg(long, default_value_t = 4.0)]
    seconds: f64,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Prints the cameras that answer.
pub fn run(arguments: &DiscoverArguments) -> Result<()> {
    let most = MAX_TIME.as_secs_f64();
    if !(arguments.seconds > 0.0 && arguments.seconds <= most) {
        bail!("--seconds {}: over 0 and at most {most}", arguments.seconds);
    }
    let interface = Interface::named(arguments.interface.as_deref());
    let time = Duration::from_secs_f64(arguments.seconds);
    let found = tokio::runtime::Runtime::new()?.block_on(discover(&interface, time))?;
    if arguments.json {
        let cameras: Vec<Report> = found.into_iter().map(Report::from).collect();
        println!("{}", json!({ "cameras": cameras }));
        return Ok(());
    }
    if found.is_empty() {
        eprintln!("no camera answered");
        eprintln!("  hint: ONVIF is switched off in many cameras, and asks the same network only");
    }
    for camera in &found {
        let words = [&camera.name, &camera.hardware, &camera.location];
        let words: Vec<&str> = words.into_iter().flatten().map(String::as_str).collect();
        println!("{}  {}", camera.from, words.join(", "));
        for service in &camera.services {
            println!("  {}", service.url);
        }
    }
    Ok(())
}
