//! What a client asks for in a Transport header (RFC 2326 12.39), and what a camera allows.

use std::str::FromStr;

/// The transports that a camera allows; the others it answers with 461.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is allowed or not")]
pub struct Transports {
    /// Interleaved with RTSP on its TCP connection (RFC 2326 10.12).
    pub tcp: bool,
    /// UDP to the client's own ports.
    pub udp: bool,
    /// UDP to a group that all clients share (IPv4 only). The group gets all tracks from the
    /// first SETUP on until the last of its clients is gone; no client's log has its frames.
    pub multicast: bool,
    /// RTSP within HTTP (GET and POST with `x-sessioncookie`); the media is interleaved, and
    /// [`Transports::tcp`] must be allowed too.
    pub http_tunnel: bool,
}

impl Transports {
    /// No transport at all, to name those that are wanted.
    pub const NONE: Self = Self {
        tcp: false,
        udp: false,
        multicast: false,
        http_tunnel: false,
    };
    /// Only TCP.
    pub const TCP: Self = Self {
        tcp: true,
        ..Self::NONE
    };
    /// Only UDP.
    pub const UDP: Self = Self {
        udp: true,
        ..Self::NONE
    };
    /// All of them.
    pub const ALL: Self = Self {
        tcp: true,
        udp: true,
        multicast: true,
        http_tunnel: true,
    };
}

impl FromStr for Transports {
    type Err = String;

    /// Reads names with commas between them, for instance `tcp,udp`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut out = Self::NONE;
        for name in text.split(',').map(str::trim) {
            match name {
                "tcp" => out.tcp = true,
                "udp" => out.udp = true,
                "multicast" => out.multicast = true,
                "http" => out.http_tunnel = true,
                _ => {
                    return Err(format!(
                        "there is no transport `{name}`: tcp, udp, multicast, http"
                    ));
                }
            }
        }
        Ok(out)
    }
}

/// One transport that a client proposes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wish {
    /// On this channel and the next, or on any.
    Tcp(Option<u8>),
    /// To these ports for RTP and RTCP.
    Udp([u16; 2]),
    /// To a group of the camera's choice.
    Multicast,
}

/// The first transport of a header that the camera allows.
pub(super) fn choose(header: &str, allowed: Transports) -> Option<Wish> {
    header.split(',').filter_map(wish).find(|wish| match wish {
        Wish::Tcp(_) => allowed.tcp,
        Wish::Udp(_) => allowed.udp,
        Wish::Multicast => allowed.multicast,
    })
}

fn wish(transport: &str) -> Option<Wish> {
    let mut parts = transport.trim().split(';').map(str::trim);
    let profile = parts.next()?.to_ascii_uppercase();
    let parts: Vec<&str> = parts.collect();
    let value = |name: &str| parts.iter().find_map(|part| part.strip_prefix(name));
    match profile.as_str() {
        "RTP/AVP/TCP" => {
            let Some(channels) = value("interleaved=") else {
                return Some(Wish::Tcp(None));
            };
            let first = channels.split('-').next()?.parse().ok()?;
            // The channel after it carries RTCP.
            (first < u8::MAX).then_some(Wish::Tcp(Some(first)))
        }
        "RTP/AVP" | "RTP/AVP/UDP" if parts.contains(&"multicast") => Some(Wish::Multicast),
        "RTP/AVP" | "RTP/AVP/UDP" => {
            let (rtp, rtcp) = pair(value("client_port=")?)?;
            Some(Wish::Udp([rtp, rtcp]))
        }
        _ => None,
    }
}

/// Two ports; where only one is named the other one follows it.
fn pair(text: &str) -> Option<(u16, u16)> {
    let (first, second) = text.split_once('-').unwrap_or((text, ""));
    let first: u16 = first.parse().ok()?;
    let second = if second.is_empty() {
        first.checked_add(1)?
    } else {
        second.parse().ok()?
    };
    (first != 0 && second != 0).then_some((first, second))
}

#[cfg(test)]
mod tests {
    use super::{Transports, Wish, choose};

    #[test]
    fn transports() {
        let all = |header| choose(header, Transports::ALL);
        assert_eq!(
            all("RTP/AVP/TCP;unicast;interleaved=4-5"),
            Some(Wish::Tcp(Some(4)))
        );
        assert_eq!(all("RTP/AVP/TCP"), Some(Wish::Tcp(None)));
        assert_eq!(
            all("RTP/AVP;unicast;client_port=6000-6001"),
            Some(Wish::Udp([6000, 6001]))
        );
        assert_eq!(all("RTP/AVP/UDP;client_port=7"), Some(Wish::Udp([7, 8])));
        assert_eq!(all("RTP/AVP;multicast;port=1-2"), Some(Wish::Multicast));
        for bad in [
            "",
            "RTP/AVP/TCP;interleaved=255-256",
            "RTP/AVP;unicast",
            "RTP/AVP;client_port=0-1",
            "RTP/AVP;client_port=65535",
            "RTP/SAVP;client_port=1-2",
        ] {
            assert_eq!(all(bad), None, "{bad}");
        }
    }

    #[test]
    fn the_first_that_is_allowed() {
        let both = "RTP/AVP;client_port=6-7,RTP/AVP/TCP;interleaved=0-1";
        assert_eq!(choose(both, Transports::TCP), Some(Wish::Tcp(Some(0))));
        assert_eq!(choose(both, Transports::UDP), Some(Wish::Udp([6, 7])));
        assert_eq!(choose(both, Transports::NONE), None);
        assert_eq!("udp, tcp,http,multicast".parse(), Ok(Transports::ALL));
        assert!("quic".parse::<Transports>().is_err());
    }
}
