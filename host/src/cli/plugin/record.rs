//! `padelvar plugin record`

use std::convert::Infallible;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use clap::Args;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::desk::camera::CameraArguments;
use super::desk::load;
use crate::camera::{CameraSpec, Outcome, Recorded, record};
use crate::cassette::Cassette;
use crate::conformance::{Seen, Viewer};
use crate::plugins::Adapter;
use crate::plugins::types::FailureClass;

/// Longest recording, seconds: a cassette is for a desk, and held in memory.
const MOST_SECONDS: f64 = 600.0;

/// What to record.
#[derive(Args)]
pub struct RecordArguments {
    /// The camera's URL.
    url: String,
    /// The cassette; it must not exist yet.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// A built-in adapter's name or a `.wasm` file. Default: the URL's scheme chooses.
    #[arg(long, value_name = "NAME_OR_FILE")]
    adapter: Option<PathBuf>,
    /// How long, at most 600.
    #[arg(long, default_value_t = 10.0)]
    seconds: f64,
    /// Print JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    camera: CameraArguments,
}

/// Records a conversation with a real camera.
pub fn run(arguments: &RecordArguments) -> Result<()> {
    if !(arguments.seconds > 0.0 && arguments.seconds <= MOST_SECONDS) {
        bail!(
            "--seconds {}: over 0 and at most {MOST_SECONDS}",
            arguments.seconds
        );
    }
    if arguments.out.exists() {
        bail!(
            "{} exists already\n  hint: give another --out",
            arguments.out.display()
        );
    }
    let spec = arguments.camera.spec(&arguments.url)?;
    let engine = load::engine()?;
    let adapters = match &arguments.adapter {
        Some(named) => vec![load::adapter(&engine, named)?],
        None => load::adapters_for(&engine, &spec.scheme)?,
    };
    let length = Duration::from_secs_f64(arguments.seconds);
    let (adapter, recorded, seen) = tokio::runtime::Runtime::new()?
        .block_on(take(&spec, adapters, length))
        .context("there is no adapter to record with")?;
    write(&arguments.out, &recorded.cassette)
        .with_context(|| format!("cannot write {}", arguments.out.display()))?;
    let cassette = Cassette::read(&recorded.cassette)
        .context("the cassette that was written cannot be read")?;
    let report = report(&adapter, &recorded, &seen, &cassette, &arguments.out);
    if arguments.json {
        println!("{report}");
    } else {
        print(&report);
    }
    match recorded.outcome {
        Outcome::Broken { message } => bail!("the adapter was stopped: {message}"),
        _ if !seen.packets.is_empty() => Ok(()),
        Outcome::Failed { message, .. } => bail!("no picture came: {message}"),
        Outcome::Finished => bail!("no picture came in {} s", arguments.seconds),
    }
}

/// Records with the first adapter that does not say that the stream is none for it.
async fn take(
    spec: &CameraSpec,
    adapters: Vec<Arc<Adapter>>,
    length: Duration,
) -> Option<(Arc<Adapter>, Recorded, Seen)> {
    let mut last = None;
    for adapter in adapters {
        eprintln!("recording with {} …", adapter.name());
        let stop = CancellationToken::new();
        let mut viewer = Viewer::default();
        let seen = viewer.clone();
        let ending = async {
            tokio::select! {
                () = tokio::time::sleep(length) => {}
                _ = tokio::signal::ctrl_c() => eprintln!("ended early"),
            }
            stop.cancel();
            std::future::pending::<Infallible>().await
        };
        let recorded = tokio::select! {
            recorded = record(spec, &adapter, &mut viewer, &stop, true) => recorded,
            never = ending => match never {},
        };
        let unsupported = matches!(
            recorded.outcome,
            Outcome::Failed {
                class: FailureClass::Unsupported,
                ..
            }
        );
        last = Some((adapter, recorded, seen.seen()));
        if !unsupported {
            break;
        }
    }
    last
}

/// For its owner only: the picture of a court may be in it.
fn write(path: &Path, cassette: &[u8]) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    let mut file = options
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    let written = file.write_all(cassette);
    if written.is_err() {
        // Half a cassette helps nobody.
        let _ = std::fs::remove_file(path);
    }
    written
}

fn report(
    adapter: &Adapter,
    recorded: &Recorded,
    seen: &Seen,
    cassette: &Cassette,
    out: &Path,
) -> Value {
    let tracks: Vec<Value> = seen
        .tracks
        .iter()
        .map(
            |track| json!({ "id": track.id, "codec": track.codec, "clock_rate": track.clock_rate }),
        )
        .collect();
    let ended = match &recorded.outcome {
        Outcome::Finished => "",
        Outcome::Broken { message } | Outcome::Failed { message, .. } => message,
    };
    json!({
        "adapter": adapter.name(),
        "version": adapter.description().version,
        "tracks": tracks,
        "pictures": seen.packets.len(),
        "keyframes": seen.keyframes(),
        "bytes": seen.bytes,
        "events": cassette.turns().count(),
        "hidden": cassette.hidden,
        "ended": ended,
        "cassette": out.display().to_string(),
        "cassette_bytes": recorded.cassette.len(),
    })
}

fn print(report: &Value) {
    let text = |key: &str| report[key].as_str().unwrap_or_default().to_owned();
    println!("adapter:   {} {}", text("adapter"), text("version"));
    for track in report["tracks"].as_array().into_iter().flatten() {
        let codec = track["codec"].as_str().unwrap_or_default();
        println!(
            "track {}:   {codec}, {} ticks a second",
            track["id"], track["clock_rate"]
        );
    }
    let (pictures, keyframes) = (&report["pictures"], &report["keyframes"]);
    println!(
        "pictures:  {pictures}, {keyframes} of them keyframes, {} bytes",
        report["bytes"]
    );
    if !text("ended").is_empty() {
        println!("ended:     {}", text("ended"));
    }
    println!(
        "cassette:  {}, {} events, {} bytes, {} credentials taken out",
        text("cassette"),
        report["events"],
        report["cassette_bytes"],
        report["hidden"]
    );
}
