//! `padelvar plugin test`

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, Result, anyhow, bail};
use clap::Args;
use serde_json::json;

use super::desk::camera::CameraArguments;
use super::desk::load::{self, Plugin};
use crate::auth::{Expectations, Given};
use crate::cassette::{Cassette, Replay, replay};
use crate::cli::policy::source;
use crate::conformance::{Case, Verdict, passed, test_adapter, test_policy, test_table};
use crate::plugins::{Adapter, PolicyPlugin};

/// What to test.
#[derive(Args)]
pub struct TestArguments {
    /// A `.wasm` file, or a built-in plugin's name.
    file: PathBuf,
    /// Play this cassette to the adapter instead, and compare what comes out.
    #[arg(long, value_name = "CASSETTE")]
    replay: Option<PathBuf>,
    /// A policy's settings: `.json` and `.toml` are the object in `[policy] settings`, any other
    /// file is its `settings_file`. None unless told.
    #[arg(long, value_name = "FILE")]
    settings: Option<PathBuf>,
    /// The permission table that a policy has to meet, as for `policy test`.
    #[arg(long, value_name = "FILE")]
    table: Option<PathBuf>,
    /// A camera, or a simulator, of your own that the adapter is tested with instead of the
    /// simulated ones.
    #[arg(long = "camera", value_name = "URL")]
    camera_url: Option<String>,
    #[command(flatten)]
    camera: CameraArguments,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Runs the suite, or a replay.
pub fn run(arguments: &TestArguments) -> Result<()> {
    let engine = load::engine()?;
    if let Some(cassette) = &arguments.replay {
        let adapter = load::adapter(&engine, &arguments.file)?;
        return play(&adapter, cassette, arguments.json);
    }
    let cases = match load::plugin(&engine, &arguments.file)? {
        Plugin::Adapter(adapter) => {
            let own = arguments.camera_url.as_ref();
            let own = own.map(|url| arguments.camera.spec(url)).transpose()?;
            let options = arguments.camera.options()?;
            let suite = test_adapter(&adapter, own, &options);
            tokio::runtime::Runtime::new()?.block_on(suite)
        }
        Plugin::Policy(policy) => judge(arguments, &policy)?,
    };
    tell(&cases, arguments.json);
    let failed = count(&cases, Verdict::Failed);
    match failed {
        0 if passed(&cases) => Ok(()),
        1 => bail!("1 case failed"),
        _ => bail!("{failed} cases failed"),
    }
}

/// The suite of a policy, and its permission table.
fn judge(arguments: &TestArguments, policy: &Arc<PolicyPlugin>) -> Result<Vec<Case>> {
    let given = match &arguments.settings {
        Some(file) => source::of_file(file)?,
        None => Given::none(),
    };
    let mut cases = test_policy(policy, given.settings());
    if let Some(file) = &arguments.table {
        let name = file.display().to_string();
        let table = Expectations::parse(&source::text(file)?, &name);
        let table = table.map_err(|problems| {
            let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
            anyhow!("the table cannot be used\n{}", lines.join("\n"))
        })?;
        cases.extend(test_table(policy, &given, &table));
    }
    Ok(cases)
}

fn tell(cases: &[Case], as_json: bool) {
    let [ok, failed, skipped] =
        [Verdict::Ok, Verdict::Failed, Verdict::Skipped].map(|verdict| count(cases, verdict));
    if as_json {
        let good = passed(cases);
        println!(
            "{}",
            json!({ "ok": good, "passed": ok, "failed": failed, "skipped": skipped, "cases": cases })
        );
        return;
    }
    for case in cases {
        println!("{}", case.line());
    }
    println!("{ok} ok, {failed} failed, {skipped} skipped");
}

fn count(cases: &[Case], verdict: Verdict) -> usize {
    cases.iter().filter(|case| case.verdict == verdict).count()
}

fn play(adapter: &Arc<Adapter>, path: &Path, as_json: bool) -> Result<()> {
    let file = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    let cassette = Cassette::read(&file).map_err(|error| anyhow!("{}: {error}", path.display()))?;
    let runtime = tokio::runtime::Runtime::new()?;
    let replayed = runtime.block_on(replay(adapter, &cassette))?;
    if as_json {
        let mut report = serde_json::to_value(&replayed)?;
        report["ok"] = json!(replayed.is_good());
        println!("{report}");
    } else {
        print(adapter, &cassette, &replayed);
    }
    if replayed.is_good() {
        return Ok(());
    }
    if replayed.crashed.is_some() {
        bail!("the adapter was stopped in the replay");
    }
    bail!("the replay is not as it was recorded")
}

fn print(adapter: &Adapter, cassette: &Cassette, replay: &Replay) {
    let build = if replay.same_build {
        "the same build"
    } else {
        "another build"
    };
    println!(
        "recorded with {} {}, played to {} {} ({build})",
        cassette.adapter,
        cassette.version,
        adapter.name(),
        adapter.description().version
    );
    if replay.missing > 0 {
        println!(
            "the cassette is partial: {} events in its middle were not kept, {} behind them were left out",
            replay.missing, replay.left_out
        );
    }
    println!(
        "{} events, {} packets, {} keyframes",
        replay.events, replay.packets, replay.keyframes
    );
    for difference in &replay.differences {
        println!("event {}: {}", difference.event, difference.message);
    }
    let told = replay.differences.len() as u64;
    if replay.others > told {
        println!("… and {} further differences", replay.others - told);
    }
    println!("the recording's end: {}", replay.recorded_end);
    for (what, difference) in [
        ("the pictures differ: ", &replay.media),
        ("the conversation took another way: ", &replay.diverged),
        ("", &replay.crashed),
    ] {
        if let Some(difference) = difference {
            println!(
                "FAILED at event {}: {what}{}",
                difference.event, difference.message
            );
        }
    }
    if replay.is_good() {
        println!("ok: tracks and packets are as recorded");
    }
}
