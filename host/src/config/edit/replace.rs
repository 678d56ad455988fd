//! Putting a new text in a file's place: whole or not at all.

use std::fs::{self, File, Metadata};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::super::secret_file::others_may_read;
use super::super::{Secret, TerrainId};
use super::EditError;

/// The file behind any symbolic links.
pub(super) struct Target {
    path: PathBuf,
    folder: PathBuf,
    metadata: Metadata,
}

impl Target {
    pub fn of(path: &Path) -> Result<Self, EditError> {
        let failed = |source| failed(path, source);
        let real = fs::canonicalize(path).map_err(failed)?;
        let metadata = fs::metadata(&real).map_err(failed)?;
        let folder = real.parent().unwrap_or(Path::new("/")).to_owned();
        Ok(Self {
            path: real,
            folder,
            metadata,
        })
    }

    /// Group or others.
    pub fn others_may_read(&self) -> bool {
        others_may_read(&self.metadata)
    }

    /// Writes a file beside it, with its owner and mode, and renames it over it; false where
    /// `is_known` says so just before that. Access lists and other attributes are not kept.
    pub fn replace(
        &self,
        text: &str,
        is_known: impl FnOnce() -> Result<bool, EditError>,
    ) -> Result<bool, EditError> {
        let failed = |source| failed(&self.path, source);
        let mut builder = tempfile::Builder::new();
        // Made for its owner only, whatever the umask is.
        let made = builder
            .prefix(".padelvar-")
            .suffix(".tmp")
            .tempfile_in(&self.folder);
        let mut file = made.map_err(failed)?;
        file.write_all(text.as_bytes()).map_err(failed)?;
        keep_owner(file.as_file(), &self.metadata).map_err(failed)?;
        let permissions = self.metadata.permissions();
        file.as_file()
            .set_permissions(permissions)
            .map_err(failed)?;
        file.as_file().sync_all().map_err(failed)?;
        if !is_known()? {
            return Ok(false);
        }
        file.persist(&self.path)
            .map_err(|error| failed(error.error))?;
        sync_folder(&self.folder).map_err(failed)?;
        Ok(true)
    }
}

fn failed(path: &Path, source: io::Error) -> EditError {
    EditError::Write {
        path: path.to_owned(),
        source,
    }
}

/// Before the mode: changing the owner takes some bits of it away (chown(2)).
#[cfg(unix)]
fn keep_owner(file: &File, old: &Metadata) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt as _, fchown};
    let new = file.metadata()?;
    let differs = |new: u32, old: u32| (new != old).then_some(old);
    match (differs(new.uid(), old.uid()), differs(new.gid(), old.gid())) {
        (None, None) => Ok(()),
        (uid, gid) => fchown(file, uid, gid),
    }
}

#[cfg(not(unix))]
fn keep_owner(_: &File, _: &Metadata) -> io::Result<()> {
    Ok(())
}

/// A rename is on the disk when its folder is.
#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

/// A secret in a file of its own. Goes again unless it is [kept](Self::keep).
#[derive(Debug)]
pub struct SecretFile {
    path: PathBuf,
    name: String,
    is_kept: bool,
}

impl SecretFile {
    /// Its path relative to the configuration's folder, for [`SecretEdit::File`].
    ///
    /// [`SecretEdit::File`]: super::SecretEdit::File
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Leaves the file where it is: the configuration names it now.
    pub fn keep(mut self) {
        self.is_kept = true;
    }
}

impl Drop for SecretFile {
    fn drop(&mut self) {
        if !self.is_kept {
            // Nothing names it: that it stays does no harm.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Writes a secret into a new file with mode 0600 in the folder `secrets` (made with mode
/// 0700) beside the configuration `config`. Never overwrites: the running host may still need
/// an older one.
///
/// Relative paths in a configuration are relative to the folder it is named in, also where it
/// is a symbolic link, so that is where the file goes.
pub fn store_secret(
    config: &Path,
    terrain: &TerrainId,
    key: &str,
    secret: &Secret,
) -> Result<SecretFile, EditError> {
    const FOLDER: &str = "secrets";
    const MOST: u32 = 10_000;
    let absolute = std::path::absolute(config).map_err(|source| failed(config, source))?;
    let folder = absolute.parent().unwrap_or(Path::new("/")).join(FOLDER);
    make_folder(&folder).map_err(|source| failed(&folder, source))?;
    for number in 1..=MOST {
        let name = format!("terrain-{terrain}-{key}-{number}");
        let path = folder.join(&name);
        let mut file = match private().create_new(true).write(true).open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
            Err(source) => return Err(failed(&path, source)),
        };
        // From here on it goes again where something fails.
        let stored = SecretFile {
            path,
            name: format!("{FOLDER}/{name}"),
            is_kept: false,
        };
        let written = file.write_all(secret.expose().as_bytes());
        let synced = written
            .and_then(|()| file.sync_all())
            .and_then(|()| sync_folder(&folder));
        synced.map_err(|source| failed(&stored.path, source))?;
        return Ok(stored);
    }
    Err(failed(
        &folder,
        io::Error::other("it is full of old secrets of this terrain"),
    ))
}

#[cfg(unix)]
fn make_folder(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    match fs::DirBuilder::new().mode(0o700).create(folder) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && folder.is_dir() => Ok(()),
        result => result,
    }
}

#[cfg(not(unix))]
fn make_folder(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)
}

#[cfg(unix)]
fn private() -> fs::OpenOptions {
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut options = fs::OpenOptions::new();
    options.mode(0o600);
    options
}

#[cfg(not(unix))]
fn private() -> fs::OpenOptions {
    fs::OpenOptions::new()
}
