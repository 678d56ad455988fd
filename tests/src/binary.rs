//! Where the binary under test is.

use std::path::PathBuf;

/// Names the binary under test; without it, it is the one that was built into
/// the same target folder as the tests.
const VARIABLE: &str = "PADELVAR_BIN";

/// The binary under test.
///
/// # Panics
/// When it is not there, saying how to build it.
pub fn path() -> PathBuf {
    let path = match std::env::var_os(VARIABLE) {
        Some(path) => PathBuf::from(path),
        None => beside_the_tests(),
    };
    assert!(
        path.is_file(),
        "there is no binary to test at {}; run `cargo build --workspace --bins` first, \
         or name one in {VARIABLE}",
        path.display()
    );
    path
}

/// Binaries are in `<target>/<profile>`, tests in its folder `deps`.
fn beside_the_tests() -> PathBuf {
    let this = std::env::current_exe().expect("this process has an executable");
    let folder = this.parent().expect("a file is in a folder");
    let profile = folder.parent().filter(|_| folder.ends_with("deps"));
    profile.unwrap_or(folder).join("padelvar")
}
