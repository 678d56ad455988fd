//! The key that tokens are signed with: the configured one, or one that the host made at its
//! first start and keeps beside the catalogue.

use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

use thiserror::Error;

use crate::config::Config;

/// Why there is no key.
#[derive(Debug, Error)]
pub enum SecretKeyError {
    /// The file cannot be read or made.
    #[error("the signing key {path}: {source}")]
    File {
        /// Where.
        path: PathBuf,
        /// What went wrong.
        source: std::io::Error,
    },
}

/// The key, and whether it was made just now. `make`: whether one may be made. With
/// `auth.jwks_url` nothing is signed here, and nobody needs it.
pub fn signing_key(config: &Config, make: bool) -> Result<(Vec<u8>, bool), SecretKeyError> {
    if let Some(secret) = &config.auth.jwt_secret {
        return Ok((secret.expose().as_bytes().to_vec(), false));
    }
    let path = config
        .catalogue
        .url
        .path()
        .with_file_name("padelvar.secret");
    let failed = |source| SecretKeyError::File {
        path: path.clone(),
        source,
    };
    match std::fs::read_to_string(&path) {
        Ok(text) if text.trim().len() >= 32 => return Ok((text.trim().into(), false)),
        Ok(_) => return Err(failed(std::io::Error::other("shorter than 32 bytes"))),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && make => {}
        Err(error) => return Err(failed(error)),
    }
    let mut random = [0; 32];
    std::fs::File::open("/dev/urandom")
        .and_then(|mut file| file.read_exact(&mut random))
        .map_err(failed)?;
    let text = crate::hex::lower(&random);
    if let Some(dir) = path.parent() {
        std::fs::create_dir_all(dir).map_err(failed)?;
    }
    std::fs::File::options()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&path)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(failed)?;
    Ok((text.into_bytes(), true))
}
