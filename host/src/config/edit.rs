//! Writing a terrain into `padelvar.toml`, which belongs to people: their comments, order and
//! formatting stay, a change of theirs is never overwritten, and what the host would not read
//! is not written.

mod comments;
mod replace;
mod terrain;
#[cfg(test)]
mod tests;
mod text;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::load;
use super::version::Version;
use super::{ConfigError, TerrainId};

pub use replace::{SecretFile, store_secret};
pub use terrain::{CameraEdit, SecretEdit, TerrainEdit};

/// One change at a time: two would both find the file as they know it.
static CHANGING: Mutex<()> = Mutex::new(());

/// What is to happen with a terrain that is there or is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// It must not be there.
    Add,
    /// It must be there.
    Replace,
    /// Either: `PUT`.
    Put,
}

/// What was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Written {
    /// The terrain is new.
    pub created: bool,
    /// The file's version now.
    pub version: Version,
}

/// Why nothing was written. Holds no secret.
#[derive(Debug, thiserror::Error)]
pub enum EditError {
    /// The file is not as the caller knows it (409).
    #[error("{} changed since it was read\n  hint: read it again and repeat the change", path.display())]
    Changed {
        /// The file.
        path: PathBuf,
    },
    /// [`Change::Add`], and it is there (409).
    #[error("there is a terrain with the id `{0}` already")]
    Exists(TerrainId),
    /// [`Change::Replace`], and it is not there (404).
    #[error("there is no terrain with the id `{0}`")]
    NoTerrain(TerrainId),
    /// The host would not read the result (422).
    #[error("the change is not valid:\n{0}")]
    Invalid(ConfigError),
    /// `terrains` is written in a form that is not edited (409).
    #[error("`{key}` is written in a form that is not edited here\n  hint: write it as {form}")]
    Form {
        /// The key.
        key: &'static str,
        /// The form that is.
        form: &'static str,
    },
    /// A secret would be readable by others than the file's owner (409).
    #[error("{} may be read by others, so no password is written into it\n  hint: chmod 600 it, or give the password as `password_file`", path.display())]
    Exposed {
        /// The file.
        path: PathBuf,
    },
    /// A known secret would be sent to another host than the one it was for (422).
    #[error("the camera's host changes: give its user name and password again, or remove them")]
    OtherHost,
    /// The URL holds a user name or a password (422).
    #[error(
        "`url` holds a user name or a password\n  hint: give them as `username` and `password`"
    )]
    SecretInUrl,
    /// The configuration cannot be read (500).
    #[error(transparent)]
    Read(ConfigError),
    /// It is no TOML; the host lives on the last good one (409).
    #[error("{} is not valid TOML at present: {message}", path.display())]
    Toml {
        /// The file.
        path: PathBuf,
        /// The parser's words.
        message: String,
    },
    /// It cannot be written (500, or 507 by its kind).
    #[error("cannot write {}: {source}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
}

/// Writes a terrain into the file at `path`, whose text must still be `known`.
///
/// `check` is the host's own reader: it gets the whole new text. A symbolic link stays one,
/// its target is replaced. Blocks on the disk.
pub fn write_terrain(
    path: &Path,
    known: Version,
    change: Change,
    terrain: &TerrainEdit,
    check: impl FnOnce(&str) -> Result<(), ConfigError>,
) -> Result<Written, EditError> {
    let _one = CHANGING.lock().unwrap_or_else(PoisonError::into_inner);
    let changed = || EditError::Changed {
        path: path.to_owned(),
    };
    let old = load::text(path).map_err(EditError::Read)?;
    if Version::of(&old) != known {
        return Err(changed());
    }
    let target = replace::Target::of(path)?;
    let may_hold_secrets = !target.others_may_read();
    let edited =
        text::edited(&old, change, terrain, may_hold_secrets).map_err(|error| match error {
            text::TextError::Exists => EditError::Exists(terrain.id.clone()),
            text::TextError::NoTerrain => EditError::NoTerrain(terrain.id.clone()),
            text::TextError::Form { key, form } => EditError::Form { key, form },
            text::TextError::Exposed => EditError::Exposed {
                path: path.to_owned(),
            },
            text::TextError::OtherHost => EditError::OtherHost,
            text::TextError::SecretInUrl => EditError::SecretInUrl,
            text::TextError::Toml(message) => EditError::Toml {
                path: path.to_owned(),
                message,
            },
        })?;
    check(&edited.text).map_err(EditError::Invalid)?;
    let version = Version::of(&edited.text);
    if version != known {
        let is_known = || Ok(Version::of_file(path).map_err(EditError::Read)? == known);
        if !target.replace(&edited.text, is_known)? {
            return Err(changed());
        }
    }
    Ok(Written {
        created: edited.created,
        version,
    })
}
