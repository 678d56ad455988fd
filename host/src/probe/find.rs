//! The streams of a host of which only the address is known.

use std::time::Duration;

use super::onvif;
use crate::camera::CameraSpec;
use crate::discovery::paths::{Kind, usual_of};

/// Where a stream may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Without credentials; `{username}` and `{password}` may stand in it.
    pub url: String,
    /// What it is, for people: a profile's name, or whose usual path it is.
    pub name: String,
    /// The camera itself has named it.
    pub named: bool,
}

/// What a host is found to be.
#[derive(Debug, Default)]
pub struct Finding {
    /// Maker and model in the camera's own words.
    pub device: Option<String>,
    /// How far its clock is ahead, seconds.
    pub clock_offset_seconds: Option<f64>,
    /// The best stream first.
    pub places: Vec<Place>,
    /// Why ONVIF told nothing, where it did not.
    pub note: Option<String>,
}

/// Asks a camera by ONVIF, then thinks of the usual paths. `spec` is of the device's service:
/// its host, port and account.
pub async fn find(spec: &CameraSpec, host: &str, patience: Duration) -> Finding {
    let mut finding = onvif::ask(spec, patience).await;
    let device = finding.device.clone().unwrap_or_default();
    if finding.places.is_empty() {
        let usual = usual_of(&device).into_iter();
        let places = usual
            .filter(|usual| usual.kind != Kind::Small)
            .map(|usual| Place {
                url: usual.url(host),
                name: format!("{}'s usual path", usual.maker),
                named: false,
            });
        finding.places = places.collect();
    }
    finding
}

/// Where a camera of this address has its ONVIF service (ONVIF Core, 5.1.1), and its host without
/// brackets.
pub fn device_service(address: &str) -> (String, String) {
    let host = address.trim_matches(['[', ']']).to_owned();
    let shown = if host.contains(':') {
        format!("[{host}]")
    } else {
        host.clone()
    };
    (host, format!("http://{shown}/onvif/device_service"))
}
