//! What lies in `plugins.dir`, looked at without reading it: whether a file is another one than
//! before.

use std::fs::Metadata;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// A file that does not load may still be being written, until it has not changed for so long.
pub const UNFINISHED: Duration = Duration::from_secs(2);

/// What tells two states of a plugin's file apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamp {
    file: Mark,
    /// Its signature, where there is one.
    signature: Option<Mark>,
    /// Who may write to the folder.
    folder: (u32, u32),
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Mark {
    device: u64,
    inode: u64,
    bytes: u64,
    mode: u32,
    owner: u32,
    modified: (i64, i64),
    /// Unlike the time of modification, nobody can set it.
    changed: (i64, i64),
}

impl Mark {
    fn of(metadata: &Metadata) -> Self {
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            bytes: metadata.len(),
            mode: metadata.mode(),
            owner: metadata.uid(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        }
    }
}

impl Stamp {
    /// The stamp of a file in a folder; none where it is gone.
    pub fn of(dir: &Path, file: &Path) -> Option<Self> {
        let folder = std::fs::metadata(dir).ok()?;
        let metadata = std::fs::metadata(file).ok()?;
        let signature = std::fs::metadata(signature_of(file)).ok();
        Some(Self {
            file: Mark::of(&metadata),
            signature: signature.as_ref().map(Mark::of),
            folder: (folder.mode(), folder.uid()),
        })
    }

    /// How long it may still be being written, at `now`: none once it is surely finished. A file
    /// of the future is finished: the clock was set back.
    pub fn unfinished_for(&self, now: SystemTime) -> Option<Duration> {
        let (seconds, nanoseconds) = self.file.changed;
        let since = Duration::new(u64::try_from(seconds).ok()?, nanoseconds as u32);
        let changed = SystemTime::UNIX_EPOCH.checked_add(since)?;
        let age = now.duration_since(changed).ok()?;
        UNFINISHED.checked_sub(age).filter(|left| !left.is_zero())
    }
}

/// Where a plugin's signature lies: `NAME.wasm.minisig`.
pub fn signature_of(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".minisig");
    name.into()
}

/// `*.wasm` directly in the folder, with their stems, sorted. A folder that is not there is
/// empty; hidden files are others' (editors', synchronisers').
///
/// # Errors
///
/// The folder cannot be read: nothing is known of what is in it.
pub fn wasm_files(dir: &Path) -> io::Result<Vec<(String, PathBuf)>> {
    let entries = match std::fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry?.path();
        let wasm = path
            .extension()
            .is_some_and(|extension| extension == "wasm");
        let stem = path.file_stem().and_then(|stem| stem.to_str());
        if let Some(stem) = stem.filter(|stem| wasm && !stem.starts_with('.')) {
            files.push((stem.to_owned(), path.clone()));
        }
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn only_wasm_files_count() {
        let dir = tempfile::tempdir().unwrap();
        for name in [
            "b.wasm",
            "a.wasm",
            ".a.wasm.swp",
            ".hidden.wasm",
            "notes.txt",
            "a.wasm~",
        ] {
            fs::write(dir.path().join(name), b"").unwrap();
        }
        let names = |dir: &Path| {
            let files = wasm_files(dir).unwrap().into_iter();
            files.map(|(name, _)| name).collect::<Vec<_>>()
        };
        assert_eq!(names(dir.path()), ["a", "b"]);
        assert!(names(&dir.path().join("missing")).is_empty());
        assert!(wasm_files(&dir.path().join("a.wasm")).is_err(), "no folder");
    }

    #[test]
    fn whatever_happens_to_a_file_shows() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("a.wasm");
        let stamp = || Stamp::of(dir.path(), &file);
        assert_eq!(stamp(), None);
        let mut before = None;
        let mut differs = |what: &str| {
            let now = stamp();
            assert!(now.is_some() && now != before, "{what}");
            assert_eq!(now, stamp(), "{what}");
            before = now;
        };
        fs::write(&file, b"one").unwrap();
        differs("made");
        fs::write(&file, b"longer").unwrap();
        differs("written in place");
        let other = dir.path().join("new");
        fs::write(&other, b"longer").unwrap();
        fs::rename(&other, &file).unwrap();
        differs("renamed over");
        let mut mode = fs::metadata(&file).unwrap().permissions();
        mode.set_readonly(true);
        fs::set_permissions(&file, mode).unwrap();
        differs("permissions");
        fs::write(signature_of(&file), b"signature").unwrap();
        differs("signed");
    }

    #[test]
    fn a_file_is_finished_after_a_while() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("a.wasm");
        fs::write(&file, b"one").unwrap();
        let stamp = Stamp::of(dir.path(), &file).unwrap();
        let now = SystemTime::now();
        assert!(
            stamp
                .unfinished_for(now)
                .is_some_and(|left| left <= UNFINISHED)
        );
        assert_eq!(stamp.unfinished_for(now + UNFINISHED), None);
        assert_eq!(stamp.unfinished_for(now - Duration::from_mins(1)), None);
    }
}
