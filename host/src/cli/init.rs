//! `padelvar init`.

use std::io;
use std::path::Path;

use anyhow::{Context as _, Result, bail};

use crate::config;

/// Writes the commented configuration to `path`, and says what to do next. A file that
/// is there stays as it is, and that is an error.
pub fn run(path: &Path) -> Result<()> {
    let shown = path.display();
    match config::write_example(path) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            bail!("{shown} is already there\n  hint: move it away first, or edit it");
        }
        Err(error) => return Err(error).with_context(|| format!("cannot write {shown}")),
    }
    eprintln!("wrote {shown}");
    eprintln!(
        "  hint: add your clubs and terrains to it, then `padelvar check` and `padelvar serve`"
    );
    Ok(())
}
