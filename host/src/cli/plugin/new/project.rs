//! What is in a new project: templates, filled in.

use std::path::PathBuf;

use anyhow::Result;

use super::name::Name;
use super::place::File;
use super::sdk;
use crate::plugins::Kind;

/// Path in the project, and template.
type Template = (&'static str, &'static str);

const COMMON: &[Template] = &[
    (".gitignore", include_str!("templates/common/gitignore")),
    (
        "rust-toolchain.toml",
        include_str!("templates/common/rust-toolchain.toml"),
    ),
];

const ADAPTER: &[Template] = &[
    (
        "Cargo.toml",
        include_str!("templates/adapter/Cargo.toml.in"),
    ),
    ("README.md", include_str!("templates/adapter/README.md")),
    ("src/lib.rs", include_str!("templates/adapter/lib.rs.in")),
    (
        "tests/session.rs",
        include_str!("templates/adapter/session.rs.in"),
    ),
];

const POLICY: &[Template] = &[
    ("Cargo.toml", include_str!("templates/policy/Cargo.toml.in")),
    ("README.md", include_str!("templates/policy/README.md")),
    ("src/lib.rs", include_str!("templates/policy/lib.rs.in")),
    (
        "tests/table.rs",
        include_str!("templates/policy/table.rs.in"),
    ),
];

/// Every file of a new project.
pub fn files(kind: Kind, name: &Name) -> Result<Vec<File>> {
    let own = match kind {
        Kind::Adapter => ADAPTER,
        Kind::Policy => POLICY,
    };
    let templates = COMMON.iter().chain(own);
    let filled = templates.map(|(path, text)| (PathBuf::from(path), fill(text, name)));
    let mut files: Vec<File> = filled.collect();
    files.extend(sdk::files(kind)?);
    Ok(files)
}

fn fill(template: &str, name: &Name) -> String {
    template
        .replace("{{name}}", name.as_str())
        .replace("{{library}}", &name.library())
        .replace("{{file}}", &name.file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_is_filled() {
        let name: Name = "Court-cam".parse().unwrap();
        for kind in [Kind::Adapter, Kind::Policy] {
            let files = files(kind, &name).unwrap();
            let places = ["{{name}}", "{{library}}", "{{file}}"];
            for (path, text) in &files {
                let empty = places.iter().find(|place| text.contains(*place));
                assert_eq!(empty, None, "{}", path.display());
            }
            let manifest = &files[2];
            assert_eq!(manifest.0, PathBuf::from("Cargo.toml"));
            let table: toml::Table = manifest.1.parse().unwrap();
            assert_eq!(table["package"]["name"].as_str(), Some("Court-cam"));
            assert_eq!(table["lib"]["name"].as_str(), Some("court_cam"));
            assert!(table.contains_key("workspace"), "no parent swallows it");
        }
    }
}
