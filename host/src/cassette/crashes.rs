//! Where the last seconds of a session are put whose adapter was stopped. Blocking: not for a
//! thread that answers requests.

use std::ffi::OsStr;
use std::fs::{self, DirBuilder, Metadata, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

/// Files of one version of an adapter: what crashes once crashes often, in the same way.
const FILES_A_DIGEST: usize = 10;
/// Bytes of all of them: stops adapters that crash in turn from filling the disk.
const MOST_BYTES: u64 = 200_000_000;
/// Files are named so, and no others are ever removed.
const EXTENSION: &str = "cassette";
/// Characters of a digest in a name.
const DIGEST_CHARS: usize = 12;

/// A folder for one session's crashes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CrashFolder {
    /// The folder; made when it is first needed.
    pub dir: PathBuf,
    /// The session's id, or what else tells whose crash it was.
    pub label: String,
}

impl CrashFolder {
    /// Writes a cassette for its owner only; older ones go where there are too many.
    pub fn keep(
        &self,
        adapter: &str,
        digest: &str,
        unix_ms: i64,
        cassette: &[u8],
    ) -> io::Result<PathBuf> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.dir)?;
        let version = format!("{}-{}", word(adapter), short(digest));
        let name = format!("{version}-{}-{unix_ms}.{EXTENSION}", word(&self.label));
        make_room(&self.dir, &version, cassette.len() as u64)?;
        let path = self.dir.join(name);
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)?;
        let written = file.write_all(cassette);
        if let Err(error) = written {
            drop(file);
            // Half a cassette helps nobody, and the room may be needed.
            let _ = fs::remove_file(&path);
            return Err(error);
        }
        Ok(path)
    }
}

/// A name as a part of a file's.
fn word(text: &str) -> String {
    let good = |c: char| c.is_ascii_alphanumeric() || "_-".contains(c);
    text.chars()
        .map(|c| if good(c) { c } else { '_' })
        .take(64)
        .collect()
}

fn short(digest: &str) -> &str {
    digest.get(..DIGEST_CHARS).unwrap_or(digest)
}

/// Removes the oldest until one more of `bytes` fits.
fn make_room(dir: &Path, version: &str, bytes: u64) -> io::Result<()> {
    let mut kept: Vec<(PathBuf, Metadata)> = fs::read_dir(dir)?
        .filter_map(Result::ok)
        .filter(|entry| entry.path().extension() == Some(OsStr::new(EXTENSION)))
        .filter_map(|entry| Some((entry.path(), entry.metadata().ok()?)))
        .filter(|(_, metadata)| metadata.is_file())
        .collect();
    kept.sort_by_key(|(path, metadata)| (metadata.modified().ok(), path.clone()));
    let prefix = format!("{version}-");
    let is_same = |path: &Path| {
        let name = path.file_name().and_then(OsStr::to_str);
        name.is_some_and(|name| name.starts_with(&prefix))
    };
    let mut same = kept.iter().filter(|(path, _)| is_same(path)).count();
    let mut total: u64 = kept.iter().map(|(_, metadata)| metadata.len()).sum();
    for (path, metadata) in &kept {
        let too_many = same >= FILES_A_DIGEST && is_same(path);
        if too_many || total + bytes > MOST_BYTES {
            // One that somebody else removed meanwhile is gone as well.
            let _ = fs::remove_file(path);
            total -= metadata.len();
            same -= usize::from(is_same(path));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn folder(dir: &Path) -> CrashFolder {
        CrashFolder {
            dir: dir.join("logs/crashes"),
            label: "sess_1_2".into(),
        }
    }

    fn names(folder: &CrashFolder) -> Vec<String> {
        let entries = fs::read_dir(&folder.dir).unwrap();
        let name = |entry: io::Result<fs::DirEntry>| entry.unwrap().file_name();
        let mut names: Vec<String> = entries
            .map(|entry| name(entry).into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn they_are_for_their_owner_and_few() {
        let temp = tempfile::tempdir().unwrap();
        let folder = folder(temp.path());
        let digest = "0123456789abcdef";
        for ms in 0..25 {
            let path = folder.keep("rtsp", digest, 100 + ms, b"x").unwrap();
            let mode = fs::metadata(&path).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        fs::write(folder.dir.join("notes.txt"), "mine").unwrap();
        folder.keep("rtsp", "another", 1, b"x").unwrap();
        let names = names(&folder);
        assert_eq!(names.len(), 12, "{names:?}");
        assert!(names.contains(&"rtsp-0123456789ab-sess_1_2-124.cassette".to_owned()));
        assert!(names.contains(&"notes.txt".to_owned()));
    }

    #[test]
    fn together_they_are_small() {
        let temp = tempfile::tempdir().unwrap();
        let folder = folder(temp.path());
        for n in 0..4 {
            let path = folder.keep("a", &format!("digest{n}"), n, b"x").unwrap();
            // Sparse: it has the size and takes up nothing.
            let file = OpenOptions::new().write(true).open(path).unwrap();
            file.set_len(80_000_000).unwrap();
        }
        folder.keep("a", "last", 9, b"x").unwrap();
        let sizes = names(&folder).len();
        assert!(sizes <= 3, "{sizes}");
    }

    #[test]
    fn names_do_not_lead_elsewhere() {
        let temp = tempfile::tempdir().unwrap();
        let mut folder = folder(temp.path());
        folder.label = "../../x".into();
        let path = folder.keep("../a", "d", 1, b"x").unwrap();
        assert_eq!(path.parent(), Some(folder.dir.as_path()));
    }

    #[test]
    fn what_cannot_be_written_is_told() {
        let temp = tempfile::tempdir().unwrap();
        fs::write(temp.path().join("logs"), "no folder").unwrap();
        assert!(folder(temp.path()).keep("a", "d", 1, b"x").is_err());
    }
}
