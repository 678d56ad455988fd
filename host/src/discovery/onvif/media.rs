//! Profiles: what a camera can send.

use roxmltree::Node;
use url::{Host, Url};

use super::super::xml::{self, Element as _};
use super::OnvifError;
use super::answer::body;

/// Most profiles that are read: a recorder has two or three a channel.
const MAX_PROFILES: usize = 256;
/// Longest of a camera's own words, in characters.
const MAX_CHARS: usize = 120;

/// A profile: one combination of picture, sound and encoder.
#[derive(Debug, Clone, PartialEq)]
pub struct Profile {
    /// What it is asked for by; kept as it is.
    pub token: String,
    /// For people.
    pub name: Option<String>,
    /// What the picture comes from; two profiles of one source show the same court.
    pub source: Option<String>,
    /// Its picture's encoder.
    pub video: Option<VideoEncoder>,
    /// Its sound's encoding: `AAC`, `G711`, `PCMU`.
    pub audio: Option<String>,
}

/// A picture encoder's settings.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct VideoEncoder {
    /// `H264`, `H265`, `JPEG`, `MPEG4`: as the camera writes it, in capitals, without a dot.
    pub codec: Option<String>,
    /// H.264's or H.265's profile: `Main`. Only `Baseline` is sure to have no B-frames.
    pub codec_profile: Option<String>,
    /// Pixels.
    pub width: Option<u32>,
    /// Pixels.
    pub height: Option<u32>,
    /// Most frames a second.
    pub fps: Option<f64>,
    /// Most kilobits a second.
    pub bitrate_kbps: Option<u32>,
    /// Frames from one keyframe to the next.
    pub gov_length: Option<u32>,
}

impl VideoEncoder {
    /// Seconds from one keyframe to the next, as set.
    pub fn keyframe_seconds(&self) -> Option<f64> {
        let fps = self.fps.filter(|fps| *fps > 0.0)?;
        Some(f64::from(self.gov_length?) / fps)
    }

    /// Reads the answer to `GetVideoEncoderConfigurations`, of either service.
    pub fn parse_all(text: &str) -> Result<Vec<Self>, OnvifError> {
        let document = xml::parse(text)?;
        let answer = body(&document, "GetVideoEncoderConfigurationsResponse")?;
        let encoders = answer.all("Configurations");
        Ok(encoders
            .into_iter()
            .take(MAX_PROFILES)
            .map(Self::read)
            .collect())
    }

    /// Version 1 has the length in an element of the codec, version 2 in an attribute.
    fn read(node: Node<'_, '_>) -> Self {
        let number = |way: &[&str]| {
            node.words_at(way)?
                .parse::<f64>()
                .ok()
                .filter(|n| n.is_finite())
        };
        let whole = |way: &[&str]| node.words_at(way)?.parse::<u32>().ok();
        let attribute = |name: &str| {
            node.attributes()
                .find(|attribute| attribute.name() == name)
                .map(|attribute| attribute.value())
        };
        let codec = node.words_at(&["Encoding"]);
        let codec_profile = attribute("Profile")
            .or_else(|| node.words_at(&["H264", "H264Profile"]))
            .or_else(|| node.words_at(&["MPEG4", "Mpeg4Profile"]));
        Self {
            codec: codec.map(|text| xml::line(text, 20).to_ascii_uppercase().replace('.', "")),
            codec_profile: codec_profile.map(|text| xml::line(text, 20)),
            width: whole(&["Resolution", "Width"]),
            height: whole(&["Resolution", "Height"]),
            fps: number(&["RateControl", "FrameRateLimit"]),
            bitrate_kbps: whole(&["RateControl", "BitrateLimit"]),
            gov_length: attribute("GovLength")
                .and_then(|text| text.parse().ok())
                .or_else(|| whole(&["H264", "GovLength"]))
                .or_else(|| whole(&["MPEG4", "GovLength"])),
        }
    }
}

impl Profile {
    /// Reads the answer to `GetProfiles`, of either service.
    pub fn parse_all(text: &str) -> Result<Vec<Self>, OnvifError> {
        let document = xml::parse(text)?;
        let answer = body(&document, "GetProfilesResponse")?;
        let profiles = answer.all("Profiles");
        Ok(profiles
            .into_iter()
            .take(MAX_PROFILES)
            .filter_map(Self::read)
            .collect())
    }

    fn read(node: Node<'_, '_>) -> Option<Self> {
        const MAX_TOKEN_BYTES: usize = 256; // ONVIF says 64; some are longer
        let token = node
            .attribute("token")
            .filter(|token| token.len() <= MAX_TOKEN_BYTES)?;
        let configuration = |one: &str, two: &str| {
            node.child(one)
                .or_else(|| node.at(&["Configurations", two]))
        };
        let words = |node: Node<'_, '_>, name: &str| {
            node.words_at(&[name])
                .map(|text| xml::line(text, MAX_CHARS))
        };
        let source = configuration("VideoSourceConfiguration", "VideoSource");
        let video = configuration("VideoEncoderConfiguration", "VideoEncoder");
        let audio = configuration("AudioEncoderConfiguration", "AudioEncoder");
        Some(Self {
            token: token.to_owned(),
            name: words(node, "Name"),
            source: source.and_then(|node| words(node, "SourceToken")),
            video: video.map(VideoEncoder::read),
            audio: audio.and_then(|node| words(node, "Encoding")),
        })
    }
}

/// Reads the answer to `GetStreamUri` or `GetSnapshotUri`: an `rtsp`, `rtsps`, `http` or
/// `https` URL without credentials, with the host that the camera was reached by.
///
/// The port is the camera's word: RTSP has another than the service that was asked.
pub fn stream_uri(text: &str, reached: &str) -> Result<String, OnvifError> {
    const MAX_BYTES: usize = 1024;
    let document = xml::parse(text)?;
    let answer = body(&document, "GetStreamUriResponse").or_else(|error| match error {
        OnvifError::Missing(_) => body(&document, "GetSnapshotUriResponse"),
        error => Err(error),
    })?;
    let uri = answer
        .words_at(&["MediaUri", "Uri"])
        .or_else(|| answer.words_at(&["Uri"]));
    let uri = uri.ok_or(OnvifError::Missing("Uri"))?;
    let reached = Url::parse(reached).map_err(|_| OnvifError::Address)?;
    let host = reached.host().ok_or(OnvifError::Address)?;
    if uri.len() > MAX_BYTES || !uri.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(OnvifError::Address);
    }
    let (scheme, rest) = uri.split_once("://").ok_or(OnvifError::Address)?;
    let scheme = scheme.to_ascii_lowercase();
    if !matches!(scheme.as_str(), "rtsp" | "rtsps" | "http" | "https") {
        return Err(OnvifError::Address);
    }
    // As text: a URL library would write the path anew, and cameras compare it as it is.
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, tail) = rest.split_at(end);
    let host_port = authority
        .rsplit_once('@')
        .map_or(authority, |(_, host)| host);
    let after_host = host_port
        .rfind(']')
        .map_or(host_port, |end| &host_port[end..]);
    let port = match after_host.rsplit_once(':') {
        Some((_, port)) => match port.parse::<u16>() {
            Ok(0) | Err(_) => return Err(OnvifError::Address),
            Ok(port) => format!(":{port}"),
        },
        None => String::new(),
    };
    let host = match host {
        Host::Ipv6(address) => format!("[{address}]"),
        host => host.to_string(),
    };
    Ok(format!("{scheme}://{host}{port}{tail}"))
}
