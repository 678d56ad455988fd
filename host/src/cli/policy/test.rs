//! `padelvar policy test`

use std::path::PathBuf;

use anyhow::{Result, anyhow, bail};
use serde_json::json;

use super::source::{self, Loader};
use crate::auth::Expectations;

/// What `policy test` is told.
#[derive(clap::Args)]
pub struct TestArguments {
    /// A `.wasm` file, or the name of a built-in policy.
    #[arg(value_name = "FILE")]
    policy: String,
    /// The table of expectations: TOML, see examples/expectations.toml.
    table: PathBuf,
    /// The policy's settings: `.json` and `.toml` are the object in `[policy] settings`, any other
    /// file is its `settings_file`. None unless told.
    #[arg(long, value_name = "FILE")]
    settings: Option<PathBuf>,
    /// A configuration, for the place where its host keeps compiled plugins; it need not be there.
    #[arg(long, default_value = "padelvar.toml", value_name = "FILE")]
    config: PathBuf,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Holds the policy to the table.
pub fn run(arguments: &TestArguments) -> Result<()> {
    let file = arguments.table.display().to_string();
    let table = Expectations::parse(&source::text(&arguments.table)?, &file);
    let table = table.map_err(|problems| {
        let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
        anyhow!("the table cannot be used\n{}", lines.join("\n"))
    })?;
    let plugin = Loader::new(&arguments.config)?.plugin(&arguments.policy)?;
    let policy = source::with_settings(plugin, arguments.settings.as_deref())?;
    let report = table.check(&policy);
    if arguments.json {
        let mut object = report.json();
        object["policy"] = json!(policy.plugin().name());
        object["digest"] = json!(policy.plugin().digest());
        object["table"] = json!(file);
        println!("{object}");
    } else {
        for unmet in &report.unmet {
            println!("{unmet}");
        }
        if report.is_met() {
            println!("ok: {} expectations are met", report.asked);
        }
    }
    if !report.is_met() {
        bail!("{}", report.summary());
    }
    Ok(())
}
