//! What tokens are signed with, as the configuration has it.

use std::sync::Arc;

use super::jwks::PublishedKeys;
use super::secret_key::{SecretKeyError, signing_key};
use crate::config::Config;

/// What tokens are signed with.
#[derive(Clone)]
pub enum TokenKeys {
    /// A shared secret: the configured one, or the one that the host made.
    Secret(Vec<u8>),
    /// What an identity provider publishes.
    Published(Arc<PublishedKeys>),
}

impl TokenKeys {
    /// Those that the configuration names, and whether a secret was made just now. Published
    /// keys are not there yet: somebody has to run `PublishedKeys::keep`.
    pub fn of(config: &Config) -> Result<(Self, bool), SecretKeyError> {
        if let Some(url) = &config.auth.jwks_url {
            return Ok((Self::Published(Arc::new(PublishedKeys::new(url))), false));
        }
        let (secret, made) = signing_key(config, true)?;
        Ok((Self::Secret(secret), made))
    }

    /// Those of a changed configuration of the same kind. Of another kind (it waits for a
    /// restart) they stay the same.
    pub fn follow(&self, config: &Config) -> Result<Self, SecretKeyError> {
        match (self, &config.auth.jwks_url) {
            (Self::Published(keys), Some(url)) => keys.set_url(url),
            (Self::Secret(_), None) => return Ok(Self::Secret(signing_key(config, false)?.0)),
            _ => {}
        }
        Ok(self.clone())
    }
}
