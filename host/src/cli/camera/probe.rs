//! `padelvar camera probe`

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::cli::plugin::desk::camera::CameraArguments;
use crate::cli::plugin::desk::load;
use crate::plugins::{Adapter, PluginEngine};
use crate::probe::{
    self, Effort, LONGEST, Probed, Report, SHORTEST, Searched, Step, device_service,
};
use anyhow::{Context as _, Result, bail};
use clap::Args;

/// How long streams are searched at an address: all makers' usual paths at a camera that answers.
const SEARCH: Duration = Duration::from_mins(5);

/// Which camera.
#[derive(Args)]
pub struct ProbeArguments {
    /// The camera's URL; or only its address, then it is asked for its streams (ONVIF), and tried
    /// at the makers' usual paths.
    #[arg(value_name = "URL_OR_HOST")]
    target: String,
    /// A built-in adapter's name or a `.wasm` file. Default: the URL's scheme chooses.
    #[arg(long, value_name = "NAME_OR_FILE")]
    adapter: Option<PathBuf>,
    /// How long the camera is watched, 1 to 60.
    #[arg(long, default_value_t = 10.0)]
    seconds: f64,
    /// Only one session at a time: for a camera that something is recording, since some end an
    /// older session for a new one. How many programs it serves is not found out then.
    #[arg(long)]
    once: bool,
    /// Print JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    camera: CameraArguments,
}

/// Prints what the camera sends.
pub fn run(arguments: &ProbeArguments) -> Result<()> {
    let (least, most) = (SHORTEST.as_secs_f64(), LONGEST.as_secs_f64());
    if !(least..=most).contains(&arguments.seconds) {
        bail!("--seconds {}: {least} to {most}", arguments.seconds);
    }
    let effort = Effort {
        length: Duration::from_secs_f64(arguments.seconds),
        within: SEARCH,
        counts_streams: !arguments.once,
    };
    let engine = load::engine()?;
    let runtime = tokio::runtime::Runtime::new()?;
    let report = if arguments.target.contains("://") {
        let probed = runtime.block_on(at(arguments, &engine, effort))?;
        Report::new(None, Some(&probed))
    } else {
        let found = runtime.block_on(look(arguments, &engine, effort))?;
        Report::new(Some(&found.finding), found.probed.as_ref())
    };
    if arguments.json {
        println!("{}", serde_json::to_value(&report)?);
    } else {
        print(&report);
    }
    match report.error {
        None => Ok(()),
        Some(message) => bail!("no picture came: {message}"),
    }
}

async fn at(arguments: &ProbeArguments, engine: &PluginEngine, effort: Effort) -> Result<Probed> {
    let mut spec = arguments.camera.spec(&arguments.target)?;
    spec.audio = true;
    let adapters: Vec<Arc<Adapter>> = match &arguments.adapter {
        Some(named) => vec![load::adapter(engine, named)?],
        None => load::adapters_for(engine, &spec.scheme)?,
    };
    probe::examine(&spec, &adapters, effort)
        .await
        .context("there is no adapter to ask with")
}

/// A host of which only the address is known.
async fn look(
    arguments: &ProbeArguments,
    engine: &PluginEngine,
    effort: Effort,
) -> Result<Searched> {
    let adapters = match &arguments.adapter {
        Some(named) => vec![load::adapter(engine, named)?],
        None => load::all_adapters(engine)?,
    };
    let knowing = |scheme: &str| {
        let knows = |adapter: &&Arc<Adapter>| adapter.knows_scheme(scheme);
        adapters.iter().filter(knows).cloned().collect()
    };
    let (host, service) = device_service(&arguments.target);
    let mut spec = arguments.camera.spec(&service)?;
    spec.audio = true;
    let tell = |step: Step<'_>| match step {
        Step::Untold(note) => eprintln!("ONVIF: {note}"),
        Step::Closed(port, reason) => eprintln!("port {port}: {reason}"),
        Step::Trying(place) => eprintln!("trying {} ({}) …", place.url, place.name),
        Step::Failed(message) => eprintln!("  {message}"),
        Step::Refused => {
            eprintln!("  no more is tried: many makes lock an account after some failures");
        }
    };
    Ok(probe::search(&spec, &host, knowing, effort, tell).await)
}

fn print(report: &Report) {
    let line = |name: &str, value: String| {
        if !value.is_empty() {
            println!("{name:<11}{value}");
        }
    };
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let with = |number: Option<f64>, unit: &str| {
        number.map_or_else(String::new, |number| format!("{number}{unit}"))
    };
    line("device", text(&report.device));
    line("url", text(&report.url));
    line("adapter", text(&report.adapter));
    let size = match (report.width, report.height) {
        (Some(width), Some(height)) => format!(" {width}x{height}"),
        _ => String::new(),
    };
    let picture = format!("{}{size}", text(&report.codec));
    line("picture", picture.trim().to_owned());
    line("rate", with(report.fps, " pictures/s"));
    line("bitrate", with(report.bitrate_kbps, " kbit/s"));
    line("keyframes", with(report.keyframe_seconds, " s apart"));
    line("sound", text(&report.audio_codec));
    line("clock", with(report.clock_offset_seconds, " s ahead"));
    line("tls", text(&report.pin));
    for stream in &report.streams {
        line("stream", format!("{}  {}", stream.url, stream.name));
    }
    for advice in &report.advice {
        println!("{}: {}", advice.weight, advice.message);
        println!("  hint: {}", advice.hint);
    }
}
