//! Where this host itself listens.

use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::sync::Arc;

/// The addresses of the host's own listeners. Default: none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listeners(Arc<[SocketAddr]>);

impl Listeners {
    /// As they are bound; an unspecified address stands for all of this machine.
    pub fn new(addresses: Vec<SocketAddr>) -> Self {
        Self(addresses.into())
    }

    /// Whether one of them is reached at this address and port.
    pub fn are_at(&self, address: IpAddr, port: u16) -> bool {
        let address = address.to_canonical();
        let mut same_port = self.0.iter().filter(|own| own.port() == port);
        same_port.any(|own| {
            let own = own.ip().to_canonical();
            own == address || (own.is_unspecified() && is_of_this_machine(address))
        })
    }
}

/// Only an address of the machine's own can be bound to. Asked each time: addresses change.
fn is_of_this_machine(address: IpAddr) -> bool {
    UdpSocket::bind((address, 0)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_or_all_of_the_machine() {
        let own: IpAddr = "127.0.0.1".parse().unwrap();
        let elsewhere: IpAddr = "192.0.2.1".parse().unwrap();
        let one = Listeners::new(vec!["127.0.0.1:5000".parse().unwrap()]);
        assert!(one.are_at(own, 5000));
        assert!(one.are_at("::ffff:127.0.0.1".parse().unwrap(), 5000));
        assert!(!one.are_at(own, 5001) && !one.are_at(elsewhere, 5000));
        for all in ["0.0.0.0:5000", "[::]:5000"] {
            let all = Listeners::new(vec![all.parse().unwrap()]);
            assert!(all.are_at(own, 5000), "{all:?}");
            assert!(!all.are_at(elsewhere, 5000), "{all:?}");
        }
        assert!(!Listeners::default().are_at(own, 5000));
    }
}
