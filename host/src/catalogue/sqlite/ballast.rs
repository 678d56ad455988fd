//! Room that is kept so that the catalogue can be opened on a disk that is full: SQLite needs
//! some for its log and its index of it, and a host that cannot open its catalogue does not
//! start. A file that is there for nothing else, and goes when it is needed.

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use tracing::{debug, warn};

/// Its size: SQLite's index of the log has 32 KiB, the log grows with what is written.
const BYTES: usize = 1 << 20;

/// Makes it, where it is missing and there is room. Blocks.
pub(super) fn keep(catalogue: &Path) {
    let path = path(catalogue);
    if fs::metadata(&path).is_ok_and(|found| found.len() == BYTES as u64) {
        return;
    }
    if let Err(error) = make(&path) {
        debug!(%error, "no room is kept for the catalogue");
        // What is there of it is of more use as free space.
        let _ = fs::remove_file(&path);
    }
}

fn make(path: &Path) -> io::Result<()> {
    let mut options = File::options();
    let options = options.write(true).create(true).truncate(true).mode(0o600);
    let mut file = options.open(path)?;
    // Written and not only allocated: some file systems keep nothing for holes. Not zeros:
    // some keep nothing for those either.
    let piece: Vec<u8> = (0..=u8::MAX).cycle().take(BYTES).collect();
    file.write_all(&piece)?;
    file.sync_all()
}

/// Gives the room back; whether there was any. Blocks.
pub(super) fn drop(catalogue: &Path) -> bool {
    let gone = fs::remove_file(path(catalogue)).is_ok();
    if gone {
        warn!("the catalogue is opened with room that was kept for it; hint: is its disk full?");
    }
    gone
}

fn path(catalogue: &Path) -> PathBuf {
    let mut name = catalogue.as_os_str().to_owned();
    name.push("-room");
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_there_once_and_goes_once() {
        let folder = tempfile::tempdir().unwrap();
        let catalogue = folder.path().join("padelvar.db");
        assert!(!drop(&catalogue));
        keep(&catalogue);
        let size = || fs::metadata(path(&catalogue)).map(|found| found.len()).ok();
        assert_eq!(size(), Some(BYTES as u64));
        fs::write(path(&catalogue), "torn").unwrap();
        keep(&catalogue);
        assert_eq!(size(), Some(BYTES as u64));
        assert!(drop(&catalogue));
        assert_eq!(size(), None);
        keep(Path::new("/nowhere/padelvar.db"));
    }
}
