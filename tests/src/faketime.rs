//! A wall clock that can be stepped: libfaketime between the host and its C library. The
//! monotonic clock stays what it is.

use std::path::PathBuf;

use tempfile::TempDir;

/// Where distributions keep their libraries; below it, perhaps in a folder of the architecture,
/// is `faketime/`.
const LIBRARIES: [&str; 2] = ["/usr/lib", "/usr/lib64"];
/// The one for programs with threads.
const NAME: &str = "faketime/libfaketimeMT.so.1";

/// The wall clock of one process.
#[derive(Debug)]
pub struct WallClock {
    folder: TempDir,
}

impl WallClock {
    /// One that is right.
    pub fn right() -> Self {
        let folder = TempDir::with_prefix("padelvar-clock-").expect("a folder can be made");
        let clock = Self { folder };
        clock.step("+0");
        clock
    }

    /// Sets the clock to so long before or after the right time, for example `-1h` or `+1d`.
    pub fn step(&self, offset: &str) {
        // In one step: the process may read the file at any moment.
        let new = self.folder.path().join("new");
        std::fs::write(&new, format!("{offset}\n")).expect("a file can be written");
        std::fs::rename(&new, self.file()).expect("a file can be renamed");
    }

    /// What the process needs in its environment.
    pub fn variables(&self) -> Vec<(&'static str, String)> {
        vec![
            ("LD_PRELOAD", library().display().to_string()),
            ("FAKETIME_TIMESTAMP_FILE", self.file().display().to_string()),
            ("FAKETIME_NO_CACHE", "1".to_owned()),
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1".to_owned()),
        ]
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("offset")
    }
}

/// Where the library is.
///
/// # Panics
/// When it is not there, saying how to install it.
fn library() -> PathBuf {
    let folders = LIBRARIES.iter().map(PathBuf::from);
    let below = folders.clone().flat_map(|folder| {
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        entries.map(|entry| entry.path())
    });
    let found = folders.chain(below).map(|folder| folder.join(NAME));
    let mut found = found.filter(|path| path.is_file());
    found
        .next()
        .expect("libfaketime is missing; `cargo xtask test` installs it")
}
