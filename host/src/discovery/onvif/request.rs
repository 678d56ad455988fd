//! The requests.

use super::super::xml::escaped;
use super::UsernameToken;

const DEVICE: &str = "http://www.onvif.org/ver10/device/wsdl";
const MEDIA1: &str = "http://www.onvif.org/ver10/media/wsdl";
const MEDIA2: &str = "http://www.onvif.org/ver20/media/wsdl";

/// Which media service: the first knows no H.265, the second is in cameras of profile T.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Media {
    /// `ver10/media`
    One,
    /// `ver20/media`
    Two,
}

impl Media {
    fn namespace(self) -> &'static str {
        match self {
            Self::One => MEDIA1,
            Self::Two => MEDIA2,
        }
    }
}

/// A question to a camera.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// Its clock (ONVIF Core, `GetSystemDateAndTime`). Answered without an account.
    SystemDateAndTime,
    /// Maker, model, firmware, serial number (`GetDeviceInformation`).
    DeviceInformation,
    /// Its services' addresses (`GetCapabilities`), of older cameras.
    Capabilities,
    /// Its services' addresses (`GetServices`).
    Services,
    /// Its profiles with their encoders (Media, `GetProfiles`).
    Profiles(Media),
    /// All encoders, in profiles or not (`GetVideoEncoderConfigurations`).
    VideoEncoders(Media),
    /// The RTSP address of a profile (`GetStreamUri`), unicast RTP over RTSP.
    StreamUri(Media, String),
    /// The address of a profile's pictures (`GetSnapshotUri`).
    SnapshotUri(Media, String),
}

impl Request {
    /// The value for `action` in `Content-Type: application/soap+xml; charset=utf-8; action="…"`.
    pub fn action(&self) -> String {
        format!("{}/{}", self.namespace(), self.name())
    }

    /// The message. `token` is left out for [`Request::SystemDateAndTime`], and where HTTP
    /// digest is used instead.
    pub fn message(&self, token: Option<&UsernameToken>) -> String {
        let header = token.map(UsernameToken::header).unwrap_or_default();
        let (name, namespace, content) = (self.name(), self.namespace(), self.content());
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\
             <s:Envelope xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\">\
             <s:Header>{header}</s:Header>\
             <s:Body><{name} xmlns=\"{namespace}\">{content}</{name}></s:Body></s:Envelope>"
        )
    }

    fn namespace(&self) -> &'static str {
        match self {
            Self::SystemDateAndTime
            | Self::DeviceInformation
            | Self::Capabilities
            | Self::Services => DEVICE,
            Self::Profiles(media)
            | Self::VideoEncoders(media)
            | Self::StreamUri(media, _)
            | Self::SnapshotUri(media, _) => media.namespace(),
        }
    }

    fn name(&self) -> &'static str {
        match self {
            Self::SystemDateAndTime => "GetSystemDateAndTime",
            Self::DeviceInformation => "GetDeviceInformation",
            Self::Capabilities => "GetCapabilities",
            Self::Services => "GetServices",
            Self::Profiles(_) => "GetProfiles",
            Self::VideoEncoders(_) => "GetVideoEncoderConfigurations",
            Self::StreamUri(..) => "GetStreamUri",
            Self::SnapshotUri(..) => "GetSnapshotUri",
        }
    }

    fn content(&self) -> String {
        match self {
            Self::SystemDateAndTime
            | Self::DeviceInformation
            | Self::Profiles(Media::One)
            | Self::VideoEncoders(_) => String::new(),
            Self::Capabilities => "<Category>All</Category>".to_owned(),
            Self::Services => "<IncludeCapability>false</IncludeCapability>".to_owned(),
            // Without a type the second version leaves the configurations out.
            Self::Profiles(Media::Two) => "<Type>All</Type>".to_owned(),
            Self::StreamUri(Media::One, profile) => format!(
                "<StreamSetup><Stream xmlns=\"http://www.onvif.org/ver10/schema\">RTP-Unicast</Stream>\
                 <Transport xmlns=\"http://www.onvif.org/ver10/schema\"><Protocol>RTSP</Protocol></Transport>\
                 </StreamSetup><ProfileToken>{}</ProfileToken>",
                escaped(profile)
            ),
            Self::StreamUri(Media::Two, profile) => format!(
                "<Protocol>RTSP</Protocol><ProfileToken>{}</ProfileToken>",
                escaped(profile)
            ),
            Self::SnapshotUri(_, profile) => {
                format!("<ProfileToken>{}</ProfileToken>", escaped(profile))
            }
        }
    }
}
