//! What the camera's options ask for.

use padelvar_sdk::{Camera, Url};

/// Read from the options.
pub struct Orders {
    /// `do`.
    pub misdeed: String,
    /// `after`: good pictures before it.
    pub after: u32,
    /// `host`, else the camera's.
    pub host: String,
    /// `port`, else the camera's.
    pub port: u16,
    /// `url`, else the camera's.
    pub url: String,
}

impl Orders {
    /// Missing options are the camera's own address, and no misdeed at all.
    pub fn read(camera: Camera) -> Self {
        let option = |name: &str| {
            let found = camera.options.iter().find(|(key, _)| key == name);
            found.map(|(_, value)| value.clone())
        };
        let url = Url::parse(&camera.url).ok();
        let host = url.as_ref().map(|url| url.host().to_owned());
        let port = url.as_ref().map(|url| url.port_or(80));
        Self {
            misdeed: option("do").unwrap_or_default(),
            after: option("after").and_then(|n| n.parse().ok()).unwrap_or(0),
            host: option("host").or(host).unwrap_or_default(),
            port: option("port")
                .and_then(|n| n.parse().ok())
                .or(port)
                .unwrap_or(80),
            url: option("url").unwrap_or(camera.url),
        }
    }
}
