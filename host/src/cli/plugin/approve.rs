//! `padelvar plugin approve`

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, anyhow, bail};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::config::{self, Config, Trust, process_environment};
use crate::plugins::{
    Adapter, Approval, Cache, Kind, Lock, Origin, Outline, PluginEngine, PolicyPlugin, built_in,
    change_lock, digest_of, is_name, read_lock, read_plugin,
};

/// What to do with plugins.lock.
#[derive(clap::Args)]
pub struct ApproveArguments {
    /// The `.wasm` file to approve.
    #[arg(required_unless_present_any = ["remove", "list"])]
    file: Option<PathBuf>,
    /// The configuration file, beside which plugins.lock lies.
    #[arg(long, default_value = "padelvar.toml", value_name = "FILE")]
    config: PathBuf,
    /// The plugin's name, where it is not to be the file's.
    #[arg(long, requires = "file")]
    name: Option<String>,
    /// Take the approval of this name back.
    #[arg(long, value_name = "NAME", conflicts_with_all = ["file", "list"])]
    remove: Option<String>,
    /// Tell what is approved.
    #[arg(long, conflicts_with = "file")]
    list: bool,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Changes or shows plugins.lock.
pub fn run(arguments: &ApproveArguments) -> Result<()> {
    let config = config::load(&arguments.config, &process_environment())?.config;
    let lock = &config.plugins.lock;
    if arguments.list {
        return list(lock, arguments.json);
    }
    if let Some(name) = &arguments.remove {
        let removed = change_lock(lock, |lock| lock.remove(name))?;
        let approval =
            removed.with_context(|| format!("`{name}` is not approved in {}", lock.display()))?;
        if arguments.json {
            println!("{}", line(name, &approval));
        } else {
            println!("{name} is approved no more: {}", approval.sha256);
        }
        return Ok(());
    }
    // The arguments say so: one of the three is there.
    let file = arguments.file.as_deref().unwrap_or(Path::new(""));
    let name = match (
        &arguments.name,
        file.file_stem().and_then(|stem| stem.to_str()),
    ) {
        (Some(name), _) => name,
        (None, Some(stem)) => stem,
        (None, None) => bail!("{} has no name; hint: --name NAME", file.display()),
    };
    if !is_name(name) {
        bail!("{name:?} cannot be the name of a plugin; hint: --name NAME");
    }
    let (kind, approval) = look_at(file, name)?;
    let before = change_lock(lock, |lock| lock.approve(name, approval.clone()))?;
    tell(arguments.json, name, kind, &approval, before.as_ref());
    eprint!(
        "{}",
        hints(&config, file, name, &lock.display().to_string())
    );
    Ok(())
}

/// Accepts what this host would load by that name. What is judged and what is approved is read
/// once.
fn look_at(file: &Path, name: &str) -> Result<(Kind, Approval)> {
    let wasm = read_plugin(file)?;
    let refused = |error| anyhow!("{} is not approved: {error}", file.display());
    let kind = Outline::read(&wasm)
        .and_then(|outline| outline.kind())
        .map_err(refused)?;
    if let Some(other) = built_in(name).filter(|other| *other != kind) {
        bail!(
            "{} is not approved: `{name}` is the name of a built-in {other}, and it is no \
             {other}; hint: --name NAME",
            file.display()
        );
    }
    let engine = PluginEngine::new().map_err(|error| anyhow!("{error:#}"))?;
    let (cache, origin) = (Cache::off(), Origin::File(file.to_owned()));
    match kind {
        Kind::Adapter => Adapter::load(&engine, &cache, name, origin, &wasm).map(drop),
        Kind::Policy => PolicyPlugin::load(&engine, &cache, name, origin, &wasm).map(drop),
    }
    .map_err(refused)?;
    // Nobody compares parts of seconds.
    let now = Timestamp::from_second(Timestamp::now().as_second())?;
    let approval = Approval {
        sha256: digest_of(&wasm),
        size_bytes: wasm.len() as u64,
        approved_at: now,
    };
    Ok((kind, approval))
}

fn tell(as_json: bool, name: &str, kind: Kind, approval: &Approval, before: Option<&Approval>) {
    let before = before.map(|before| before.sha256.as_str());
    if as_json {
        let mut line = line(name, approval);
        line["kind"] = json!(kind.name());
        line["previous_sha256"] = json!(before);
        println!("{line}");
        return;
    }
    let now = &approval.sha256;
    match before {
        Some(before) if before == now => println!("{kind} {name} was approved already: {now}"),
        Some(before) => println!("{kind} {name} approved: {before} → {now}"),
        None => println!("{kind} {name} approved: {now}"),
    }
}

/// What may surprise: lines for stderr.
fn hints(config: &Config, file: &Path, name: &str, lock: &str) -> String {
    let mut hints = format!("written to {lock}\n");
    if config.plugins.trust != Trust::Pinned {
        hints += "hint: plugins.lock counts only where `trust = \"pinned\"` stands in [plugins]\n";
    }
    let stem = file.file_stem().and_then(|stem| stem.to_str());
    if stem != Some(name) {
        hints += &["hint: it counts as ", name, ".wasm in plugins.dir\n"].concat();
    }
    hints
}

fn list(file: &Path, as_json: bool) -> Result<()> {
    let lock = read_lock(file)?;
    if lock.is_none() {
        eprintln!("{} does not exist: nothing is approved", file.display());
    }
    let lock: Lock = lock.unwrap_or_default();
    let lines = lock.approvals();
    if as_json {
        let lines: Vec<Value> = lines.map(|(name, approval)| line(name, approval)).collect();
        println!("{}", Value::from(lines));
        return Ok(());
    }
    for (name, approval) in lines {
        let Approval {
            sha256,
            size_bytes,
            approved_at,
        } = approval;
        println!("{name:12} {sha256} {size_bytes:>9} bytes, {approved_at}");
    }
    Ok(())
}

fn line(name: &str, approval: &Approval) -> Value {
    json!({
        "name": name,
        "sha256": approval.sha256,
        "size_bytes": approval.size_bytes,
        "approved_at": approval.approved_at,
    })
}
