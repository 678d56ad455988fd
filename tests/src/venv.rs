//! Python programs of the tests' set-up: requests, schemathesis.

use std::path::PathBuf;

/// Names the virtual environment; without it, it is where `cargo xtask setup` makes it.
const VARIABLE: &str = "PADELVAR_VENV";

/// A program of the virtual environment.
///
/// # Panics
/// Where it is not there, saying how it comes there.
pub fn program(name: &str) -> PathBuf {
    let folder = match std::env::var_os(VARIABLE) {
        Some(folder) => PathBuf::from(folder),
        None => target().join("tools/venv"),
    };
    let program = folder.join("bin").join(name);
    assert!(
        program.is_file(),
        "there is no {}; `cargo xtask setup` installs it (tests/python/requirements.txt), \
         or name a virtual environment in {VARIABLE}",
        program.display()
    );
    program
}

/// Tests are in `<target>/<profile>/deps`.
fn target() -> PathBuf {
    let this = std::env::current_exe().expect("this process has an executable");
    let folder = this.ancestors().nth(3).expect("it is in the target folder");
    folder.to_owned()
}
