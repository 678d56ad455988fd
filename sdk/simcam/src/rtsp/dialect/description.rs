//! What a real camera's session description announces (RFC 4566).

use crate::clip::Codec;
use crate::rtsp::sdp::AAC_RATES;
use crate::sound::Sound;

/// One media section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Section {
    /// As written; empty where there is none.
    pub(crate) control: String,
    pub(crate) payload_type: u8,
    pub(crate) media: Media,
}

/// What a section's packets carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Media {
    Video(Codec),
    Sound(Sound),
    /// Something that no simulated camera has.
    Other,
}

/// The codec of the first video section that a simulated camera can show.
pub(crate) fn of(sections: &[Section]) -> Option<Codec> {
    sections.iter().find_map(|section| match section.media {
        Media::Video(codec) => Some(codec),
        _ => None,
    })
}

/// All media sections.
pub(crate) fn sections(description: &str) -> Vec<Section> {
    let mut groups: Vec<Vec<&str>> = Vec::new();
    for line in description.lines().map(str::trim) {
        if line.starts_with("m=") {
            groups.push(vec![line]);
        } else if let Some(group) = groups.last_mut() {
            group.push(line);
        }
    }
    groups.iter().map(|lines| section(lines)).collect()
}

fn section(lines: &[&str]) -> Section {
    let media = lines.first().copied().unwrap_or_default();
    let payload_type: Option<u8> = media
        .split_whitespace()
        .nth(3)
        .and_then(|t| t.parse().ok())
        .filter(|t| *t < 128);
    let attribute = |name: &str| {
        let mut values = lines.iter().filter_map(|line| line.strip_prefix("a="));
        values.find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))
    };
    let number = payload_type.map(|t| t.to_string()).unwrap_or_default();
    let of_type = |name: &str| {
        let value = attribute(name)?.trim_start();
        value.strip_prefix(number.as_str()).map(str::trim)
    };
    let map = of_type("rtpmap").unwrap_or(match payload_type {
        // Static types need no map (RFC 3551 6).
        Some(0) => "PCMU/8000",
        Some(8) => "PCMA/8000",
        Some(26) => "JPEG/90000",
        _ => "",
    });
    Section {
        control: attribute("control").unwrap_or_default().trim().to_owned(),
        payload_type: payload_type.unwrap_or_default(),
        media: payload_type.map_or(Media::Other, |_| {
            carried(map, of_type("fmtp").unwrap_or_default())
        }),
    }
}

fn carried(map: &str, parameters: &str) -> Media {
    let name = map.split('/').next().unwrap_or_default();
    match name.to_ascii_uppercase().as_str() {
        "H264" => Media::Video(Codec::H264),
        "H265" | "HEVC" => Media::Video(Codec::H265),
        "JPEG" => Media::Video(Codec::Jpeg),
        "PCMU" => Media::Sound(Sound::Pcmu),
        "PCMA" => Media::Sound(Sound::Pcma),
        "OPUS" => Media::Sound(Sound::Opus),
        "MPEG4-GENERIC" => aac(parameters).map_or(Media::Other, Media::Sound),
        _ => Media::Other,
    }
}

/// AAC after its `config`, which is what decoders go by (ISO/IEC 14496-3 1.6.2.1).
fn aac(parameters: &str) -> Option<Sound> {
    let mut all = parameters.split(';').map(str::trim);
    let config = all.find_map(|p| p.strip_prefix("config="))?;
    let config = u16::from_str_radix(config.get(..4)?, 16).ok()?;
    let rate = AAC_RATES.get(usize::from(config >> 7 & 0xF))?;
    let channels = (config >> 3 & 0xF) as u8;
    let is_lc = config >> 11 == 2;
    let known = is_lc && rate % 4000 == 0 && *rate <= 48_000 && (1..=2).contains(&channels);
    known.then_some(Sound::Aac {
        rate: *rate,
        channels,
    })
}

#[cfg(test)]
mod tests {
    use super::{Media, of, sections};
    use crate::clip::Codec;
    use crate::sound::Sound;

    #[test]
    fn static_types_tabs_and_what_is_unknown() {
        let text = "v=0\r\na=control:*\r\nm=video 0 RTP/AVP 98\r\na=control:track1\r\n\
                    a=rtpmap:98 H265/90000\r\nm=audio 0 RTP/AVP 0\t \r\na=control:track2\r\n\
                    m=application/X 0 RTP/AVP smart/1/90000\r\na=rtpmap:95 X/90000\r\n\
                    m=audio 0 RTP/AVP 8\r\na=rtpmap:8 PCMU/8000/1\r\n";
        let found = sections(text);
        let short: Vec<_> = found
            .iter()
            .map(|s| (s.control.as_str(), s.payload_type, s.media))
            .collect();
        let wanted = [
            ("track1", 98, Media::Video(Codec::H265)),
            ("track2", 0, Media::Sound(Sound::Pcmu)),
            ("", 0, Media::Other),
            ("", 8, Media::Sound(Sound::Pcmu)),
        ];
        assert_eq!(short, wanted);
        assert_eq!(of(&found), Some(Codec::H265));
        assert!(sections("").is_empty());
    }

    #[test]
    fn aac_goes_by_its_config() {
        let text = |config: &str| {
            format!(
                "m=audio 0 RTP/AVP 97\na=rtpmap:97 MPEG4-GENERIC/16000\n\
                 a=fmtp:97 streamtype=5; mode=AAC-hbr;config={config}; profile=1;\n"
            )
        };
        let media = |config| sections(&text(config))[0].media;
        let aac = |rate, channels| Media::Sound(Sound::Aac { rate, channels });
        assert_eq!(media("1408"), aac(16_000, 1));
        assert_eq!(media("1490"), aac(12_000, 2));
        for odd in ["", "14", "xxxx", "1208", "FFFF"] {
            assert_eq!(media(odd), Media::Other, "{odd}");
        }
    }
}
