//! The `Transport` header (RFC 2326, section 12.39): what is asked for, what comes back.

/// A multicast group for one stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Its literal address.
    pub address: String,
    /// Port of RTP; RTCP is on the next one.
    pub rtp_port: u16,
    /// Who sends to it, as a literal address, where that is said.
    pub source: Option<String>,
}

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// Within the connection, on these channels for RTP and RTCP.
    Interleaved([u8; 2]),
    /// By UDP to these ports of ours.
    Unicast((u16, u16)),
    /// By UDP to a group that the camera names.
    Multicast,
}

impl Asked {
    /// The header's value.
    pub fn header(self) -> String {
        match self {
            Self::Interleaved([rtp, rtcp]) => {
                format!("RTP/AVP/TCP;unicast;interleaved={rtp}-{rtcp}")
            }
            // Without `/UDP`, which is what it means anyway and not all cameras know.
            Self::Unicast((rtp, rtcp)) => format!("RTP/AVP;unicast;client_port={rtp}-{rtcp}"),
            Self::Multicast => "RTP/AVP;multicast".to_owned(),
        }
    }
}

/// The value of `interleaved`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Channels {
    /// Of RTP and RTCP.
    Numbers([u8; 2]),
    /// No numbers from 0 to 255.
    Odd,
}

/// What the camera answers. Whatever is not said, or makes no sense, is missing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Transport {
    /// `RTP/AVP/TCP`
    pub tcp: bool,
    /// `multicast`
    pub multicast: bool,
    /// `interleaved=0-1`
    pub interleaved: Option<Channels>,
    /// Whether `client_port` is there.
    pub client_port: bool,
    /// `server_port=6970-6971`
    pub server_port: Option<(u16, u16)>,
    /// `port=5000-5001`, of a multicast group.
    pub port: Option<(u16, u16)>,
    /// `destination=239.1.1.1`
    pub destination: Option<String>,
    /// `source=10.0.0.9`
    pub source: Option<String>,
    /// `ssrc=4D6F1A2B`
    pub ssrc: Option<u32>,
}

impl Transport {
    /// Takes a header's value apart, in any order and case, with white space anywhere.
    pub fn parse(value: &str) -> Self {
        let mut this = Self::default();
        for part in value.split([';', ',']).map(str::trim) {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            let value = value.trim().trim_matches('"');
            match name.trim().to_ascii_lowercase().as_str() {
                "rtp/avp/tcp" => this.tcp = true,
                "multicast" => this.multicast = true,
                "interleaved" => this.interleaved = Some(channels(value)),
                "client_port" => this.client_port = true,
                "server_port" => this.server_port = ports(value),
                "port" => this.port = ports(value),
                "destination" => this.destination = address(value),
                "source" => this.source = address(value),
                "ssrc" => this.ssrc = ssrc(value),
                _ => {}
            }
        }
        this
    }
}

fn channels(value: &str) -> Channels {
    let (rtp, rtcp) = value.split_once('-').unwrap_or((value, ""));
    let Ok(rtp) = rtp.trim().parse::<u8>() else {
        return Channels::Odd;
    };
    let rtcp = rtcp.trim().parse().unwrap_or(rtp.saturating_add(1));
    Channels::Numbers([rtp, rtcp])
}

/// Two ports, of which the second may be missing. A port of 0 is none.
fn ports(value: &str) -> Option<(u16, u16)> {
    let (rtp, rtcp) = value.split_once('-').unwrap_or((value, ""));
    let rtp: u16 = rtp.trim().parse().ok().filter(|port| *port > 0)?;
    let next = rtp.checked_add(1)?;
    let rtcp = rtcp.trim().parse().ok().filter(|port| *port > 0);
    Some((rtp, rtcp.unwrap_or(next)))
}

/// Nothing that looks odd: it is handed to the host and shown to people.
fn address(value: &str) -> Option<String> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".:-".contains(&byte);
    let good = !value.is_empty() && value.len() <= 253 && value.bytes().all(plain);
    good.then(|| value.to_owned())
}

/// Eight hexadecimal digits; some cameras leave out leading zeros, and some write the
/// number in decimal, which shows only where it is too long.
fn ssrc(value: &str) -> Option<u32> {
    let digits = value.trim_start_matches("0x").trim_start_matches("0X");
    if digits.is_empty() || digits.starts_with('+') {
        return None;
    }
    u32::from_str_radix(digits, 16)
        .or_else(|_| digits.parse())
        .ok()
}

#[cfg(test)]
mod tests {
    use padelvar_sdk::testing::{Edit, edited};

    use super::*;

    #[test]
    fn what_is_asked_for() {
        for (asked, header) in [
            (
                Asked::Interleaved([2, 3]),
                "RTP/AVP/TCP;unicast;interleaved=2-3",
            ),
            (
                Asked::Unicast((4000, 4001)),
                "RTP/AVP;unicast;client_port=4000-4001",
            ),
            (Asked::Multicast, "RTP/AVP;multicast"),
        ] {
            assert_eq!(asked.header(), header);
        }
    }

    #[test]
    fn interleaved_channels() {
        let of = |value| Transport::parse(value).interleaved;
        assert_eq!(
            of("RTP/AVP/TCP;unicast;interleaved=0-1;ssrc= d6d6627"),
            Some(Channels::Numbers([0, 1]))
        );
        assert_eq!(
            of("RTP/AVP/TCP; unicast; Interleaved = 2 - 3 "),
            Some(Channels::Numbers([2, 3]))
        );
        assert_eq!(
            of("RTP/AVP/TCP;interleaved=4"),
            Some(Channels::Numbers([4, 5]))
        );
        assert_eq!(
            of("RTP/AVP/TCP;interleaved=255"),
            Some(Channels::Numbers([255, 255]))
        );
        assert_eq!(of("RTP/AVP/TCP;interleaved=x"), Some(Channels::Odd));
        assert_eq!(of("RTP/AVP/TCP;unicast"), None);
        assert!(Transport::parse("rtp/avp/tcp").tcp);
    }

    #[test]
    fn ports_and_addresses() {
        let it = Transport::parse(
            "RTP/AVP/UDP;unicast;source=10.0.0.9;client_port=4000-4001;server_port=6970-6971",
        );
        assert!(it.client_port && !it.tcp && !it.multicast);
        assert_eq!(it.server_port, Some((6970, 6971)));
        assert_eq!(it.source.as_deref(), Some("10.0.0.9"));
        let it = Transport::parse("RTP/AVP;multicast;destination=239.1.1.1;port=5000;ttl=1");
        assert!(it.multicast);
        assert_eq!(it.port, Some((5000, 5001)));
        assert_eq!(it.destination.as_deref(), Some("239.1.1.1"));
        for odd in ["0", "0-0", "65535", "65536", "-5", "", "x-y"] {
            let it = Transport::parse(&format!("server_port={odd}"));
            assert_eq!(it.server_port, None, "{odd:?}");
        }
        for odd in ["a b", "", "x\u{7f}", "é"] {
            assert_eq!(Transport::parse(&format!("source={odd}")).source, None);
        }
    }

    #[test]
    fn sources() {
        let of = |value: &str| Transport::parse(&format!("ssrc={value}")).ssrc;
        assert_eq!(of(" d6d6627 "), Some(0x0d6d_6627));
        assert_eq!(of("4D6F1A2B"), Some(0x4d6f_1a2b));
        assert_eq!(of("\"0x1F\""), Some(0x1f));
        assert_eq!(of("937239728"), Some(937_239_728));
        for odd in ["", "xyz", "+5", "99999999999"] {
            assert_eq!(of(odd), None, "{odd:?}");
        }
    }

    #[test]
    fn any_text_is_taken() {
        let good = "RTP/AVP/TCP;unicast;interleaved=0-1;client_port=40000-40001;\
            server_port=6970-6971;port=5000;destination=239.1.1.1;source=10.0.0.9;ssrc=\"0x1F\"";
        bolero::check!()
            .with_type::<(String, Vec<Edit>)>()
            .for_each(|(text, edits)| {
                let _ = Transport::parse(text);
                let spoiled = edited(good.as_bytes(), edits);
                let it = Transport::parse(&String::from_utf8_lossy(&spoiled));
                for (first, second) in it.server_port.into_iter().chain(it.port) {
                    assert!(first > 0 && second > 0);
                }
            });
    }
}
