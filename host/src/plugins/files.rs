//! Reading a plugin's file.

use std::fs::{File, Metadata};
use std::io::Read;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;

use super::limits::FILE_BYTES;
use super::loader::LoadError;

/// Reads a plugin's file once. A file or folder that group or others may write to, or that
/// belongs to somebody else, is refused: whoever can write it would run code beside the
/// cameras. What is checked is what was opened, so that nothing can be put in its place between
/// the look and the reading.
pub fn read_trusted(dir: &Path, path: &Path) -> Result<Vec<u8>, LoadError> {
    let bytes = read_optional(dir, path, FILE_BYTES)?;
    bytes.ok_or_else(|| LoadError::File(format!("{} does not exist", path.display())))
}

/// As [`read_trusted`], for any file that is believed (a lock, a signature) with a limit of its
/// own, in bytes. None where there is no such file.
///
/// The way to the folder is not looked at: whoever could turn a link or a folder on it could
/// only lead to a folder and a file that again belong to this user or to root.
pub fn read_optional(dir: &Path, path: &Path, limit: u64) -> Result<Option<Vec<u8>>, LoadError> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::DIRECTORY;
    let folder = rustix::fs::open(dir, flags, Mode::empty());
    let folder = File::from(folder.map_err(|error| failed(dir, error.into()))?);
    check_writers(dir, &folder.metadata().map_err(|e| failed(dir, e))?)?;
    let name = path.file_name().unwrap_or(path.as_os_str());
    let file = match rustix::fs::openat(&folder, name, READ, Mode::empty()) {
        Ok(file) => File::from(file),
        Err(Errno::NOENT) => return Ok(None),
        Err(error) => return Err(failed(path, error.into())),
    };
    let metadata = metadata_of(path, &file)?;
    check_writers(path, &metadata)?;
    read(path, file, limit).map(Some)
}

/// Reads a file that is only looked at, wherever it lies: who may write to it does not matter.
///
/// # Errors
///
/// It is no file, cannot be read, or is longer than a plugin may be.
pub fn read_plugin(path: &Path) -> Result<Vec<u8>, LoadError> {
    let file = rustix::fs::open(path, READ, Mode::empty());
    let file = File::from(file.map_err(|error| failed(path, error.into()))?);
    metadata_of(path, &file)?;
    read(path, file, FILE_BYTES)
}

/// Not blocking: opening a named pipe would wait for somebody to write to it.
const READ: OFlags = OFlags::RDONLY
    .union(OFlags::CLOEXEC)
    .union(OFlags::NONBLOCK);

#[expect(
    clippy::needless_pass_by_value,
    reason = "it is called where an error is turned into another"
)]
fn failed(place: &Path, error: std::io::Error) -> LoadError {
    LoadError::File(format!("{}: {error}", place.display()))
}

fn metadata_of(path: &Path, file: &File) -> Result<Metadata, LoadError> {
    let metadata = file.metadata().map_err(|error| failed(path, error))?;
    if metadata.is_file() {
        return Ok(metadata);
    }
    Err(LoadError::File(format!("{} is no file", path.display())))
}

fn read(path: &Path, file: File, limit: u64) -> Result<Vec<u8>, LoadError> {
    let mut bytes = Vec::new();
    // One more than is allowed shows that there is more, also of a file that grows meanwhile.
    file.take(limit + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| failed(path, error))?;
    if bytes.len() as u64 > limit {
        return Err(LoadError::File(format!(
            "{} is longer than the {limit} bytes that are allowed",
            path.display(),
        )));
    }
    Ok(bytes)
}

fn check_writers(place: &Path, metadata: &Metadata) -> Result<(), LoadError> {
    let this = rustix::process::geteuid().as_raw();
    match distrust(metadata.uid(), metadata.permissions().mode(), this) {
        None => Ok(()),
        Some(Distrust::Mode) => {
            let place = place.display();
            Err(LoadError::File(format!(
                "{place} may be written by group or others; hint: chmod go-w {place}"
            )))
        }
        Some(Distrust::Owner) => Err(LoadError::File(format!(
            "{0} belongs to user {1}, who is neither the host's user nor root; hint: chown \
             {this} {0}",
            place.display(),
            metadata.uid(),
        ))),
    }
}

/// What makes a file or folder unfit to be believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Distrust {
    Mode,
    Owner,
}

/// Judges by owner and mode. Access lists show in the mode: the group's bits are their mask.
fn distrust(owner: u32, mode: u32, this_user: u32) -> Option<Distrust> {
    if mode & 0o022 != 0 {
        return Some(Distrust::Mode);
    }
    // An owner may give himself the right to write at any time.
    (owner != 0 && owner != this_user).then_some(Distrust::Owner)
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
    fn owners_are_this_user_or_root() {
        assert_eq!(distrust(0, 0o100_644, 1000), None);
        assert_eq!(distrust(1000, 0o100_755, 1000), None);
        assert_eq!(distrust(1001, 0o100_644, 1000), Some(Distrust::Owner));
        assert_eq!(distrust(1001, 0o100_644, 0), Some(Distrust::Owner));
        assert_eq!(distrust(1000, 0o100_664, 1000), Some(Distrust::Mode));
        assert_eq!(distrust(0, 0o041_777, 1000), Some(Distrust::Mode));
    }

    #[test]
    fn a_link_is_what_it_leads_to() {
        let (dir, file) = folder();
        let link = dir.path().join("link.wasm");
        std::os::unix::fs::symlink(&file, &link).unwrap();
        assert_eq!(read_trusted(dir.path(), &link).unwrap(), b"wasm");
        mode(&file, 0o666);
        assert!(read_trusted(dir.path(), &link).is_err());
        assert_eq!(read_plugin(&link).unwrap(), b"wasm", "only looked at");
        fs::remove_file(&file).unwrap();
        assert!(read_optional(dir.path(), &link, 9).unwrap().is_none());
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
        assert!(refused().contains("a.wasm does not exist"));
        rustix::fs::mkfifoat(rustix::fs::CWD, &file, Mode::from_raw_mode(0o644)).unwrap();
        assert!(refused().contains("is no file"), "and it does not wait");
        fs::remove_file(&file).unwrap();
        fs::create_dir(&file).unwrap();
        mode(&file, 0o755);
        assert!(refused().contains("is no file"));
    }
}
