//! What is known of a camera before anybody talks to it.

use std::fmt;

use super::grants::Grants;
use crate::cassette::CrashFolder;

/// User name and password. Debug output hides both.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// May be empty.
    pub username: String,
    /// May be empty.
    pub password: String,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials(***)")
    }
}

/// Which certificates are good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TlsRule {
    /// Those that the system trusts, for the right name.
    Verify,
    /// The one with this SHA-256, whoever signed it.
    Pin([u8; 32]),
    /// Any.
    Off,
}

/// A camera as configured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CameraSpec {
    /// Without user name and password; `{username}` and `{password}` may stand in it.
    pub url: String,
    /// The URL's scheme, in lower case.
    pub scheme: String,
    /// The adapter by name, where the configuration says one.
    pub adapter: Option<String>,
    /// What secrets are made of.
    pub credentials: Option<Credentials>,
    /// Which certificates are good.
    pub tls: TlsRule,
    /// Where its adapter may connect to.
    pub grants: Grants,
    /// The adapter's own options.
    pub options: Vec<(String, String)>,
    /// Whether sound is wanted.
    pub audio: bool,
    /// Where the last seconds are put when the adapter has to be stopped; none: nowhere, and
    /// they are not kept.
    pub crashes: Option<CrashFolder>,
}
