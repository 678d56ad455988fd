//! Lines into sections.

use super::encoding::Encoding;

/// More sections or lines than that are ignored: no camera sends so many.
const MAX_SECTIONS: usize = 32;
const MAX_FORMATS: usize = 64;

/// A session description, as far as it matters.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Description {
    /// `a=control` before the first section.
    pub control: Option<String>,
    /// The `m=` sections.
    pub sections: Vec<Section>,
}

/// A stream that the camera offers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Section {
    /// `video`, `audio`, `application`.
    pub kind: String,
    /// Such as `RTP/AVP`.
    pub protocol: String,
    /// Payload types in the order of preference; words that are no numbers left out.
    pub payload_types: Vec<u8>,
    /// `a=control`.
    pub control: Option<String>,
    /// `a=rtpmap`.
    pub maps: Vec<Encoding>,
    /// `a=fmtp`: payload type, parameters as they stand.
    pub formats: Vec<(u8, String)>,
    /// `a=sendonly`: a way back to the camera, for example to its loudspeaker (ONVIF
    /// Streaming Specification, section 5.3).
    pub send_only: bool,
    /// Width and height in pixels: `a=framesize:96 1920-1080` (3GPP TS 26.234), or
    /// `a=x-dimensions:1920,1080`.
    pub size: Option<(u16, u16)>,
}

impl Description {
    /// Parses what is there. Lines that make no sense are skipped.
    pub fn parse(bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes);
        let mut this = Self::default();
        let mut full = false;
        for line in text.split(['\r', '\n']) {
            match line.trim().split_once('=') {
                Some(("m" | "M", value)) => {
                    full = this.sections.len() == MAX_SECTIONS;
                    if !full {
                        this.sections.push(Section::parse(value));
                    }
                }
                Some(("a" | "A", value)) if !full => this.attribute(value),
                _ => {}
            }
        }
        this
    }

    fn attribute(&mut self, text: &str) {
        let (name, value) = text.split_once(':').unwrap_or((text, ""));
        let (name, value) = (name.trim().to_ascii_lowercase(), value.trim());
        match (name.as_str(), self.sections.last_mut()) {
            ("control", Some(section)) => section.control = Some(value.to_owned()),
            ("control", None) => self.control = Some(value.to_owned()),
            ("rtpmap", Some(section)) if section.maps.len() < MAX_FORMATS => {
                section.maps.extend(Encoding::parse(value));
            }
            ("fmtp", Some(section)) if section.formats.len() < MAX_FORMATS => {
                section.formats.extend(fmtp(value));
            }
            ("framesize", Some(section)) => {
                let size = value.split_ascii_whitespace().nth(1);
                section.size = size.and_then(|size| pair(size, '-')).or(section.size);
            }
            ("x-dimensions", Some(section)) => section.size = pair(value, ',').or(section.size),
            ("sendonly", Some(section)) => section.send_only = true,
            _ => {}
        }
    }
}

impl Section {
    /// `video 0 RTP/AVP 96 97`
    fn parse(value: &str) -> Self {
        let mut words = value.split_ascii_whitespace();
        Self {
            kind: words.next().unwrap_or_default().to_ascii_lowercase(),
            protocol: words.nth(1).unwrap_or_default().to_ascii_uppercase(),
            payload_types: words
                .filter_map(|word| word.parse().ok())
                .take(MAX_FORMATS)
                .collect(),
            ..Self::default()
        }
    }

    /// The encodings on offer in the order of preference: what the first line names, then
    /// what `a=rtpmap` names besides, since cameras get the number wrong.
    pub fn encodings(&self) -> impl Iterator<Item = Encoding> {
        let offered = self.payload_types.iter().filter_map(|payload_type| {
            let mut maps = self.maps.iter();
            let mapped = maps.find(|map| map.payload_type == *payload_type);
            mapped.cloned().or_else(|| Encoding::fixed(*payload_type))
        });
        let besides = self.maps.iter();
        offered.chain(
            besides
                .filter(|map| !self.payload_types.contains(&map.payload_type))
                .cloned(),
        )
    }

    /// A parameter of `a=fmtp`. That of another payload type will do where there is
    /// none for this one: cameras get the number wrong.
    pub fn parameter(&self, payload_type: u8, name: &str) -> Option<&str> {
        let exact = self
            .formats
            .iter()
            .filter(|(have, _)| *have == payload_type);
        exact.chain(&self.formats).find_map(|(_, parameters)| {
            parameters.split(';').find_map(|parameter| {
                let (have, value) = parameter.split_once('=')?;
                have.trim()
                    .eq_ignore_ascii_case(name)
                    .then_some(value.trim())
            })
        })
    }
}

/// Two numbers above 0.
fn pair(value: &str, between: char) -> Option<(u16, u16)> {
    let (first, second) = value.split_once(between)?;
    let number = |text: &str| text.trim().parse().ok().filter(|number| *number > 0);
    Some((number(first)?, number(second)?))
}

/// `96 a=b; c=d`
fn fmtp(value: &str) -> Option<(u8, String)> {
    let (payload_type, parameters) = value.split_once(char::is_whitespace)?;
    Some((payload_type.parse().ok()?, parameters.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_and_attributes() {
        let sdp = Description::parse(
            b"v=0\r\na=control:*\r\nm=application/X 0 RTP/AVP smart/1/90000\r\n\
              m=Video 0 rtp/avp 96 \t \r\na=Control: track1\na=rtpmap:96  H264/90000\n\
              a=fmtp:96\na=fmtp:96 x=1; Sprop-Parameter-Sets = a=,b==;y\na=rtpmap:z\n\xff\xfe\n=\n",
        );
        assert_eq!(sdp.control.as_deref(), Some("*"));
        assert_eq!(sdp.sections[0].payload_types, [0u8; 0]);
        let video = &sdp.sections[1];
        assert_eq!(
            (video.kind.as_str(), video.protocol.as_str()),
            ("video", "RTP/AVP")
        );
        assert_eq!(video.payload_types, [96]);
        assert_eq!(video.control.as_deref(), Some("track1"));
        assert_eq!(video.maps, [Encoding::new(96, "h264", 90_000, 0)]);
        assert_eq!(video.parameter(96, "sprop-parameter-sets"), Some("a=,b=="));
        assert_eq!(video.parameter(97, "x"), Some("1"));
        assert_eq!(video.parameter(96, "z"), None);
        assert_eq!(video.size, None);
    }

    #[test]
    fn sizes() {
        let size = |attribute: &str| {
            let text = format!("m=video 0 RTP/AVP 26\n{attribute}\n");
            Description::parse(text.as_bytes()).sections[0].size
        };
        assert_eq!(size("a=framesize:26 2560-1920"), Some((2560, 1920)));
        assert_eq!(size("a=x-dimensions: 2560 , 1920"), Some((2560, 1920)));
        assert_eq!(size("a=x-dimensions:0,1920"), None);
        assert_eq!(size("a=framesize:2560"), None);
    }

    #[test]
    fn bounded() {
        let sdp = Description::parse("m=video 0 RTP/AVP 96\na=control:x\n".repeat(999).as_bytes());
        assert_eq!(sdp.sections.len(), MAX_SECTIONS);
        let sdp = Description::parse("a=fmtp:1 x\n".repeat(999).as_bytes());
        assert_eq!(sdp, Description::default());
    }
}
