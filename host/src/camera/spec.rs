//! What is known of a camera before anybody talks to it.

use std::fmt;

use super::grants::Grants;
use super::remembered::Remembered;
use crate::cassette::CrashFolder;
use crate::config::{Camera, CameraUrl, InvalidCameraUrl, Secret, TlsMode};

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
    /// What its adapters remember of it.
    pub remembered: Remembered,
}

impl CameraSpec {
    /// A camera as it is configured, without sound and without a folder for crashes.
    pub fn of(camera: &Camera) -> Self {
        let text = |secret: &Option<Secret>| {
            let text = secret.as_ref().map(Secret::expose);
            text.unwrap_or_default().to_owned()
        };
        let known = camera.username.is_some() || camera.password.is_some();
        let reach: Vec<(String, u16)> = camera
            .reach
            .iter()
            .map(|place| (place.host.clone(), place.port))
            .collect();
        Self {
            url: camera.url.as_str().to_owned(),
            scheme: camera.url.scheme().to_owned(),
            adapter: camera.adapter.clone(),
            credentials: known.then(|| Credentials {
                username: text(&camera.username),
                password: text(&camera.password),
            }),
            tls: match camera.tls {
                TlsMode::Verify => TlsRule::Verify,
                TlsMode::Pin(digest) => TlsRule::Pin(digest),
                TlsMode::Off => TlsRule::Off,
            },
            grants: Grants::new(camera.url.host(), camera.url.port(), &reach),
            options: camera
                .options
                .iter()
                .map(|(key, value)| (key.clone(), value.clone()))
                .collect(),
            audio: false,
            crashes: None,
            remembered: Remembered::default(),
        }
    }

    /// The same camera, account and rules at another of its addresses.
    pub fn at(&self, url: &str) -> Result<Self, InvalidCameraUrl> {
        let (url, _) = CameraUrl::parse(url)?;
        Ok(Self {
            scheme: url.scheme().to_owned(),
            grants: self.grants.at(url.host(), url.port()),
            url: url.as_str().to_owned(),
            ..self.clone()
        })
    }
}
