//! Where a request comes from, when there are proxies before the host.

use std::net::{IpAddr, SocketAddr};

use crate::config::Network;

/// The client's address: `peer`, or, where that is a proxy that is believed, what it and the
/// proxies before it say in `X-Forwarded-For`.
///
/// Read from right to left, since each proxy adds at the end and only what a believed one added
/// is worth anything. The first address that is not a believed proxy is the client. What is no
/// address ends the search at the last one that was.
pub fn client_address<'a>(
    peer: IpAddr,
    forwarded_for: impl DoubleEndedIterator<Item = &'a str>,
    trusted: &[Network],
) -> IpAddr {
    let mut client = peer.to_canonical();
    let hops = forwarded_for.rev().flat_map(|line| line.rsplit(','));
    for hop in hops {
        if !trusted.iter().any(|network| network.contains(client)) {
            break;
        }
        let Some(address) = hop_address(hop) else {
            break;
        };
        client = address;
    }
    client
}

/// `192.0.2.1`, `192.0.2.1:4711`, `2001:db8::1`, `[2001:db8::1]`, `[2001:db8::1]:4711`.
fn hop_address(hop: &str) -> Option<IpAddr> {
    let hop = hop.trim();
    let bare = hop.strip_prefix('[').and_then(|hop| hop.strip_suffix(']'));
    let address = bare.unwrap_or(hop).parse::<IpAddr>().ok();
    let address = address.or_else(|| Some(hop.parse::<SocketAddr>().ok()?.ip()));
    address.map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_the_client() {
        let trusted: Vec<Network> = ["10.0.0.0/8", "fd00::/8"]
            .map(|network| network.parse().unwrap())
            .into();
        let rows: &[(&str, &[&str], &str)] = &[
            // Nobody is believed who is not named.
            ("203.0.113.9", &["198.51.100.1"], "203.0.113.9"),
            ("::ffff:203.0.113.9", &[], "203.0.113.9"),
            // One proxy, with and without what it says.
            ("10.0.0.1", &[], "10.0.0.1"),
            ("10.0.0.1", &["198.51.100.1"], "198.51.100.1"),
            ("::ffff:10.0.0.1", &["::ffff:198.51.100.1"], "198.51.100.1"),
            ("fd00::1", &["2001:db8::7"], "2001:db8::7"),
            // What the client made up stands further left.
            ("10.0.0.1", &["1.1.1.1, 198.51.100.1"], "198.51.100.1"),
            ("10.0.0.1", &["10.9.9.9, 198.51.100.1"], "198.51.100.1"),
            // More proxies, in one header or in several.
            (
                "10.0.0.1",
                &["198.51.100.1,10.0.0.3, 10.0.0.2"],
                "198.51.100.1",
            ),
            (
                "10.0.0.1",
                &["1.1.1.1, 198.51.100.1", "10.0.0.2"],
                "198.51.100.1",
            ),
            // Only proxies: the first of them.
            ("10.0.0.1", &["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
            // Ports and brackets.
            ("10.0.0.1", &["198.51.100.1:4711"], "198.51.100.1"),
            ("10.0.0.1", &["[2001:db8::7]:4711"], "2001:db8::7"),
            ("10.0.0.1", &[" [2001:db8::7] "], "2001:db8::7"),
            // Nonsense ends the search.
            ("10.0.0.1", &["unknown"], "10.0.0.1"),
            ("10.0.0.1", &["1.1.1.1, unknown, 10.0.0.2"], "10.0.0.2"),
            ("10.0.0.1", &[""], "10.0.0.1"),
            ("10.0.0.1", &["1.1.1.1,"], "10.0.0.1"),
            ("10.0.0.1", &["[]", "[[::1]]:1"], "10.0.0.1"),
            ("10.0.0.1", &["198.51.100.1:99999"], "10.0.0.1"),
        ];
        for (peer, lines, client) in rows {
            let peer = peer.parse().unwrap();
            let found = client_address(peer, lines.iter().copied(), &trusted);
            assert_eq!(found.to_string(), *client, "{peer} {lines:?}");
        }
        let peer = "10.0.0.1".parse().unwrap();
        assert_eq!(client_address(peer, ["1.1.1.1"].into_iter(), &[]), peer);
        let long = "10.0.0.2,".repeat(10_000) + "10.0.0.3";
        let found = client_address(peer, [long.as_str()].into_iter(), &trusted);
        assert_eq!(found.to_string(), "10.0.0.2");
    }
}
