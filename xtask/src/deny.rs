//! Licences, sources, duplicates and advisories of the dependencies.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result};

use crate::command::{cargo, output, root, run, run_within, target_dir};
use crate::summary::Summary;

/// The version that is installed where there is none.
const VERSION: &str = "0.20.2";
/// The oldest minor version (0.x) that reads our `deny.toml`.
const OLDEST_MINOR: u32 = 18;
/// The advisory database is a git repository; without a network that can take long.
const FETCH_LIMIT: Duration = Duration::from_secs(90);

/// Both workspaces.
const MANIFESTS: [&str; 2] = ["Cargo.toml", "plugins/Cargo.toml"];

/// Makes the checks as steps of `summary`.
pub fn check(summary: &mut Summary) {
    let mut program = None;
    summary.step("deny set-up", || {
        program = Some(find_or_install()?);
        Ok(())
    });
    let Some(program) = program else { return };
    let deny = |manifest| {
        let mut command = Command::new(&program);
        command
            .args(["--manifest-path", manifest, "--config", "deny.toml"])
            .current_dir(root());
        command
    };
    // One list of exceptions serves both workspaces; neither needs all of them.
    let options = [
        "check",
        "--hide-inclusion-graph",
        "--allow",
        "unmatched-skip",
    ];
    for manifest in MANIFESTS {
        summary.step(&format!("deny {manifest}"), || {
            let what = ["bans", "licenses", "sources"];
            run(deny(manifest).args(options).args(what))
        });
    }
    if let Err(error) = run_within(deny(MANIFESTS[0]).args(["fetch", "db"]), FETCH_LIMIT) {
        summary.skip(
            "deny advisories",
            format!("their database cannot be reached ({error:#})"),
        );
        return;
    }
    for manifest in MANIFESTS {
        summary.step(&format!("deny advisories {manifest}"), || {
            run(deny(manifest).args(options).arg("advisories"))
        });
    }
}

/// The program: ours, else the user's, else it is installed into the target folder.
fn find_or_install() -> Result<PathBuf> {
    let tools = target_dir().join("tools");
    let ours = tools
        .join("bin")
        .join(format!("cargo-deny{}", std::env::consts::EXE_SUFFIX));
    if let Some(found) = [ours.clone(), PathBuf::from("cargo-deny")]
        .into_iter()
        .find(is_new_enough)
    {
        return Ok(found);
    }
    eprintln!("cargo-deny is missing: building it, this takes minutes, once");
    let mut install = cargo([
        "install",
        "--locked",
        "cargo-deny",
        "--version",
        VERSION,
        "--root",
    ]);
    install
        .arg(&tools)
        .env("CARGO_TARGET_DIR", tools.join("build"));
    // It runs for seconds: what counts is how long it takes to build.
    for (setting, value) in [
        ("OPT_LEVEL", "0"),
        ("LTO", "off"),
        ("CODEGEN_UNITS", "16"),
        ("DEBUG", "0"),
    ] {
        install.env(format!("CARGO_PROFILE_RELEASE_{setting}"), value);
    }
    run(&mut install).context("cargo-deny could not be installed")?;
    // A few hundred MB that nobody needs again.
    let _ = std::fs::remove_dir_all(tools.join("build"));
    Ok(ours)
}

fn is_new_enough(program: &PathBuf) -> bool {
    output(Command::new(program).arg("--version"))
        .and_then(|text| minor(&text))
        .is_some_and(|minor| minor >= OLDEST_MINOR)
}

/// The `20` of `cargo-deny 0.20.2`.
fn minor(text: &str) -> Option<u32> {
    let version = text.split_whitespace().nth(1)?;
    let mut parts = version.split('.');
    (parts.next()? == "0")
        .then(|| parts.next()?.parse().ok())
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions() {
        assert_eq!(minor("cargo-deny 0.20.2"), Some(20));
        assert_eq!(minor("cargo-deny 1.0.0"), None);
        assert_eq!(minor(""), None);
    }
}
