//! `a=rtpmap`, and the payload types that need none.

/// What the packets of one payload type hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Encoding {
    /// RTP payload type.
    pub payload_type: u8,
    /// In lower case, such as `h264`.
    pub name: String,
    /// Ticks a second; 0 if missing.
    pub clock_rate: u32,
    /// Channels of sound; 0 if missing.
    pub channels: u8,
}

impl Encoding {
    /// With these values.
    pub fn new(payload_type: u8, name: &str, clock_rate: u32, channels: u8) -> Self {
        Self {
            payload_type,
            name: name.to_owned(),
            clock_rate,
            channels,
        }
    }

    /// `96 H264/90000` or `97 L16/48000/2`
    pub fn parse(value: &str) -> Option<Self> {
        let (payload_type, encoding) = value.split_once(char::is_whitespace)?;
        let mut parts = encoding.trim().split('/').map(str::trim);
        Some(Self {
            payload_type: payload_type.parse().ok()?,
            name: parts.next()?.to_ascii_lowercase(),
            clock_rate: number(parts.next()),
            channels: number(parts.next()),
        })
    }

    /// The meaning of a payload type by itself (RFC 3551, section 6).
    pub fn fixed(payload_type: u8) -> Option<Self> {
        let (name, clock_rate, channels) = match payload_type {
            0 => ("pcmu", 8_000, 1),
            2 => ("g726-32", 8_000, 1),
            3 => ("gsm", 8_000, 1),
            4 => ("g723", 8_000, 1),
            5 => ("dvi4", 8_000, 1),
            8 => ("pcma", 8_000, 1),
            9 => ("g722", 8_000, 1),
            10 => ("l16", 44_100, 2),
            11 => ("l16", 44_100, 1),
            14 => ("mpa", 90_000, 1),
            26 => ("jpeg", 90_000, 0),
            32 => ("mpv", 90_000, 0),
            33 => ("mp2t", 90_000, 0),
            34 => ("h263", 90_000, 0),
            _ => return None,
        };
        Some(Self::new(payload_type, name, clock_rate, channels))
    }
}

fn number<T: core::str::FromStr + Default>(text: Option<&str>) -> T {
    text.and_then(|text| text.parse().ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_cameras_write_them() {
        let parse = Encoding::parse;
        assert_eq!(
            parse("96 H264/90000/1"),
            Some(Encoding::new(96, "h264", 90_000, 1))
        );
        assert_eq!(
            parse("97\t L16 / 48000 / 2 "),
            Some(Encoding::new(97, "l16", 48_000, 2))
        );
        assert_eq!(parse("8 PCMA"), Some(Encoding::new(8, "pcma", 0, 0)));
        assert_eq!(parse("8 PCMA/x/999"), Some(Encoding::new(8, "pcma", 0, 0)));
        assert_eq!(parse("999 PCMA/8000"), None);
        assert_eq!(parse("z"), None);
    }
}
