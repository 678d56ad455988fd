//! What a camera is, and where its services are.

use url::Url;

use super::super::xml::{self, Element as _};
use super::OnvifError;
use super::answer::body;

/// Longest of a device's own words, in characters.
const MAX_CHARS: usize = 120;

/// Its answer to `GetDeviceInformation`. Its own words: shown, never trusted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Device {
    /// Maker.
    pub manufacturer: Option<String>,
    /// Model.
    pub model: Option<String>,
    /// Firmware.
    pub firmware: Option<String>,
    /// Serial number.
    pub serial: Option<String>,
}

impl Device {
    /// Reads the answer to `GetDeviceInformation`.
    pub fn parse(text: &str) -> Result<Self, OnvifError> {
        let document = xml::parse(text)?;
        let answer = body(&document, "GetDeviceInformationResponse")?;
        let words = |name| {
            answer
                .words_at(&[name])
                .map(|text| xml::line(text, MAX_CHARS))
        };
        Ok(Self {
            manufacturer: words("Manufacturer"),
            model: words("Model"),
            firmware: words("FirmwareVersion"),
            serial: words("SerialNumber"),
        })
    }
}

/// Where its services are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Services {
    /// `ver10/media`
    pub media: Option<String>,
    /// `ver20/media`
    pub media2: Option<String>,
}

impl Services {
    /// Reads the answer to `GetServices` or `GetCapabilities`. The addresses get the host
    /// and port of `reached`: see [`at_reached_host`].
    pub fn parse(text: &str, reached: &str) -> Result<Self, OnvifError> {
        let document = xml::parse(text)?;
        let address = |text: &str| at_reached_host(text, reached).ok();
        let mut services = Self::default();
        match body(&document, "GetServicesResponse") {
            Ok(answer) => {
                for service in answer.all("Service") {
                    let found = service.words_at(&["XAddr"]).and_then(address);
                    match service
                        .words_at(&["Namespace"])
                        .map(|text| text.trim_end_matches('/'))
                    {
                        Some("http://www.onvif.org/ver10/media/wsdl") => services.media = found,
                        Some("http://www.onvif.org/ver20/media/wsdl") => services.media2 = found,
                        _ => {}
                    }
                }
            }
            Err(OnvifError::Missing(_)) => {
                let answer = body(&document, "GetCapabilitiesResponse")?;
                let found = answer.words_at(&["Capabilities", "Media", "XAddr"]);
                services.media = found.and_then(address);
            }
            Err(error) => return Err(error),
        }
        if services == Self::default() {
            return Err(OnvifError::Missing("XAddr of a media service"));
        }
        Ok(services)
    }
}

/// An address that a camera names, at the host and port that it was reached by.
///
/// Cameras behind a router or with two networks name addresses that lead nowhere; and an
/// account must go to no other host than the one it was given for, whatever a camera says.
pub fn at_reached_host(named: &str, reached: &str) -> Result<String, OnvifError> {
    const MAX_BYTES: usize = 1024;
    let parse = |text: &str| Url::parse(text).map_err(|_| OnvifError::Address);
    if named.len() > MAX_BYTES {
        return Err(OnvifError::Address);
    }
    let (named, mut url) = (parse(named.trim())?, parse(reached)?);
    if !matches!(named.scheme(), "http" | "https") {
        return Err(OnvifError::Address);
    }
    url.set_path(named.path());
    url.set_query(named.query());
    url.set_fragment(None);
    Ok(url.into())
}
