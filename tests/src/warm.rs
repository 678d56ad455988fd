//! The built-in plugins, compiled once for all hosts of a test program.
//!
//! A host keeps what it compiled in `padelvar-cache`, so that only its first start takes seconds
//! of both cores. Tests start hundreds of hosts, each in a folder of its own: they begin as hosts
//! that were started before. First starts have tests of their own (`commands`, `demo`).

use std::ffi::OsString;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;
use std::process::Command;
use std::sync::LazyLock;

use tempfile::TempDir;

use crate::binary;

/// Where a host keeps compiled plugins, below its catalogue's folder.
const CACHE: &str = "padelvar-cache";

static COMPILED: LazyLock<Vec<(OsString, Vec<u8>)>> = LazyLock::new(compile);

/// What a host keeps after its first start: names and contents of the files.
fn compile() -> Vec<(OsString, Vec<u8>)> {
    let folder = TempDir::with_prefix("padelvar-warm-").expect("a folder can be made");
    for command in ["init", "check"] {
        let mut padelvar = Command::new(binary::path());
        let ran = padelvar.arg(command).current_dir(folder.path()).output();
        let ran = ran.expect("the binary starts");
        assert!(ran.status.success(), "{command}: {ran:?}");
    }
    let kept = std::fs::read_dir(folder.path().join(CACHE)).expect("the host has a cache");
    let kept = kept.map(|entry| {
        let entry = entry.expect("it can be read");
        let content = std::fs::read(entry.path()).expect("it can be read");
        (entry.file_name(), content)
    });
    kept.collect()
}

/// Gives a data folder the compiled plugins, where it has none yet.
///
/// # Panics
/// Where they cannot be compiled, or the folder cannot be written to.
pub fn cache(folder: &Path) {
    let cache = folder.join(CACHE);
    if cache.exists() {
        return;
    }
    let made = std::fs::DirBuilder::new().mode(0o700).create(&cache);
    made.expect("a folder can be made");
    for (name, content) in COMPILED.iter() {
        std::fs::write(cache.join(name), content).expect("a file can be written");
    }
}
