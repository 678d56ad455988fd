//! Where an adapter may connect to: its camera's host and port, and what `reach` adds.
//!
//! Pure: names are resolved elsewhere, and every address that comes out of that is checked
//! here before anything is sent to it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use thiserror::Error;

/// Why an address is not reached.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Refusal {
    /// Neither the camera nor in `reach`.
    #[error(
        "{host}:{port} is not granted to this camera's adapter; hint: reach = [\"{host}:{port}\"]"
    )]
    NotGranted {
        /// As asked for.
        host: String,
        /// As asked for.
        port: u16,
    },
    /// A name that leads to this machine or to a link-local or metadata address.
    #[error(
        "{host} leads to {address}, which is reached only where the configuration names that address itself"
    )]
    Special {
        /// As asked for.
        host: String,
        /// What it resolved to.
        address: IpAddr,
    },
}

/// A camera's own address and the further ones of `reach`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grants {
    camera: (String, u16),
    reach: Vec<(String, u16)>,
}

impl Grants {
    /// Hosts are names or literal addresses, IPv6 without brackets.
    pub fn new(host: &str, port: u16, reach: &[(String, u16)]) -> Self {
        let reach = reach
            .iter()
            .map(|(host, port)| (normal(host), *port))
            .collect();
        Self {
            camera: (normal(host), port),
            reach,
        }
    }

    /// Whether this is the camera's own host, the only one that secrets may be sent to.
    pub fn is_camera(&self, host: &str) -> bool {
        normal(host) == self.camera.0
    }

    /// Whether a connection to this host and port is granted.
    pub fn check(&self, host: &str, port: u16) -> Result<(), Refusal> {
        let asked = (normal(host), port);
        if asked == self.camera || self.reach.contains(&asked) {
            return Ok(());
        }
        Err(Refusal::NotGranted {
            host: host.to_owned(),
            port,
        })
    }

    /// Whether datagrams may be sent there: what [`Grants::check`] allows, and any port that is
    /// not a well-known one on the camera's own host (RTP ports are agreed on by the protocol).
    pub fn check_datagram(&self, host: &str, port: u16) -> Result<(), Refusal> {
        if self.is_camera(host) && port >= 1024 {
            return Ok(());
        }
        self.check(host, port)
    }

    /// Whether a granted host may lead to this address. A name that suddenly resolves to the
    /// machine itself or to a cloud's metadata service is an attack (DNS rebinding) and not a
    /// camera; where such an address is meant, the configuration says the address.
    pub fn check_address(&self, host: &str, address: IpAddr) -> Result<(), Refusal> {
        let address = unmapped(address);
        let named = host
            .parse::<IpAddr>()
            .is_ok_and(|literal| unmapped(literal) == address)
            || (normal(host) == "localhost" && address.is_loopback());
        if named || !is_special(address) {
            return Ok(());
        }
        Err(Refusal::Special {
            host: host.to_owned(),
            address,
        })
    }
}

impl Grants {
    /// The hosts that datagrams may come from, by name or literal address.
    pub fn hosts(&self) -> impl Iterator<Item = (&str, u16)> {
        std::iter::once(&self.camera)
            .chain(&self.reach)
            .map(|(host, port)| (host.as_str(), *port))
    }
}

fn normal(host: &str) -> String {
    let host = host
        .trim_start_matches('[')
        .trim_end_matches(']')
        .trim_end_matches('.');
    match host.parse::<IpAddr>() {
        Ok(address) => unmapped(address).to_string(),
        Err(_) => host.to_ascii_lowercase(),
    }
}

/// The IPv4 address inside an IPv6 one, where there is one: IPv4-mapped (RFC 4291, 2.5.5.2),
/// IPv4-compatible (2.5.5.1), NAT64 (RFC 6052), 6to4 (RFC 3056).
fn unmapped(address: IpAddr) -> IpAddr {
    let IpAddr::V6(v6) = address else {
        return address;
    };
    let s = v6.segments();
    let low =
        |high: u16, low: u16| IpAddr::V4(Ipv4Addr::from((u32::from(high) << 16) | u32::from(low)));
    match s {
        [0, 0, 0, 0, 0, 0xffff, a, b] | [0x64, 0xff9b, 0, 0, 0, 0, a, b] | [0x2002, a, b, ..] => {
            low(a, b)
        }
        [0, 0, 0, 0, 0, 0, a, b] if a != 0 => low(a, b),
        _ => address,
    }
}

fn is_special(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            v4.is_loopback()
                || v4.is_link_local() // 169.254.169.254 and its neighbours
                || v4.is_unspecified()
                || v4.is_broadcast()
                || v4.octets()[0] == 0
                || v4 == Ipv4Addr::new(100, 100, 100, 200) // metadata of another cloud
        }
        IpAddr::V6(v6) => {
            v6.is_loopback()
                || v6.is_unspecified()
                || (v6.segments()[0] & 0xffc0) == 0xfe80
                || v6 == Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254) // metadata over IPv6
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grants() -> Grants {
        Grants::new("cam.club", 554, &[("10.0.0.9".into(), 8000)])
    }

    #[test]
    fn the_camera_and_reach_and_nothing_else() {
        let g = grants();
        assert!(g.check("cam.club", 554).is_ok());
        assert!(g.check("CAM.club.", 554).is_ok());
        assert!(g.check("10.0.0.9", 8000).is_ok());
        assert!(g.check("::ffff:10.0.0.9", 8000).is_ok());
        for (host, port) in [
            ("cam.club", 80),
            ("10.0.0.9", 80),
            ("10.0.0.8", 8000),
            ("", 554),
        ] {
            assert!(g.check(host, port).is_err(), "{host}:{port}");
        }
        assert!(g.check_datagram("cam.club", 40_000).is_ok());
        assert!(g.check_datagram("cam.club", 53).is_err());
    }

    #[test]
    fn names_do_not_lead_to_special_addresses() {
        let g = grants();
        for address in [
            "127.0.0.1",
            "169.254.169.254",
            "::1",
            "fe80::1",
            "0.0.0.0",
            "::ffff:127.0.0.1",
            "64:ff9b::a9fe:a9fe",
            "2002:7f00:1::",
            "::127.0.0.1",
            "fd00:ec2::254",
            "::",
        ] {
            let ip = address.parse().unwrap();
            assert!(g.check_address("cam.club", ip).is_err(), "{address}");
        }
        assert!(
            g.check_address("cam.club", "192.168.1.4".parse().unwrap())
                .is_ok()
        );
        assert!(
            g.check_address("127.0.0.1", "127.0.0.1".parse().unwrap())
                .is_ok()
        );
        assert!(g.check_address("localhost", "::1".parse().unwrap()).is_ok());
        assert!(
            g.check_address("localhost", "169.254.169.254".parse().unwrap())
                .is_err()
        );
    }
}
