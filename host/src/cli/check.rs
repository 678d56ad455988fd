//! `padelvar check`.

use std::path::Path;

use anyhow::{Result, bail};
use serde_json::json;

use super::host::load_plugins;
use crate::auth::PluginPolicy;
use crate::auth::count_keys;
use crate::config::{self, Config, process_environment};
use crate::plugins::PluginState;
use crate::recording::{FfmpegTools, ToolStatus};

/// Checks everything that `serve` will need; an error when something is wrong.
pub fn run(path: &Path, as_json: bool) -> Result<()> {
    let mut problems: Vec<String> = Vec::new();
    let mut warnings: Vec<String> = Vec::new();
    let mut good: Vec<String> = Vec::new();
    match config::load(path, &process_environment()) {
        Ok(loaded) => {
            warnings.extend(loaded.warnings.clone());
            let config = &loaded.config;
            good.push(format!(
                "{}: {} clubs, {} terrains",
                path.display(),
                config.clubs.len(),
                config.terrains.len()
            ));
            tokio::runtime::Runtime::new()?.block_on(check(config, &mut good, &mut problems));
        }
        Err(error) if error.problems().is_empty() => problems.push(error.to_string()),
        Err(error) => problems.extend(error.problems().iter().map(ToString::to_string)),
    }
    if as_json {
        let ok = problems.is_empty();
        println!(
            "{}",
            json!({"ok": ok, "problems": problems, "warnings": warnings, "good": good})
        );
    } else {
        for line in &good {
            println!("ok: {line}");
        }
        for line in &warnings {
            println!("warning: {line}");
        }
        for line in &problems {
            println!("problem: {line}");
        }
    }
    match problems.len() {
        0 => Ok(()),
        1 => bail!("1 problem found"),
        count => bail!("{count} problems found"),
    }
}

async fn check(config: &Config, good: &mut Vec<String>, problems: &mut Vec<String>) {
    let tools = FfmpegTools::default();
    match tools.status(&config.video.ffmpeg_path).await {
        ToolStatus::Available(version) => good.push(format!("FFmpeg {version}")),
        ToolStatus::Missing(reason) => problems.push(reason),
    }
    for (key, dir) in [
        ("video.videos_dir", &config.video.videos_dir),
        ("video.logs_dir", &config.video.logs_dir),
    ] {
        match writable(dir) {
            Ok(()) => good.push(format!("{key} {} can be written", dir.display())),
            Err(error) => problems.push(format!(
                "{key} {} cannot be written: {error}\n  hint: make it, or give it to the host's user",
                dir.display()
            )),
        }
    }
    if let Some(url) = &config.auth.jwks_url {
        match count_keys(url).await {
            Ok(0) => problems.push("auth.jwks_url: there is no usable key\n  hint: RS256 of at least 2048 bits, ES256 and EdDSA keys can be used".to_owned()),
            Ok(count) => good.push(format!("auth.jwks_url: keys that can be used: {count}")),
            Err(error) => problems.push(format!("auth.jwks_url cannot be fetched: {error}")),
        }
    }
    match load_plugins(config).await {
        Ok(registry) => {
            for plugin in registry.list() {
                match plugin.state {
                    PluginState::Active | PluginState::Shadow => {
                        good.push(format!("plugin {}", plugin.name));
                    }
                    PluginState::Rejected | PluginState::Quarantined => problems.push(format!(
                        "plugin {}: {}",
                        plugin.name,
                        plugin.reason.unwrap_or_default()
                    )),
                }
            }
            match PluginPolicy::of(&registry, &config.policy) {
                Ok(_) => good.push(format!("policy {}", config.policy.plugin)),
                Err(error) => problems.push(error.to_string()),
            }
            if let Some(shadow) = &config.policy.shadow {
                match PluginPolicy::shadow_of(&registry, shadow, &config.policy) {
                    Ok(_) => good.push(format!("shadow policy {shadow}")),
                    Err(error) => problems.push(format!("policy.shadow: {error}")),
                }
            }
            for terrain in &config.terrains {
                let camera = &terrain.camera;
                let found = match &camera.adapter {
                    Some(name) => registry.adapter(name).is_some(),
                    None => !registry.for_scheme(camera.url.scheme()).is_empty(),
                };
                if !found {
                    let wanted = camera.adapter.as_deref().unwrap_or(camera.url.scheme());
                    problems.push(format!("terrain {}: no adapter for {wanted}", terrain.id));
                }
            }
        }
        Err(error) => problems.push(format!("{error:#}")),
    }
}

/// Whether a file can be made in a folder, or in the nearest one above it that is there.
fn writable(dir: &Path) -> std::io::Result<()> {
    let existing = dir
        .ancestors()
        .find(|place| place.exists())
        .unwrap_or(Path::new("."));
    if !existing.is_dir() {
        return Err(std::io::Error::other(format!(
            "{} is no folder",
            existing.display()
        )));
    }
    let probe = existing.join(format!(".padelvar-check-{}", std::process::id()));
    std::fs::File::create_new(&probe)?;
    std::fs::remove_file(&probe)
}
