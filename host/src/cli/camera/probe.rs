//! `padelvar camera probe`

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use clap::Args;
use serde_json::{Value, json};

use crate::cli::plugin::desk::camera::CameraArguments;
use crate::cli::plugin::desk::load;
use crate::plugins::{Adapter, PluginEngine};
use crate::probe::{self, Finding, LONGEST, Probed, SHORTEST, find};

/// How long a host is asked by ONVIF.
const ASKING: Duration = Duration::from_secs(10);
/// How long a place is watched that may be none.
const LOOK: Duration = Duration::from_secs(2);

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
    let length = Duration::from_secs_f64(arguments.seconds);
    let engine = load::engine()?;
    let (finding, probed) = tokio::runtime::Runtime::new()?.block_on(async {
        if arguments.target.contains("://") {
            let probed = at(arguments, &engine, &arguments.target, length).await?;
            anyhow::Ok((None, probed))
        } else {
            search(arguments, &engine, length).await
        }
    })?;
    if arguments.json {
        let mut object = probed.json();
        if let Some(finding) = &finding {
            object["device"] = json!(finding.device);
            object["onvif"] = json!(finding.note);
            let places = finding.places.iter().filter(|place| place.named);
            object["streams"] = places
                .map(|place| json!({ "url": place.url, "name": place.name }))
                .collect();
        }
        println!("{object}");
    } else {
        print(finding.as_ref(), &probed);
    }
    match probed.failure {
        None => Ok(()),
        Some((_, message)) => bail!("no picture came: {message}"),
    }
}

async fn at(
    arguments: &ProbeArguments,
    engine: &PluginEngine,
    url: &str,
    length: Duration,
) -> Result<Probed> {
    let mut spec = arguments.camera.spec(url)?;
    spec.audio = true;
    let adapters: Vec<Arc<Adapter>> = match &arguments.adapter {
        Some(named) => vec![load::adapter(engine, named)?],
        None => load::adapters_for(engine, &spec.scheme)?,
    };
    probe::probe(&spec, &adapters, length)
        .await
        .context("there is no adapter to ask with")
}

/// A host of which only the address is known.
async fn search(
    arguments: &ProbeArguments,
    engine: &PluginEngine,
    length: Duration,
) -> Result<(Option<Finding>, Probed)> {
    let host = arguments.target.trim_matches(['[', ']']);
    let shown = if host.contains(':') {
        format!("[{host}]")
    } else {
        host.to_owned()
    };
    let service = format!("http://{shown}/onvif/device_service");
    let spec = arguments.camera.spec(&service)?;
    let finding = find(&spec, host, ASKING).await;
    if let Some(note) = &finding.note {
        eprintln!("ONVIF: {note}");
    }
    let mut last = None;
    for place in &finding.places {
        eprintln!("trying {} ({}) …", place.url, place.name);
        let probed = at(arguments, engine, &place.url, LOOK).await?;
        let (works, refused) = (probed.failure.is_none(), probed.refused_account());
        if let Some((_, message)) = &probed.failure {
            eprintln!("  {message}");
        }
        last = Some(probed);
        if works {
            let probed = at(arguments, engine, &place.url, length).await?;
            return Ok((Some(finding), probed));
        }
        if refused {
            eprintln!("  no more is tried: many makes lock an account after some failures");
            break;
        }
    }
    let last = last.context("there is no stream to try")?;
    Ok((Some(finding), last))
}

fn print(finding: Option<&Finding>, probed: &Probed) {
    let object = probed.json();
    let line = |name: &str, value: String| {
        if !value.is_empty() {
            println!("{name:<11}{value}");
        }
    };
    let text = |key: &str| match &object[key] {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let with = |key: &str, unit: &str| match text(key) {
        known if known.is_empty() => known,
        known => format!("{known}{unit}"),
    };
    if let Some(device) = finding.and_then(|finding| finding.device.as_ref()) {
        line("device", device.clone());
    }
    line("url", probed.url.clone());
    line("adapter", probed.adapter.clone());
    let size = match (probed.facts.width, probed.facts.height) {
        (Some(width), Some(height)) => format!(" {width}x{height}"),
        _ => String::new(),
    };
    line(
        "picture",
        format!("{}{size}", text("codec")).trim().to_owned(),
    );
    line("rate", with("fps", " pictures/s"));
    line("bitrate", with("bitrate_kbps", " kbit/s"));
    line("keyframes", with("keyframe_seconds", " s apart"));
    line("sound", text("audio_codec"));
    line("clock", with("clock_offset_seconds", " s ahead"));
    line("tls", text("pin"));
    for place in finding.into_iter().flat_map(|finding| &finding.places) {
        if place.named {
            line("stream", format!("{}  {}", place.url, place.name));
        }
    }
    for advice in &probed.advice {
        println!("{}: {}", advice.weight.name(), advice.message);
        println!("  hint: {}", advice.hint);
    }
}
