//! `padelvar plugin new`: a project that builds, tests and records as it is.

mod name;
mod place;
mod project;
mod sdk;

use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::plugins::{Kind, built_in};

pub use name::Name;

/// Makes the project and says what to do next.
pub fn run(kind: Kind, name: &Name, out: Option<&Path>) -> Result<()> {
    let folder = out.map_or_else(|| PathBuf::from(name.as_str()), Path::to_owned);
    let files = project::files(kind, name)?;
    place::write(&folder, &files)?;
    if let Some(note) = built_in_note(kind, name.as_str()) {
        eprintln!("note: {note}");
    }
    println!("{}", next_steps(kind, name, &folder));
    Ok(())
}

/// What a plugin with a built-in's name does; none where the name is free.
fn built_in_note(kind: Kind, name: &str) -> Option<String> {
    let is = built_in(name)?;
    let does = match kind {
        _ if is != kind => "is refused",
        Kind::Adapter => "takes its place for every camera",
        Kind::Policy => "takes its place only with `plugins.trust` \"pinned\" or \"signed\"",
    };
    Some(format!(
        "`{name}` is a built-in {is}; a file {name}.wasm in `plugins.dir` {does}\n  \
         hint: choose another name to have both"
    ))
}

/// What to type now, for people.
fn next_steps(kind: Kind, name: &Name, folder: &Path) -> String {
    let (name, file) = (name.as_str(), name.file());
    let shown = folder.display();
    let configure = match kind {
        Kind::Adapter => {
            format!("  4. in padelvar.toml, under [terrains.camera]: adapter = \"{name}\"")
        }
        Kind::Policy => format!("  4. in padelvar.toml, under [policy]: plugin = \"{name}\""),
    };
    format!(
        "made the {kind} `{name}` in {shown}\n\
         next:\n  \
         1. cd {shown} && cargo test\n  \
         2. cargo build --release --target wasm32-wasip2\n  \
         3. install -m 644 target/wasm32-wasip2/release/{file} <plugins.dir>/{name}.wasm\n\
         {configure}\n\
         README.md in it has the rest."
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_built_ins_name_is_told() {
        assert_eq!(built_in_note(Kind::Adapter, "court-cam"), None);
        let told = |kind, name| built_in_note(kind, name).unwrap();
        assert!(told(Kind::Adapter, "rtsp").contains("every camera"));
        assert!(told(Kind::Policy, "club-roles").contains("pinned"));
        assert!(
            told(Kind::Policy, "rtsp")
                .contains("adapter; a file rtsp.wasm in `plugins.dir` is refused")
        );
    }
}
