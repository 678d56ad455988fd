//! The SDKs' sources and the WIT files, which are in this binary: the SDKs are in no registry,
//! and a project must build where this repository is not.

use std::path::PathBuf;

use anyhow::{Context as _, Result, anyhow};
use toml::{Table, Value};

use super::place::File;
use crate::plugins::Kind;

// `ADAPTER_SOURCES` and `POLICY_SOURCES`: paths below the repository, and contents.
include!(concat!(env!("OUT_DIR"), "/sdk_sources.rs"));

/// The workspace whose values the SDKs inherit.
const WORKSPACE: &str = include_str!("../../../../../Cargo.toml");

/// What a project of this kind carries with it, at the same paths as here: the SDK names the
/// WIT files by a relative one.
pub fn files(kind: Kind) -> Result<Vec<File>> {
    let sources = match kind {
        Kind::Adapter => ADAPTER_SOURCES,
        Kind::Policy => POLICY_SOURCES,
    };
    let file = |(path, text): &(&str, &str)| {
        let text = if path.ends_with("Cargo.toml") {
            standalone(text, WORKSPACE).with_context(|| format!("in {path}"))?
        } else {
            (*text).to_owned()
        };
        Ok((PathBuf::from(path), text))
    };
    let mut files: Vec<File> = sources.iter().map(file).collect::<Result<_>>()?;
    let stamp = format!(
        "The SDK and the WIT files of padelvar {}, as `padelvar plugin new` wrote them.\n\
         To move to another version, make a new project with that host and take over its\n\
         folders sdk/ and wit/.\n",
        env!("CARGO_PKG_VERSION")
    );
    files.push((PathBuf::from("sdk/VERSION"), stamp));
    Ok(files)
}

/// A manifest without its workspace: what it inherits is written out. Its tests stay behind, so
/// what only they need does, too.
fn standalone(manifest: &str, workspace: &str) -> Result<String> {
    let mut manifest: Table = manifest.parse()?;
    let workspace: Table = workspace.parse()?;
    let inherited = |section: &str, key: &str| -> Result<Value> {
        let found = workspace["workspace"].get(section).and_then(|s| s.get(key));
        found
            .cloned()
            .ok_or_else(|| anyhow!("the workspace has no {section}.{key}"))
    };
    manifest.remove("dev-dependencies");
    for (section, from) in [("package", "package"), ("dependencies", "dependencies")] {
        let Some(Value::Table(table)) = manifest.get_mut(section) else {
            continue;
        };
        for (key, value) in table.iter_mut() {
            if is_inherited(value) {
                *value = inherited(from, key)?;
            }
        }
    }
    if manifest.get("lints").is_some_and(is_inherited) {
        let lints = workspace["workspace"].get("lints").cloned();
        manifest.insert(
            "lints".to_owned(),
            lints.context("the workspace has no lints")?,
        );
    }
    Ok(toml::to_string(&manifest)?)
}

fn is_inherited(value: &Value) -> bool {
    value.get("workspace").and_then(Value::as_bool) == Some(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_inherited_is_written_out() {
        let workspace = "[workspace.package]\nversion = \"1.2.0\"\n\
                         [workspace.dependencies]\na = \"1\"\n\
                         [workspace.lints.rust]\nunsafe_code = \"deny\"\n";
        let manifest = "[package]\nname = \"x\"\nversion.workspace = true\n\
                        [lints]\nworkspace = true\n\
                        [dependencies]\na.workspace = true\nb = \"2\"\n\
                        [dev-dependencies]\nc = \"3\"\n";
        let alone: Table = standalone(manifest, workspace).unwrap().parse().unwrap();
        let wanted: Table = "[package]\nname = \"x\"\nversion = \"1.2.0\"\n\
                             [lints.rust]\nunsafe_code = \"deny\"\n\
                             [dependencies]\na = \"1\"\nb = \"2\"\n"
            .parse()
            .unwrap();
        assert_eq!(alone, wanted);
        let told = standalone("[dependencies]\nz.workspace = true", workspace);
        assert!(told.unwrap_err().to_string().contains("dependencies.z"));
    }

    #[test]
    fn each_kind_has_its_sdk_and_its_interface() {
        for (kind, sdk) in [
            (Kind::Adapter, "padelvar-sdk"),
            (Kind::Policy, "padelvar-policy-sdk"),
        ] {
            let files = files(kind).unwrap();
            let text = |path: &str| {
                let found = files.iter().find(|(have, _)| have.to_str() == Some(path));
                &found.unwrap_or_else(|| panic!("no {path}")).1
            };
            let manifest = text(&format!("sdk/{sdk}/Cargo.toml"));
            assert!(!manifest.contains("workspace"), "{manifest}");
            assert!(text(&format!("sdk/{sdk}/src/lib.rs")).contains("forbid(unsafe_code)"));
            let wit = format!("wit/{kind}/since_v0.1.0/{kind}.wit");
            assert!(text(&wit).contains(&format!("package padelvar:{kind}@0.1.0;")));
            assert!(text("sdk/VERSION").contains(env!("CARGO_PKG_VERSION")));
        }
    }
}
