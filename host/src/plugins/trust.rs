//! Which plugin files are believed, as `trust` in `[plugins]` says.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use minisign_verify::{PublicKey, Signature};

use super::files::read_optional;
use super::folder::signature_of;
use super::loader::LoadError;
use super::lock::Lock;
use super::lock_file;

/// Longest signature file, bytes: its comments are the author's. Stops a wrong file from
/// filling the memory.
const SIGNATURE_BYTES: u64 = 16 << 10;

/// A rule, with what it goes by. Two that are equal believe the same files.
#[derive(Debug, Clone, PartialEq)]
pub struct Trust(Rule);

#[derive(Debug, Clone, PartialEq)]
enum Rule {
    Any,
    Pinned {
        file: PathBuf,
        /// What was read; or why nothing is believed.
        lock: Arc<Result<Lock, String>>,
    },
    Signed(Vec<PublicKey>),
}

impl Trust {
    /// Every file is believed that only this user and root can write to.
    pub fn any() -> Self {
        Self(Rule::Any)
    }

    /// Those are that stand in this lock with their name and digest. A lock that is missing or
    /// broken is none, and nothing is believed.
    pub fn pinned(file: &Path) -> Self {
        let lock = match lock_file::read(file) {
            Ok(Some(lock)) => Ok(lock),
            Ok(None) => Err(format!("{} does not exist", file.display())),
            Err(error) => Err(error.to_string()),
        };
        Self(Rule::Pinned {
            file: file.to_owned(),
            lock: Arc::new(lock),
        })
    }

    /// Those are that one of these minisign keys (the line that begins with `RW`) has signed.
    /// What is no key signs nothing.
    pub fn signed(keys: &[String]) -> Self {
        let keys = keys.iter();
        let keys = keys.filter_map(|key| PublicKey::from_base64(key).ok());
        Self(Rule::Signed(keys.collect()))
    }

    /// The same rule, with its lock read again.
    #[must_use]
    pub fn refreshed(&self) -> Self {
        match &self.0 {
            Rule::Pinned { file, .. } => Self::pinned(file),
            _ => self.clone(),
        }
    }

    /// Whether a file may take the place of a built-in policy. What decides who may do what is
    /// not to be replaced by dropping a file into a folder.
    pub fn replaces_policies(&self) -> bool {
        self.0 != Rule::Any
    }

    /// Why nothing at all is believed, where that is so.
    pub fn trouble(&self) -> Option<&str> {
        match &self.0 {
            Rule::Pinned { lock, .. } => lock.as_ref().as_ref().err().map(String::as_str),
            _ => None,
        }
    }

    /// Whether the file `path` of the folder `dir` is believed, whose content is `wasm` with
    /// this digest. Reads its signature, where one is asked for.
    ///
    /// # Errors
    ///
    /// [`LoadError::Trust`] says why not; [`LoadError::File`] where the signature cannot be
    /// read.
    pub fn check(
        &self,
        dir: &Path,
        path: &Path,
        name: &str,
        wasm: &[u8],
        digest: &str,
    ) -> Result<(), LoadError> {
        let signature = match &self.0 {
            Rule::Signed(_) => read_optional(dir, &signature_of(path), SIGNATURE_BYTES)?,
            _ => None,
        };
        self.admits(name, wasm, digest, signature.as_deref())
            .map_err(LoadError::Trust)
    }

    /// Judges content, by name and digest or by the content of its signature's file.
    fn admits(
        &self,
        name: &str,
        wasm: &[u8],
        digest: &str,
        signature: Option<&[u8]>,
    ) -> Result<(), String> {
        match &self.0 {
            Rule::Any => Ok(()),
            Rule::Pinned { lock, .. } => pinned(lock.as_ref().as_ref(), name, digest),
            Rule::Signed(keys) => signed(keys, name, wasm, signature),
        }
    }
}

fn pinned(lock: Result<&Lock, &String>, name: &str, digest: &str) -> Result<(), String> {
    let hint = "hint: `padelvar plugin approve FILE`, once you know where it comes from";
    let lock = lock.map_err(|why| format!("no plugin is approved, since {why}; {hint}"))?;
    match lock.get(name) {
        Some(approval) if approval.sha256 == digest => Ok(()),
        Some(approval) => Err(format!(
            "it is not the `{name}` that plugins.lock approves: its SHA-256 begins {}, not {}; {hint}",
            &digest[..digest.len().min(12)],
            &approval.sha256[..approval.sha256.len().min(12)],
        )),
        None => Err(format!("plugins.lock does not approve `{name}`; {hint}")),
    }
}

fn signed(
    keys: &[PublicKey],
    name: &str,
    wasm: &[u8],
    signature: Option<&[u8]>,
) -> Result<(), String> {
    let text = signature.ok_or_else(|| {
        format!(
            "there is no signature {name}.wasm.minisig beside it; hint: its author makes one by \
             `minisign -Sm {name}.wasm`"
        )
    })?;
    let signature = std::str::from_utf8(text).ok();
    let signature = signature.and_then(|text| Signature::decode(text).ok());
    let signature =
        signature.ok_or_else(|| format!("{name}.wasm.minisig is no minisign signature"))?;
    let mut ours = false;
    for key in keys {
        // Signatures over the file itself (as minisign made them before 0.10) are as good as
        // those over its hash.
        match key.verify(wasm, &signature, true) {
            Ok(()) => return Ok(()),
            Err(minisign_verify::Error::UnexpectedKeyId) => {}
            Err(_) => ours = true,
        }
    }
    Err(if ours {
        "its signature does not fit: the file, or the signature, is not what was signed".to_owned()
    } else {
        "it is signed by none of `public_keys` in [plugins]".to_owned()
    })
}

#[cfg(test)]
#[path = "trust_tests.rs"]
mod tests;
