//! A camera on the command line.

use std::path::PathBuf;

use anyhow::{Context as _, Result, anyhow};
use clap::Args;

use crate::camera::CameraSpec;
use crate::config::{Camera, CameraUrl, HostPort, Secret, TlsMode};

/// How a camera is reached, as in `[terrains.camera]`.
#[derive(Args, Default)]
pub struct CameraArguments {
    /// User name for the camera.
    #[arg(long, value_name = "NAME")]
    username: Option<String>,
    /// A file with the camera's password.
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// An option of the adapter; may be given several times.
    #[arg(long = "option", value_name = "KEY=VALUE")]
    options: Vec<String>,
    /// A further place that the adapter may use; may be given several times.
    #[arg(long, value_name = "HOST:PORT")]
    reach: Vec<String>,
    /// Which certificates are good: verify, off, or pin:SHA-256.
    #[arg(long, value_name = "RULE")]
    tls: Option<String>,
}

impl CameraArguments {
    /// The adapter's options.
    pub fn options(&self) -> Result<Vec<(String, String)>> {
        let pair = |option: &String| {
            let (key, value) = option
                .split_once('=')
                .with_context(|| format!("--option {option}: not KEY=VALUE"))?;
            Ok((key.to_owned(), value.to_owned()))
        };
        self.options.iter().map(pair).collect()
    }

    /// The rule for certificates, where one was said.
    pub fn tls_if_said(&self) -> Option<String> {
        self.tls.clone()
    }

    /// The further places, as they were said.
    pub fn reach(&self) -> &[String] {
        &self.reach
    }

    /// The camera at a URL. That the URL is written here grants its address, as it does in the
    /// configuration file.
    pub fn spec(&self, url: &str) -> Result<CameraSpec> {
        // The URL is not repeated: a password may stand in it.
        let (url, (url_username, url_password)) =
            CameraUrl::parse(url).map_err(|error| anyhow!("the camera's URL: {error}"))?;
        let password = match &self.password_file {
            Some(file) => {
                let text = std::fs::read_to_string(file)
                    .with_context(|| format!("cannot read {}", file.display()))?;
                Some(Secret::new(text.trim_end_matches(['\r', '\n'])))
            }
            None => url_password,
        };
        let place = |place: &String| {
            place
                .parse::<HostPort>()
                .map_err(|error| anyhow!("--reach {place}: {error}"))
        };
        let rule = self.tls.as_deref().unwrap_or("verify");
        let tls: TlsMode = rule
            .parse()
            .map_err(|error| anyhow!("--tls: it is {error}"))?;
        Ok(CameraSpec::of(&Camera {
            url,
            adapter: None,
            username: self.username.as_deref().map(Secret::new).or(url_username),
            password,
            tls,
            reach: self.reach.iter().map(place).collect::<Result<_>>()?,
            options: self.options()?.into_iter().collect(),
        }))
    }
}
