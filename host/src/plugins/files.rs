//! Reading a plugin's file.

use std::fs::{File, Metadata};
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use rustix::fs::{Mode, OFlags};

use super::limits::FILE_BYTES;
use super::loader::LoadError;

/// Reads a plugin's file once. A file or folder that group or others may write to is refused:
/// whoever can write it would run code beside the cameras. What is checked is the opened file,
/// so that nothing can be put in its place between the look and the reading.
pub fn read_trusted(dir: &Path, path: &Path) -> Result<Vec<u8>, LoadError> {
    let failed = |place: &Path, error: std::io::Error| {
        LoadError::File(format!("{}: {error}", place.display()))
    };
    let folder = std::fs::metadata(dir).map_err(|error| failed(dir, error))?;
    check_writers(dir, &folder)?;
    // Not blocking: opening a named pipe would wait for somebody to write to it.
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK;
    let file = rustix::fs::open(path, flags, Mode::empty());
    let file = File::from(file.map_err(|error| failed(path, error.into()))?);
    let metadata = file.metadata().map_err(|error| failed(path, error))?;
    if !metadata.is_file() {
        return Err(LoadError::File(format!("{} is no file", path.display())));
    }
    check_writers(path, &metadata)?;
    let mut bytes = Vec::new();
    // One more than is allowed shows that there is more, also of a file that grows meanwhile.
    file.take(FILE_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| failed(path, error))?;
    if bytes.len() as u64 > FILE_BYTES {
        return Err(LoadError::File(format!(
            "{} is longer than the {FILE_BYTES} bytes that are allowed",
            path.display(),
        )));
    }
    Ok(bytes)
}

fn check_writers(place: &Path, metadata: &Metadata) -> Result<(), LoadError> {
    if metadata.permissions().mode() & 0o022 == 0 {
        return Ok(());
    }
    let place = place.display();
    Err(LoadError::File(format!(
        "{place} may be written by group or others; hint: chmod go-w {place}"
    )))
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::path::PathBuf;

    use super::*;

    fn mode(path: &Path, mode: u32) {
        fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    }

    fn folder() -> (tempfile::TempDir, PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        mode(dir.path(), 0o755);
        let file = dir.path().join("a.wasm");
        fs::write(&file, b"wasm").unwrap();
        mode(&file, 0o644);
        (dir, file)
    }

    #[test]
    fn nobody_else_may_write() {
        let (dir, file) = folder();
        assert_eq!(read_trusted(dir.path(), &file).unwrap(), b"wasm");
        let refused = || read_trusted(dir.path(), &file).unwrap_err().to_string();
        mode(&file, 0o664);
        assert!(refused().contains("a.wasm may be written by group"));
        mode(&file, 0o646);
        assert!(refused().contains("or others"));
        mode(&file, 0o644);
        mode(dir.path(), 0o775);
        assert!(refused().contains("chmod go-w"));
    }

    #[test]
    fn only_files_are_read_and_no_giants() {
        let (dir, file) = folder();
        let refused = || read_trusted(dir.path(), &file).unwrap_err().to_string();
        fs::OpenOptions::new()
            .write(true)
            .open(&file)
            .and_then(|sparse| sparse.set_len(FILE_BYTES + 1))
            .unwrap();
        assert!(refused().contains("longer than"));
        fs::remove_file(&file).unwrap();
        assert!(refused().contains("a.wasm: "));
        rustix::fs::mkfifoat(rustix::fs::CWD, &file, Mode::from_raw_mode(0o644)).unwrap();
        assert!(refused().contains("is no file"), "and it does not wait");
        fs::remove_file(&file).unwrap();
        fs::create_dir(&file).unwrap();
        mode(&file, 0o755);
        assert!(refused().contains("is no file"));
    }
}
