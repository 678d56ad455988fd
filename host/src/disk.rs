//! File systems: how much room there is, and what their refusals mean. Everything here blocks.

use std::io;
use std::os::fd::AsFd;
use std::path::Path;

use rustix::fs::{Access, FallocateFlags, StatVfs, StatVfsMountFlags};

/// A file system, now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Disk {
    /// Tells file systems apart.
    pub device: u64,
    /// Bytes that may be written.
    pub free_bytes: u64,
    /// Its size in bytes.
    pub total_bytes: u64,
    /// Nothing may be written, whatever the permissions are.
    pub read_only: bool,
}

impl Disk {
    /// The one that holds `folder` or, while that is missing, the nearest folder above it.
    pub fn of(folder: &Path) -> io::Result<Self> {
        let existing = existing(folder);
        let device = rustix::fs::stat(existing)?.st_dev;
        Ok(Self::told(device, &rustix::fs::statvfs(existing)?))
    }

    /// The one that an open file lies on.
    pub fn of_file(file: impl AsFd) -> io::Result<Self> {
        let device = rustix::fs::fstat(&file)?.st_dev;
        Ok(Self::told(device, &rustix::fs::fstatvfs(&file)?))
    }

    /// Whether less is free than should be. One that was low is so until a tenth more is free,
    /// so that a disk at the brink is not told about every second.
    pub fn is_low(&self, least_bytes: u64, was_low: bool) -> bool {
        let enough = if was_low {
            least_bytes.saturating_add(least_bytes / 10)
        } else {
            least_bytes
        };
        self.free_bytes < enough
    }

    fn told(device: u64, stat: &StatVfs) -> Self {
        Self {
            device,
            free_bytes: stat.f_bavail.saturating_mul(stat.f_frsize),
            total_bytes: stat.f_blocks.saturating_mul(stat.f_frsize),
            read_only: stat.f_flag.contains(StatVfsMountFlags::RDONLY),
        }
    }
}

/// Whether files can be made in `folder` or, while that is missing, in the nearest folder above
/// it, as far as permissions and the file system tell.
pub fn writable(folder: &Path) -> io::Result<()> {
    let existing = existing(folder);
    if !existing.is_dir() {
        return Err(io::ErrorKind::NotADirectory.into());
    }
    Ok(rustix::fs::access(
        existing,
        Access::WRITE_OK | Access::EXEC_OK,
    )?)
}

fn existing(folder: &Path) -> &Path {
    folder
        .ancestors()
        .find(|place| place.exists())
        .unwrap_or(Path::new("/"))
}

/// Whether a write failed because there is no room: on the disk, left to this user, or in a
/// file of this file system.
pub fn is_full(error: &io::Error) -> bool {
    use io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
    matches!(error.kind(), StorageFull | QuotaExceeded | FileTooLarge)
}

/// Takes room for a file from `from` to `until` without changing its length: what is written
/// there later finds room, however full the disk is by then. An error that is not
/// [`is_full`] mostly means that the file system knows no such thing.
pub fn reserve(file: impl AsFd, from: u64, until: u64) -> io::Result<()> {
    let length = until.saturating_sub(from);
    if length == 0 {
        return Ok(());
    }
    let take = || rustix::fs::fallocate(&file, FallocateFlags::KEEP_SIZE, from, length);
    Ok(rustix::io::retry_on_intr(take)?)
}

/// Whether an open file is the one at this path. A path that cannot be looked at (a network's
/// pause, for example) counts as unchanged.
pub fn lies_at(file: &std::fs::File, path: &Path) -> io::Result<bool> {
    use rustix::io::Errno;
    let own = rustix::fs::fstat(file)?;
    Ok(match rustix::fs::lstat(path) {
        Ok(there) => (there.st_dev, there.st_ino) == (own.st_dev, own.st_ino),
        Err(error) => !matches!(error, Errno::NOENT | Errno::NOTDIR),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_is_not_there_yet_has_the_room_of_the_one_above() {
        let folder = tempfile::tempdir().unwrap();
        let there = Disk::of(folder.path()).unwrap();
        let missing = Disk::of(&folder.path().join("not/yet")).unwrap();
        assert_eq!(there.device, missing.device);
        assert!(there.total_bytes >= there.free_bytes && there.total_bytes > 0);
        assert!(!there.read_only);
        writable(&folder.path().join("not/yet")).unwrap();
        let file = folder.path().join("file");
        std::fs::write(&file, "x").unwrap();
        let kind = writable(&file.join("below")).unwrap_err().kind();
        assert_eq!(kind, io::ErrorKind::NotADirectory);
        writable(Path::new("/proc/self")).unwrap_err();
    }

    #[test]
    fn a_disk_at_the_brink_stays_low() {
        let disk = |free_bytes| Disk {
            device: 1,
            free_bytes,
            total_bytes: 10_000,
            read_only: false,
        };
        assert!(disk(999).is_low(1000, false) && !disk(1000).is_low(1000, false));
        assert!(disk(1099).is_low(1000, true) && !disk(1100).is_low(1000, true));
        assert!(!disk(0).is_low(0, true) && disk(0).is_low(u64::MAX, true));
    }

    #[test]
    fn a_file_that_went_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/file");
        std::fs::create_dir(folder.path().join("a")).unwrap();
        let file = std::fs::File::create(&path).unwrap();
        assert!(lies_at(&file, &path).unwrap());
        std::fs::rename(folder.path().join("a"), folder.path().join("b")).unwrap();
        assert!(!lies_at(&file, &path).unwrap());
        std::fs::create_dir(folder.path().join("a")).unwrap();
        std::fs::write(&path, "another").unwrap();
        assert!(!lies_at(&file, &path).unwrap());
    }

    #[test]
    fn what_is_reserved_does_not_show_in_the_length() {
        let file = tempfile::tempfile().unwrap();
        // Not every file system knows it.
        if let Err(error) = reserve(&file, 0, 1 << 20) {
            assert!(!is_full(&error), "{error}");
        }
        assert_eq!(file.metadata().unwrap().len(), 0);
        reserve(&file, 10, 10).unwrap();
        assert!(is_full(&io::Error::from_raw_os_error(
            rustix::io::Errno::NOSPC.raw_os_error()
        )));
        assert!(is_full(&io::Error::from_raw_os_error(
            rustix::io::Errno::DQUOT.raw_os_error()
        )));
        assert!(!is_full(&io::Error::from_raw_os_error(
            rustix::io::Errno::IO.raw_os_error()
        )));
    }
}
