//! Where an adapter may connect to: its camera's host and port, and what `reach` adds.
//!
//! Names are resolved elsewhere, and every address that comes out of that is checked here before
//! anything is sent to it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use thiserror::Error;

use super::listeners::Listeners;

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
    /// Where this host itself listens.
    #[error("{host}:{port} is this host itself, and no camera")]
    Listener {
        /// As asked for.
        host: String,
        /// Of the listener.
        port: u16,
    },
}

/// A camera's own address and the further ones of `reach`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grants {
    camera: (String, u16),
    reach: Vec<(String, u16)>,
    listeners: Listeners,
    named_by: NamedBy,
}

/// Who wrote the addresses down.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NamedBy {
    /// Whoever may write the configuration file, or give a command on this machine: what they
    /// name they mean.
    #[default]
    Operator,
    /// A request over the network: never this machine, a link-local or a metadata address.
    Request,
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
            listeners: Listeners::default(),
            named_by: NamedBy::Operator,
        }
    }

    /// The same, known to be written by these, on a host that listens there.
    #[must_use]
    pub fn of(self, named_by: NamedBy, listeners: Listeners) -> Self {
        Self {
            listeners,
            named_by,
            ..self
        }
    }

    /// The same rules for another address of the camera.
    #[must_use]
    pub fn at(&self, host: &str, port: u16) -> Self {
        Self {
            camera: (normal(host), port),
            ..self.clone()
        }
    }

    /// Whether all that is named may be reached as far as can be told without asking for names:
    /// literal addresses, and the names of this machine.
    pub fn check_names(&self) -> Result<(), Refusal> {
        for (host, port) in self.hosts() {
            // Such names are this machine's by definition (RFC 6761, 6.3).
            let is_own_name = host == "localhost" || host.ends_with(".localhost");
            let address = match host.parse() {
                Ok(literal) => literal,
                Err(_) if is_own_name => IpAddr::V4(Ipv4Addr::LOCALHOST),
                Err(_) => continue,
            };
            self.check(host, port)?;
            self.check_address(host, address)?;
        }
        Ok(())
    }

    /// The camera's own port.
    pub fn camera_port(&self) -> u16 {
        self.camera.1
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
    /// camera; where such an address is meant, the configuration says the address. The same goes
    /// for a port on which this host listens. What came by a request reaches neither.
    pub fn check_address(&self, host: &str, address: IpAddr) -> Result<(), Refusal> {
        let address = unmapped(address);
        let named = host
            .parse::<IpAddr>()
            .is_ok_and(|literal| unmapped(literal) == address)
            || (normal(host) == "localhost" && address.is_loopback());
        if named && self.named_by == NamedBy::Operator {
            return Ok(());
        }
        if is_special(address) {
            return Err(Refusal::Special {
                host: host.to_owned(),
                address,
            });
        }
        let asked = normal(host);
        let mut ports = self.hosts().filter(|(granted, _)| *granted == asked);
        match ports.find(|(_, port)| self.listeners.are_at(address, *port)) {
            Some((_, port)) => Err(Refusal::Listener {
                host: host.to_owned(),
                port,
            }),
            None => Ok(()),
        }
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
    fn what_came_by_a_request_reaches_no_special_address_whatever_it_says() {
        let asked = |host: &str| {
            let grants = Grants::new("10.0.0.1", 554, &[(host.to_owned(), 80)]);
            grants.of(NamedBy::Request, Listeners::default())
        };
        for literal in [
            "127.0.0.1",
            "127.8.8.8",
            "::1",
            "::ffff:127.0.0.1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
            "0.0.0.0",
            "0.1.2.3",
            "169.254.169.254",
            "fe80::1",
            "100.100.100.200",
            "fd00:ec2::254",
        ] {
            let g = asked(literal);
            let address = literal.parse().unwrap();
            assert!(g.check_address(literal, address).is_err(), "{literal}");
            assert!(g.check_names().is_err(), "{literal}");
        }
        for name in ["localhost", "LOCALHOST.", "a.localhost"] {
            assert!(asked(name).check_names().is_err(), "{name}");
        }
        let loopback = "127.0.0.1".parse().unwrap();
        assert!(
            asked("localhost")
                .check_address("localhost", loopback)
                .is_err()
        );
        for good in ["10.0.0.7", "cam.club", "fd12::7", "192.168.1.4"] {
            assert_eq!(asked(good).check_names(), Ok(()), "{good}");
        }
    }

    #[test]
    fn nobody_is_led_to_the_hosts_own_listeners() {
        let listeners = Listeners::new(vec!["10.0.0.5:5000".parse().unwrap()]);
        let own: IpAddr = "10.0.0.5".parse().unwrap();
        let at = |host: &str, port: u16, named_by: NamedBy| {
            Grants::new(host, port, &[]).of(named_by, listeners.clone())
        };
        let refused = |host: &str, port: u16, named_by: NamedBy| {
            at(host, port, named_by).check_address(host, own).is_err()
        };
        assert!(refused("10.0.0.5", 5000, NamedBy::Request));
        assert!(!refused("10.0.0.5", 5001, NamedBy::Request));
        assert!(refused("cam.club", 5000, NamedBy::Request));
        assert!(refused("cam.club", 5000, NamedBy::Operator));
        assert!(!refused("10.0.0.5", 5000, NamedBy::Operator));
        assert!(
            at("10.0.0.5", 5000, NamedBy::Request)
                .check_names()
                .is_err()
        );
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
