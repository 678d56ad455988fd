//! The file `plugins.lock`: reading it, and changing it so that a reader sees the old or the
//! new one, and no approval is lost when two are given at once.

use std::io::Write;
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, Mode, OFlags, flock};
use thiserror::Error;

use super::files::read_optional;
use super::loader::LoadError;
use super::lock::{Lock, LockProblem};

/// Longest lock that is read, bytes; a thousand plugins need a fifth of it. Stops a wrong file
/// from filling the memory.
const LOCK_BYTES: u64 = 1 << 20;

/// Why there is no lock, or why it was not written.
#[derive(Debug, Error)]
pub enum LockError {
    /// Not readable, too long, or writable by others.
    #[error("{0}")]
    File(#[from] LoadError),
    /// It is no text.
    #[error("{} is no text", .0.display())]
    NoText(PathBuf),
    /// It is not understood.
    #[error("{}:{problem}; hint: correct it, or remove it and approve your plugins again", file.display())]
    Broken {
        /// The file.
        file: PathBuf,
        /// Where and what.
        problem: LockProblem,
    },
    /// It cannot be written.
    #[error("cannot write {}: {source}", file.display())]
    Write {
        /// The file.
        file: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
}

/// Reads a lock; none where the file does not exist. A lock that others may write to is none,
/// as with plugins.
pub fn read(file: &Path) -> Result<Option<Lock>, LockError> {
    let Some(bytes) = read_optional(folder(file), file, LOCK_BYTES)? else {
        return Ok(None);
    };
    let text = std::str::from_utf8(&bytes).map_err(|_| LockError::NoText(file.to_owned()))?;
    let lock = Lock::parse(text).map_err(|problem| LockError::Broken {
        file: file.to_owned(),
        problem,
    })?;
    Ok(Some(lock))
}

/// Changes a lock, which is made where it is missing. Waits for others that do so.
pub fn change<T>(file: &Path, change: impl FnOnce(&mut Lock) -> T) -> Result<T, LockError> {
    let failed = |source: std::io::Error| LockError::Write {
        file: file.to_owned(),
        source,
    };
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::DIRECTORY;
    let dir = rustix::fs::open(folder(file), flags, Mode::empty());
    let dir = dir.map_err(|error| failed(error.into()))?;
    // Held until `dir` is closed. The folder and not the file, which is replaced.
    flock(&dir, FlockOperation::LockExclusive).map_err(|error| failed(error.into()))?;
    let before = read(file)?;
    let mut lock = before.clone().unwrap_or_default();
    let result = change(&mut lock);
    if before.as_ref() != Some(&lock) {
        write(file, &lock.text()).map_err(failed)?;
        rustix::fs::fsync(&dir).map_err(|error| failed(error.into()))?;
    }
    Ok(result)
}

fn write(file: &Path, text: &str) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    let mut temporary = tempfile::Builder::new()
        .prefix(".plugins.lock.")
        .tempfile_in(folder(file))?;
    temporary.write_all(text.as_bytes())?;
    // Whatever the umask says: the host may be another user than who approves.
    let mode = std::fs::Permissions::from_mode(0o644);
    temporary.as_file().set_permissions(mode)?;
    temporary.as_file().sync_all()?;
    temporary.persist(file)?;
    Ok(())
}

fn folder(file: &Path) -> &Path {
    match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::super::lock::Approval;
    use super::*;

    fn approval() -> Approval {
        Approval {
            sha256: "a".repeat(64),
            size_bytes: 1,
            approved_at: jiff::Timestamp::UNIX_EPOCH,
        }
    }

    fn mode(file: &Path) -> u32 {
        std::fs::metadata(file).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn it_is_made_and_changed() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("plugins.lock");
        assert!(read(&file).unwrap().is_none());
        assert_eq!(change(&file, |lock| lock.remove("a")).unwrap(), None);
        assert!(read(&file).unwrap().is_some(), "an empty lock is one");
        std::thread::scope(|scope| {
            for n in 0..8 {
                let file = &file;
                scope.spawn(move || change(file, |lock| lock.approve(&n.to_string(), approval())));
            }
        });
        assert_eq!(read(&file).unwrap().unwrap().approvals().count(), 8);
        assert_eq!(mode(&file), 0o644);
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_lock_that_is_not_understood_stays_as_it_is() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("plugins.lock");
        std::fs::write(&file, "version = 1\nplugins = []\n").unwrap();
        std::fs::set_permissions(&file, PermissionsExt::from_mode(0o644)).unwrap();
        let told = change(&file, |lock| lock.approve("a", approval()))
            .unwrap_err()
            .to_string();
        assert!(told.contains("plugins.lock:2:1: unknown field"), "{told}");
        assert!(
            std::fs::read_to_string(&file)
                .unwrap()
                .contains("plugins = []")
        );
        std::fs::write(&file, b"\xff\xfe").unwrap();
        assert!(matches!(read(&file), Err(LockError::NoText(_))));
        std::fs::set_permissions(&file, PermissionsExt::from_mode(0o666)).unwrap();
        let told = change(&file, |_| ()).unwrap_err().to_string();
        assert!(told.contains("may be written by group or others"), "{told}");
    }
}
